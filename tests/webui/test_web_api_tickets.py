"""The web service for tickets: with a token, for its own account, as documented in docs/api.md."""

from __future__ import annotations

import io

import pytest

from engine.clock import wall_ms
from engine.services.tickets import tickets
from engine.store.tables.core import Account, User
from engine.store.tables.customers import AccessToken
from engine.store.tables.support import Attachment, Ticket
from engine.store.threads import read, write
from tests.webui.conftest import logged_in
from tests.webui.programs import Program, token_of

ASK = {"department": "support", "subject": "no sound", "text": "it is silent"}


@pytest.fixture
def owner_program(app, cast) -> Program:
    return Program(app, token_of("owner"))


def test_open_look_reply_attach_close(app, owner_program: Program) -> None:
    made = owner_program.post("/tickets", ASK)
    assert made.status_code == 201
    ticket = made.get_json()
    assert (ticket["state"], ticket["via"], ticket["clocks"][0]["kind"]) == ("open", "api", "answer")
    assert ticket["clocks"][0]["due_at"].endswith("Z")
    path = f"/tickets/{ticket['id']}"

    files = {"text": "here is the log", "files": (io.BytesIO(b"a line\n"), "log.txt")}
    replied = owner_program.post(f"{path}/messages", data=files).get_json()
    (file,) = replied["messages"][1]["files"]
    assert (file["name"], file["media_type"], file["size"]) == ("log.txt", "text/plain", 7)
    got = owner_program.client.get(file["href"], headers=owner_program.headers)
    assert got.data == b"a line\n"
    assert "attachment" in got.headers["Content-Disposition"]

    staff = read(lambda: User.get(User.username == "operator"))
    write(lambda: tickets.reply(staff, ticket["id"], "among us", wall_ms(), internal=True))
    write(lambda: tickets.reply(staff, ticket["id"], "try again", wall_ms()))
    seen = owner_program.get(path).get_json()
    assert [each["side"] for each in seen["messages"]] == ["customer", "customer", "staff"]
    assert seen["state"] == "answered"
    assert seen["messages"][2]["author"] == ""

    closed = owner_program.post(f"{path}/close", {"text": "thank you"}).get_json()
    assert closed["state"] == "closed"
    assert closed["closed_at"]
    assert owner_program.post(f"{path}/close").status_code == 409
    listed = owner_program.get("/tickets?state=closed").get_json()
    assert [each["id"] for each in listed["tickets"]] == [ticket["id"]]
    assert listed["next_before"] is None


def test_the_same_key_opens_one(owner_program: Program) -> None:
    first, second = (owner_program.post("/tickets", {**ASK, "key": "order-7"}).get_json() for _ in range(2))
    assert first["id"] == second["id"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"department": "support", "text": "x"}, "«subject» is missing."),
        ({**ASK, "department": "cooking"}, "The department 'cooking' is none of"),
        ({**ASK, "colour": "red"}, "«colour» is none of department, key, subject, text."),
        ({**ASK, "text": 7}, "«text» must be a text."),
        ({**ASK, "key": "k" * 61}, "«key» has at most 60 characters."),
        ([1], "The body is no JSON object, and no form."),
    ],
)
def test_bad_input_is_one_sentence(owner_program: Program, body, sentence: str) -> None:
    answer = owner_program.post("/tickets", body)
    assert answer.status_code == 400
    assert answer.get_json()["error"].startswith(sentence)
    assert not read(lambda: Ticket.select().exists())


def test_a_refused_file_leaves_nothing(owner_program: Program, settings) -> None:
    files = {**ASK, "files": (io.BytesIO(b"MZ\x90\x00"), "run.exe")}
    answer = owner_program.post("/tickets", data=files)
    assert answer.status_code == 400
    assert "run.exe" in answer.get_json()["error"]
    assert not read(lambda: Ticket.select().exists() or Attachment.select().exists())
    assert [file for file in (settings.data_dir / "attachments").rglob("*") if file.is_file()] == []


def test_who_may(app, cast, owner_program: Program) -> None:
    ticket_id = owner_program.post("/tickets", ASK).get_json()["id"]
    path = f"/tickets/{ticket_id}"
    colleague, outsider = Program(app, token_of("colleague")), Program(app, token_of("outsider"))
    assert colleague.get(path).status_code == 200
    for answer in (
        outsider.get(path),
        outsider.post(f"{path}/messages", {"text": "mine"}),
        outsider.post(f"{path}/close"),
        outsider.get(f"{path}/files/1"),
    ):
        assert answer.status_code == 404
        assert answer.get_json()["type"] == "urn:avanak:problem:not-found"
    assert outsider.get("/tickets").get_json()["tickets"] == []
    for headers in ({}, {"Authorization": "Bearer avk_wrong"}, {"Authorization": "Basic b3duZXI6eA=="}):
        answer = app.test_client().get(f"/api/v1{path}", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    # A browser that is logged in shows no token.
    assert logged_in(app, "owner").get(f"/api/v1{path}").status_code == 401


def test_a_token_ends_with_its_grant_its_person_and_its_revocation(app, cast, owner_program: Program) -> None:
    assert owner_program.get("/tickets").status_code == 200
    write(lambda: Account.update(permissions="").where(Account.id == cast.sahar).execute())
    refused = owner_program.get("/tickets")
    assert refused.status_code == 403
    assert "web service" in refused.get_json()["error"]
    write(lambda: Account.update(permissions="web_service").where(Account.id == cast.sahar).execute())
    write(lambda: User.update(is_active=False).where(User.username == "owner").execute())
    assert owner_program.get("/tickets").status_code == 401
    write(lambda: User.update(is_active=True).where(User.username == "owner").execute())
    token_id = read(lambda: AccessToken.get().id)
    logged_in(app, "owner").post(f"/tokens/{token_id}/revoke", page="/tokens")
    assert owner_program.get("/tickets").status_code == 401


def test_a_token_is_shown_once_and_kept_as_a_hash(app, cast) -> None:
    browser = logged_in(app, "owner")
    refused = browser.post("/tokens", {"name": "shop", "scopes": ["tickets:read"]}, page="/tickets/new")
    assert refused.status_code == 400
    assert "may not use the web service" in refused.text
    write(lambda: Account.update(permissions="web_service").where(Account.id == cast.sahar).execute())
    page = browser.post("/tokens", {"name": "shop", "scopes": ["tickets:read"]}, page="/tokens").text
    secret = page.split('id="secret">')[1].split("<")[0]
    assert secret.startswith("avk_")
    assert len(secret) > 40
    assert secret not in browser.get("/tokens").text
    assert secret[:10] in browser.get("/tokens").text
    row = read(AccessToken.get)
    assert secret not in str(row.__data__)
    assert row.last_used_at is None
    assert Program(app, secret).get("/tickets").status_code == 200
    assert read(AccessToken.get).last_used_at is not None


def test_unknown_paths_are_said_in_json(owner_program: Program) -> None:
    answer = owner_program.get("/nothing")
    assert answer.status_code == 404
    assert answer.is_json
