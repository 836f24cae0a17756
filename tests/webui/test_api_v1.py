"""/api/v1: what each operation does, once for a key, page by page, with problems in both languages."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from engine.clock import wall_ms
from engine.services.accounts.token_scopes import Scope
from engine.services.messages import prompts
from engine.store.tables.core import Account, Campaign, Message, Recipient
from engine.store.tables.programs import KeptAnswer, OneTimeCode
from engine.store.threads import read, write
from tests.webui.programs import Program, token_of

SAMPLE = Path(__file__).resolve().parents[2] / "scripts/sample/message.wav"
ANY_HOUR = "web_service own_voice any_hour"


@pytest.fixture
def shop(app, cast) -> Program:
    return Program(app, token_of("owner", permissions=ANY_HOUR))


@pytest.fixture
def outsider(app, cast) -> Program:
    return Program(app, token_of("outsider", permissions=ANY_HOUR))


@pytest.fixture
def message(cast) -> int:
    return write(lambda: prompts.add(cast.sahar, "Sale", "sale", 5_000, wall_ms()))


def test_the_account_its_credit_and_the_price(shop: Program, message: int) -> None:
    account = shop.get("/account").json
    assert (account["name"], account["may_send"], account["available"]) == ("Sahar", True, 1_000_000)
    price = shop.post("/estimates", {"message_id": message, "mobiles": 10, "landlines": 2}).json
    assert price["total"] == 10 * price["mobile_call"] + 2 * price["landline_call"] > 0
    assert price["is_enough"] is True
    ledger = shop.get("/ledger?limit=1&fields=kind,balance").json
    assert ledger["data"] == [{"kind": "topup", "balance": 1_000_000}]


def test_a_sound_is_uploaded_once_for_a_key(shop: Program) -> None:
    def upload(title: str = "Sale"):
        form = {"title": title, "audio": (io.BytesIO(SAMPLE.read_bytes()), "sale.wav"), "trim": "true"}
        return shop.post("/messages", data=form, headers={"Idempotency-Key": "m 1"})

    first, again, other = upload(), upload(), upload("Other")
    assert (first.status_code, first.json["state"], first.json["title"]) == (201, "approved", "Sale")
    assert again.json == first.json
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (other.status_code, other.json["type"]) == (409, "urn:avanak:problem:idempotency-key-used")
    message_id = first.json["id"]
    sound = shop.get(f"/messages/{message_id}/audio")
    assert (sound.mimetype, sound.data[:4]) == ("audio/wav", b"RIFF")
    assert shop.patch(f"/messages/{message_id}", {"title": "Winter"}).json["title"] == "Winter"
    assert shop.delete(f"/messages/{message_id}").status_code == 204
    assert shop.get(f"/messages/{message_id}").status_code == 404


def test_a_campaign_from_nothing_to_its_end(shop: Program, message: int) -> None:
    made = shop.post(
        "/campaigns", {"name": "Spring", "message_id": message, "max_tries": 3, "windows": "09:00-12:00"}
    )
    assert (made.status_code, made.json["state"], made.json["max_tries"]) == (201, "draft", 3)
    path = f"/campaigns/{made.json['id']}"
    added = shop.post(
        f"{path}/recipients",
        {
            "recipients": [
                {"number": "۰۹۱۲۱۲۳۴۵۶۷", "reference": "order 7", "variables": {"name": "Sara"}},
                {"number": "02188881234"},
                {"number": "+989121234567"},
                {"number": "hello"},
            ]
        },
    ).json
    assert (added["added"], added["refused"]) == (2, 2)
    assert [each["reason"] for each in added["recipients"]] == [None, None, "duplicate", "not_a_number"]
    assert added["recipients"][3]["detail_fa"] != added["recipients"][3]["detail"]
    (found,) = shop.get(f"{path}/recipients?reference=order 7").json["data"]
    assert (found["number"], found["state"], found["variables"]) == (
        "+989121234567",
        "pending",
        {"name": "Sara"},
    )

    assert shop.patch(path, {"max_tries": 2, "name": "Nowruz"}).json["name"] == "Nowruz"
    assert shop.post(f"{path}/start").json["state"] == "running"
    assert shop.post(f"{path}/pause", {"reason": "wait"}).json["state"] == "paused"
    assert shop.post(f"{path}/resume").json["state"] == "running"
    events = shop.get(f"{path}/events?seconds=0")
    assert events.mimetype == "text/event-stream"
    assert json.loads(events.text.split("data: ")[1].split("\n")[0])["counts"]["total"] == 2
    assert shop.post(f"{path}/stop").json["state"] == "stopped"
    assert "event: end" in shop.get(f"{path}/events").text
    refused = shop.post(f"{path}/start")
    assert (refused.status_code, refused.json["type"]) == (409, "urn:avanak:problem:conflict")

    body = {"only": ["not-delivered"], "name": "Again"}
    clones = [shop.post(f"{path}/clone", body, headers={"Idempotency-Key": "c"}) for _ in range(2)]
    assert [each.status_code for each in clones] == [201, 201]
    assert clones[0].json["id"] == clones[1].json["id"] != made.json["id"]
    assert clones[0].json["counts"]["total"] == 2
    listed = shop.get("/campaigns?limit=1").json
    assert listed["data"][0]["name"] == "Again"
    assert shop.get(f"/campaigns?limit=1&cursor={listed['next_cursor']}").json["data"][0]["name"] == "Nowruz"


def lines_of(answer) -> list[dict]:
    return [json.loads(line) for line in answer.text.splitlines()]


def test_recipients_in_bulk_are_answered_line_by_line(shop: Program, cast) -> None:
    path = f"/campaigns/{cast.campaign}/recipients/bulk"
    text = "\n".join(
        [
            *(json.dumps({"number": f"0912{n:07d}", "reference": f"r{n}"}) for n in range(1_500)),
            "{nothing", '{"number": "09123334444", "colour": 1}', '{"number": "12"}',
        ]
    )  # fmt: skip
    headers = {"Idempotency-Key": "list", "Content-Type": "application/x-ndjson"}
    first, again = (lines_of(shop.post(path, data=text, headers=headers)) for _ in range(2))
    assert first == again
    longer = shop.post(path, data=text + '\n{"number": "09123334445"}', headers=headers)
    assert (longer.status_code, longer.json["type"]) == (409, "urn:avanak:problem:idempotency-key-used")
    elsewhere = shop.post("/campaigns", {"name": "Spring"}).json["id"]
    other = shop.post(f"/campaigns/{elsewhere}/recipients/bulk", data=text, headers=headers)
    assert (other.status_code, other.json["type"]) == (409, "urn:avanak:problem:idempotency-key-used")
    # Two were in the campaign already.
    assert first[-1] == {"lines": 1503, "added": 1498, "refused": 5}
    assert [each["reason"] for each in first[-4:-1]] == ["bad_input", "bad_input", "too_short"]
    assert first[0]["line"] == 1
    assert first[1]["reason"] == "duplicate"
    assert read(lambda: Recipient.select().where(Recipient.campaign_id == cast.campaign).count()) == 1500
    spread = lines_of(
        shop.post(
            path,
            data="number,reference,name\n09351112222,r,سارا\n,x,y\n".encode(),
            headers={"Content-Type": "text/csv"},
        )
    )
    assert [each.get("reason") for each in spread[:-1]] == [None, "empty"]
    for body, kind in ((b"[1]", "application/json"), (b"a,b\n1,2\n", "text/csv"), (b"\xff\xfe", "text/csv")):
        assert shop.post(path, data=body, headers={"Content-Type": kind}).status_code == 400


def test_quick_sends_alone_and_in_bulk(shop: Program, message: int, cast) -> None:
    body = {"number": "09121234567", "message_id": message, "reference": "alarm 1", "vote_keys": "12"}
    first, again = (shop.post("/quick-sends", body, headers={"Idempotency-Key": "q1"}) for _ in range(2))
    assert first.status_code == 201, first.text
    assert (first.json["state"], first.json["reference"]) == ("pending", "alarm 1")
    assert again.json == first.json
    assert shop.get("/quick-sends?reference=alarm 1").json["data"] == [first.json]
    assert shop.post(f"/quick-sends/{first.json['id']}/cancel").json["state"] == "cancelled"

    text = "\n".join(json.dumps({"number": f"0912{n:07d}", "reference": f"r{n}"}) for n in range(200))
    found = lines_of(
        shop.post(
            f"/quick-sends/bulk?message_id={message}",
            data=text,
            headers={"Content-Type": "application/x-ndjson"},
        )
    )
    assert found[-1] == {"lines": 200, "added": 200, "refused": 0}
    one = shop.get(f"/quick-sends/{found[7]['id']}").json
    assert (one["number"], one["reference"]) == ("+989120000007", "r7")
    account = shop.get("/account").json
    assert account["reserved"] > 0
    assert account["balance"] + account["reserved"] == 1_000_000

    for wrong, word in (
        ({"number": "hello", "message_id": message}, "bad-input"),
        ({"number": "09121234567", "message_id": 10**6}, "not-found"),
        ({"number": "09121234567"}, "bad-input"),
    ):
        assert shop.post("/quick-sends", wrong).json["type"].endswith(word)


def test_a_code_is_checked_here(shop: Program) -> None:
    asked = {"number": "09121234567", "code": "4711", "valid_s": 60}
    made = shop.post("/one-time-codes", asked, headers={"Idempotency-Key": "o"})
    assert made.status_code == 201, made.text
    assert "4711" not in made.text
    assert shop.post("/one-time-codes", asked, headers={"Idempotency-Key": "o"}).json["id"] == made.json["id"]
    path = f"/one-time-codes/{made.json['id']}"
    assert shop.post(f"{path}/check", {"code": "0000"}).json == {"is_right": False, "tries_left": 4}
    assert shop.post(f"{path}/check", {"code": "4711"}).json["is_right"] is True
    assert shop.post(f"{path}/check", {"code": "4711"}).json["is_right"] is False
    assert shop.get(path).json["is_used"] is True
    assert "4711" not in str(read(lambda: OneTimeCode.get().__data__))


def test_contact_lists_become_campaigns(shop: Program, message: int) -> None:
    made = shop.post("/contact-lists", {"name": "Parents"}).json
    path = f"/contact-lists/{made['id']}"
    rows = [{"number": "09121234567", "reference": "a", "variables": {"name": "Sara"}}, {"number": "0912"}]
    assert shop.post(f"{path}/contacts", {"recipients": rows}).json["added"] == 1
    bulk = shop.post(
        f"{path}/contacts/bulk", data="number\n09121234568\n", headers={"Content-Type": "text/csv"}
    )
    assert lines_of(bulk)[-1]["added"] == 1
    assert shop.get(path).json["contacts"] == 2
    campaign = shop.post("/campaigns", {"name": "To parents", "message_id": message}).json
    added = shop.post(f"/campaigns/{campaign['id']}/recipients/contact-list", {"contact_list_id": made["id"]})
    assert added.json["added"] == 2
    contact = shop.get(f"{path}/contacts").json["data"][0]
    assert contact["variables"] == {"name": "Sara"}
    assert shop.delete(f"{path}/contacts/{contact['id']}").status_code == 204
    assert shop.patch(path, {"name": "Mothers"}).json["name"] == "Mothers"
    assert shop.delete(path).status_code == 204
    assert shop.get("/contact-lists").json["data"] == []


def test_the_do_not_call_list(shop: Program) -> None:
    added = shop.post("/do-not-call", {"numbers": ["09121234567", "09121234567", "x"]}).json
    assert (added["added"], added["known"], len(added["refused"])) == (1, 1, 1)
    assert shop.get("/do-not-call").json["data"][0]["number"] == "+989121234567"
    assert shop.delete("/do-not-call/09121234567").status_code == 204
    assert shop.delete("/do-not-call/09121234567").status_code == 404


def test_problems_name_the_field_in_both_languages(shop: Program) -> None:
    refused = shop.post("/campaigns", {"name": "", "max_tries": 99, "colour": "red"})
    assert (refused.status_code, refused.mimetype) == (400, "application/problem+json")
    assert refused.json["type"] == "urn:avanak:problem:bad-input"
    assert {each["field"] for each in refused.json["errors"]} == {"name", "max_tries", "colour"}
    for each in refused.json["errors"]:
        assert each["detail"].isascii()
        assert any("\u0600" <= char <= "\u06ff" for char in each["detail_fa"])
    missing = shop.get("/campaigns/1000000").json
    assert (missing["status"], missing["type"]) == (404, "urn:avanak:problem:not-found")
    assert "کارزار" in missing["detail_fa"]
    assert shop.get("/nothing").json["type"] == "urn:avanak:problem:not-found"
    assert shop.ask("PUT", "/campaigns").status_code == 405
    assert shop.get("/ledger?cursor=x").status_code == 400
    unknown = shop.get("/ledger?kind=toll")
    assert unknown.status_code == 400
    assert "topup, " in unknown.text
    assert shop.get("/ledger?kind=charge").status_code == 200
    assert shop.get("/campaigns?fields=id,colour").status_code == 400


def test_an_etag_spares_the_answer(shop: Program, cast) -> None:
    first = shop.get(f"/campaigns/{cast.campaign}")
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = shop.get(f"/campaigns/{cast.campaign}", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    write(lambda: Campaign.update(name="Other").where(Campaign.id == cast.campaign).execute())
    changed = shop.get(f"/campaigns/{cast.campaign}", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.json["name"] == "Other"


def test_limits_are_told(shop: Program) -> None:
    left = [int(shop.get("/account").headers["RateLimit-Remaining"]) for _ in range(2)]
    assert all(17_900 <= each <= 18_000 for each in left)
    assert shop.get("/account").headers["RateLimit-Limit"] == "18000"


def test_a_key_is_kept_for_a_day(shop: Program) -> None:
    body = {"name": "Parents"}
    first = shop.post("/contact-lists", body, headers={"Idempotency-Key": "k"}).json
    write(lambda: KeptAnswer.update(created_at=wall_ms() - 25 * 3_600_000).execute())
    assert shop.post("/contact-lists", body, headers={"Idempotency-Key": "k"}).json["id"] != first["id"]
    assert shop.post("/contact-lists", body, headers={"Idempotency-Key": "k" * 101}).status_code == 400


def test_a_message_that_waits_is_not_sent(app, cast) -> None:
    shop = Program(app, token_of("owner", permissions="web_service any_hour"))
    message = write(lambda: Message.create(
        account=cast.sahar, title="New", prompt="new", duration_ms=5_000, created_at=1, state="waiting",
    ).id)  # fmt: skip
    refused = shop.post("/quick-sends", {"number": "09121234567", "message_id": message})
    assert (refused.status_code, refused.json["type"]) == (409, "urn:avanak:problem:message-not-approved")
    spoken = shop.post("/quick-sends", {"number": "09121234567", "text": "سلام"})
    assert spoken.status_code == 403
    write(
        lambda: Account.update(state="suspended", state_reason="x").where(Account.id == cast.sahar).execute()
    )
    suspended = shop.post("/one-time-codes", {"number": "09121234567"})
    assert (suspended.status_code, suspended.json["type"]) == (403, "urn:avanak:problem:account-suspended")


def test_what_is_anothers_is_not_there(outsider: Program, shop: Program, cast, message: int) -> None:
    for path in (
        f"/campaigns/{cast.campaign}",
        f"/messages/{message}",
        f"/campaigns/{cast.campaign}/recipients",
    ):
        assert outsider.get(path).status_code == 404
        assert shop.get(path).status_code == 200


def test_a_scope_opens_its_own_alone(app, cast) -> None:
    reader = Program(app, token_of("owner", (Scope.CAMPAIGNS_READ,)))
    assert reader.get("/campaigns").status_code == 200
    refused = reader.post("/campaigns", {"name": "x"})
    assert (refused.status_code, refused.json["type"]) == (403, "urn:avanak:problem:token-scope")
    assert reader.get("/ledger").status_code == 403
