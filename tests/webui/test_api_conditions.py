"""/api/v1 at its edges: changes on a condition, fields, bodies of odd forms, tickets and lists once for a key."""

from __future__ import annotations

import gzip
import io
import json

import pytest

from engine.clock import wall_ms
from engine.services.messages import prompts
from engine.services.money import pricing
from engine.store.tables.core import Recipient
from engine.store.tables.support import Ticket, TicketMessage
from engine.store.threads import read, write
from tests.webui.programs import Program, token_of


@pytest.fixture
def shop(app, cast) -> Program:
    return Program(app, token_of("owner", permissions="web_service own_voice any_hour"))


@pytest.fixture
def message(cast) -> int:
    return write(lambda: prompts.add(cast.sahar, "Sale", "sale", 5_000, wall_ms()))


def test_a_change_on_the_condition_that_nothing_changed(shop: Program, message: int) -> None:
    path = f"/messages/{message}"
    seen = shop.get(path)
    tag = seen.headers["ETag"]
    assert shop.get(path, headers={"If-None-Match": tag}).status_code == 304
    changed = shop.ask("PATCH", path, json={"title": "Sale 2"}, headers={"If-Match": tag})
    assert (changed.status_code, changed.json["title"]) == (200, "Sale 2")
    late = shop.ask("PATCH", path, json={"title": "Sale 3"}, headers={"If-Match": tag})
    assert (late.status_code, late.json["type"]) == (412, "urn:avanak:problem:changed-meanwhile")
    assert late.json["detail_fa"] != late.json["detail"]
    assert shop.ask("DELETE", path, headers={"If-Match": tag}).status_code == 412
    newest = changed.headers["ETag"]
    assert shop.get(path, headers={"If-None-Match": newest}).status_code == 304
    assert shop.ask("DELETE", path, headers={"If-Match": newest}).status_code == 204
    assert shop.ask("DELETE", path, headers={"If-Match": "*"}).status_code == 404


@pytest.mark.parametrize("path", ["/contact-lists?fields=nope", "/account?fields=id,nope"])
def test_a_field_that_there_is_not(shop: Program, path: str) -> None:
    assert (shop.get(path).status_code, shop.get(path.replace("nope", "name")).status_code) == (400, 200)


def test_a_body_with_a_mark_before_it_and_a_compressed_one(shop: Program, message: int) -> None:
    body = b'{"name": "Spring", "message_id": %d}' % message
    sent = shop.post("/campaigns", data=b"\xef\xbb\xbf" + body, content_type="application/json")
    assert sent.status_code == 201
    packed = shop.post(
        "/campaigns", data=gzip.compress(body), content_type="application/json", headers={"Content-Encoding": "gzip"}
    )  # fmt: skip
    assert (packed.status_code, packed.json["type"]) == (415, "urn:avanak:problem:unsupported-media-type")


def test_refusals_of_lines_are_in_both_languages(shop: Program, message: int) -> None:
    path = f"/campaigns/{shop.post('/campaigns', {'name': 'Spring', 'message_id': message}).json['id']}/recipients/bulk"
    lines = shop.post(path, data=b"{bad\n", content_type="application/x-ndjson").text.splitlines()
    told = json.loads(lines[0])
    assert (told["detail"], "JSON" in told["detail_fa"]) == ("This line is no JSON object.", True)
    assert told["detail_fa"] != told["detail"]
    empty = shop.post(path, data=b"", content_type="text/csv").json
    assert (empty["detail"], empty["detail_fa"]) == ("CSV is empty.", "«CSV» خالی است.")


def test_the_same_body_in_another_spelling_is_the_same(shop: Program, message: int) -> None:
    ask = {"Idempotency-Key": "spring"}
    first = shop.post("/campaigns", {"name": "Spring", "message_id": message}, headers=ask)
    body = b'{"message_id":  %d,\n "name": "\\u0053pring"}' % message
    again = shop.post("/campaigns", data=body, content_type="application/json", headers=ask)
    assert (first.status_code, again.status_code, again.json) == (201, 201, first.json)


def test_true_is_no_number(shop: Program, message: int) -> None:
    refused = shop.post("/campaigns", {"name": "Spring", "message_id": True})
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (400, "message_id")
    assert shop.post("/estimates", {"message_id": message, "mobiles": True}).status_code == 400


def test_a_ticket_and_a_reply_once_for_a_key(shop: Program) -> None:
    def send(path: str, key: str, **fields: object):
        form = {**fields, "files": (io.BytesIO(b"a log"), "log.txt")}
        return shop.post(path, data=form, headers={"Idempotency-Key": key})

    words = {"department": "support", "subject": "no sound", "text": "since nine"}
    first, again = send("/tickets", "t" * 100, **words), send("/tickets", "t" * 100, **words)
    assert (first.status_code, again.status_code) == (201, 201)
    assert (first.json["id"], "Idempotent-Replayed" in again.headers) == (again.json["id"], True)
    other = send("/tickets", "t" * 100, **{**words, "text": "since ten"})
    assert (other.status_code, read(Ticket.select().count)) == (409, 1)
    path = f"/tickets/{first.json['id']}/messages"
    assert [send(path, "r", text="still").status_code for _ in range(2)] == [201, 201]
    texts = read(lambda: [row.text for row in TicketMessage.select().order_by(TicketMessage.id)])
    assert texts.count("still") == 1


def test_a_contact_list_once_for_a_key(shop: Program, message: int) -> None:
    made = shop.post("/contact-lists", {"name": "Friends"}).json["id"]
    numbers = [{"number": f"0912111000{n}"} for n in range(3)]
    assert shop.post(f"/contact-lists/{made}/contacts", {"recipients": numbers}).status_code == 201
    campaign = shop.post("/campaigns", {"name": "Spring", "message_id": message}).json["id"]
    path = f"/campaigns/{campaign}/recipients/contact-list"

    def add(key: str):
        return shop.post(path, {"contact_list_id": made}, headers={"Idempotency-Key": key}).json

    assert [add("a")["added"], add("a")["added"], add("b")["added"]] == [3, 3, 0]
    assert read(lambda: Recipient.select().where(Recipient.campaign_id == campaign).count()) == 3


def test_the_price_with_texts(shop: Program, message: int) -> None:
    prices = {"landline": 300, "mobile": 450, "pulse_s": 6, "synthesis": 200, "text_part": 1_000}
    group = pricing.default_group_id
    write(lambda: pricing.set_price(group(), person_id=None, now=wall_ms() - 1_000, **prices))
    asked = {"message_id": message, "mobiles": 10, "landlines": 2}
    bare = shop.post("/estimates", asked).json
    priced = shop.post("/estimates", {**asked, "texts": ["سلام", "س" * 71]}).json
    assert (bare["text"], priced["text"]) == (0, 2_000)
    assert priced["total"] == bare["total"] + 10 * 2_000
    assert shop.post("/estimates", {**asked, "texts": [""]}).status_code == 400
