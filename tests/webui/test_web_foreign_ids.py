"""Another account's ids in queries and fields of forms of one's own: they find nothing, and nothing of theirs changes.

The walks (test_pages_walk, test_api_walk) ask with such ids in paths.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from tests.webui import rest_program
from tests.webui.conftest import Cast, csrf_of
from tests.webui.programs import Program, token_of
from tests.webui.world import MARK
from webui.api.operations import SCOPES
from webui.api.rest.table import METHODS

pytestmark = pytest.mark.usefixtures("unlimited")

# By these names pages and programs ask for a thing, in queries and in fields.
NAMES = {
    "account": "account_id", "account_id": "account_id", "campaign": "campaign_id", "campaign_id": "campaign_id",
    "clone": "campaign_id", "message": "message_id", "message_id": "message_id", "id": "message_id", "person": "person_id",
    "person_id": "person_id", "list": "list_id", "contact_list": "list_id", "contact_list_id": "contact_list_id",
    "ticket": "ticket_id", "ticket_id": "ticket_id", "report": "report_id", "agent": "person_id", "group": "account_id",
    "plan": "plan_id", "token": "token_id", "hook": "hook_id", "webhook_id": "webhook_id", "recipient_id": "quick_id",
    "gateway": "gateway_id", "address": "address_id", "incident": "incident_id", "claim": "claim_id",
}  # fmt: skip
PARTS = re.compile(r"<[^>]+>")
# What is everybody's or the asker's own, and changes by asking (a session's last look, a draft of one's own).
OWN_TABLES = {"web_session", "user", "pending", "login_wait", "idempotency_key", "access_token", "audit_log"}


def foreign(world: Any) -> dict[str, str]:
    return {name: str(world.ids[part]) for name, part in NAMES.items() if part in world.ids}


def rules(app: Flask, method: str, *, programs: bool) -> Iterator[str]:
    """The routes whose paths name nothing: what they are about is the asker's."""
    for rule in app.url_map.iter_rules():
        is_program = rule.endpoint.removeprefix("api.") in SCOPES and rule.endpoint.startswith("api.")
        is_other = rule.endpoint.startswith(("rest.", "static", "auth.", "api_docs."))
        if (
            method in (rule.methods or ())
            and is_program == programs
            and not is_other
            and not PARTS.search(rule.rule)
        ):
            yield rule.rule


def rows_of(settings: Any, account_id: int) -> dict[str, list[Any]]:
    """All rows of an account, by table."""
    found: dict[str, list[Any]] = {}
    with sqlite3.connect(settings.data_dir / "avanak.db") as store:
        for (table,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            columns = [column[1] for column in store.execute(f'PRAGMA table_info("{table}")')]
            for name in ("account_id", "account"):
                if name in columns and table not in OWN_TABLES:
                    found[table] = store.execute(
                        f'SELECT * FROM "{table}" WHERE "{name}" = ? ORDER BY 1', [account_id]
                    ).fetchall()
    store.close()
    return found


def test_queries_find_nothing_of_others(app: Flask, world: Any, enter: Any) -> None:
    browser, ids, wrong = enter("outsider"), foreign(world), []
    for path in rules(app, "GET", programs=False):
        for name, value in ids.items():
            answer = browser.client.get(path, query_string={name: value})
            if answer.status_code >= 500 or MARK.encode() in answer.data:
                wrong.append((path, name, answer.status_code))
    assert wrong == []


def test_fields_of_forms_reach_nothing_of_others(
    app: Flask, world: Any, enter: Any, settings: Any, cast: Cast
) -> None:
    browser, ids, wrong = enter("outsider"), foreign(world), []
    token, before = csrf_of(browser.get("/").text), rows_of(settings, cast.sahar)
    common = {
        "csrf_token": token, "text": "x y z", "title": "x", "name": "x", "reason": "because", "number": "09121110000",
        "subject": "x", "amount": "100000", "month": "2026-10", "key": "k", "numbers": "09121110000", "username": "new-one",
        "role": "member", "department": "support", "kind": "service", "url": "https://example.com/x", "next": "/",
    }  # fmt: skip
    for path in rules(app, "POST", programs=False):
        for more in ({}, {"action": "next"}):
            answer = browser.client.post(path, query_string=ids, data={**common, **ids, **more})
            if answer.status_code >= 500 or MARK.encode() in answer.data:
                wrong.append((path, answer.status_code))
            where = answer.headers.get("Location", "")
            if where.startswith("/") and MARK.encode() in browser.client.get(where).data:
                wrong.append((path, where))
    assert wrong == []
    assert rows_of(settings, cast.sahar) == before


def test_programs_reach_nothing_of_others(app: Flask, world: Any, settings: Any, cast: Cast) -> None:
    shop = Program(app, token_of("outsider", permissions="web_service own_voice any_hour"))
    own = shop.post("/campaigns", {"name": "own"}).json["id"]
    ids, before = world.ids, rows_of(settings, cast.sahar)
    message, contacts = {"message_id": ids["message_id"]}, {"contact_list_id": ids["contact_list_id"]}
    number = {"number": "09121110000"}
    asked = [
        ("POST", "/campaigns", {"name": "x", **message}),
        ("POST", "/estimates", {**message, "mobiles": 1}),
        ("POST", "/quick-sends", {**number, **message}),
        ("POST", f"/campaigns/{own}/recipients/contact-list", contacts),
    ]
    answers = [shop.ask(method, path, json=body) for method, path, body in asked]
    answers.append(shop.post(f"/quick-sends/bulk?message_id={ids['message_id']}", [number]))
    assert [each.status_code for each in answers] == [404] * len(answers)
    found = [
        shop.get(f"{path}?campaign_id={cast.campaign}") for path in ("/ledger", "/quick-sends", "/campaigns")
    ]
    assert not [each for each in [*answers, *found] if MARK.encode() in each.data]
    assert rows_of(settings, cast.sahar) == before


def test_the_older_web_service_reaches_nothing_of_others(
    app: Flask, world: Any, settings: Any, cast: Cast
) -> None:
    """Whatever parameter names a thing, by the id of one of theirs."""
    ids, before = world.ids, rows_of(settings, cast.sahar)
    shop = rest_program.Program(app, rest_program.token_of("outsider"))
    wrong, asked = [], 0
    for method in METHODS:
        for value in {ids["message_id"], ids["campaign_id"], ids["quick_id"], ids["code_id"]}:
            fields = {
                each.name: str(value) if each.name.lower().endswith("id") else "09121110000"
                for each in method.params
            }
            answer = shop.client.post(
                f"/Rest/{method.name}", data=fields, headers={"Authorization": shop.secret}
            )
            asked += any(name.lower().endswith("id") for name in fields)
            if answer.status_code >= 500 or MARK.encode() in answer.data:
                wrong.append((method.name, value, answer.status_code))
    assert asked > 20
    assert wrong == []
    assert rows_of(settings, cast.sahar) == before
