"""Every operation of /api/v1 as everybody: owner, colleague, outsider, nobody, staff, another scope."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.services.accounts import access_tokens
from engine.services.accounts.access_tokens import NewToken
from engine.services.accounts.token_scopes import Scope
from engine.store.tables.core import User
from engine.store.threads import read, write
from tests.webui.programs import Program, token_of
from tests.webui.test_pages_walk import kept
from tests.webui.world import MARK
from webui.api.operations import SCOPES

pytestmark = pytest.mark.usefixtures("unlimited")

# What answers somebody whose things these are not: a list of their own, which is empty, or what needs no thing.
OWN = {
    "get_account", "list_ledger", "estimate_price", "list_messages", "list_quick_sends", "list_campaigns",
    "list_contact_lists", "list_do_not_call", "get_availability", "list_statements", "tickets_list",
    "list_webhooks",
}  # fmt: skip
BODIES = {
    "change_campaign": {"name": "stolen"},
    "rename_message": {"title": "stolen"},
    "rename_contact_list": {"name": "stolen"},
    "pause_campaign": {"reason": "stolen"},
    "clone_campaign": {"only": ["all"]},
    "check_code": {"code": "1234"},
    "add_recipients": {"recipients": [{"number": "09121234567"}]},
    "add_contacts": {"recipients": [{"number": "09121234567"}]},
    "tickets_reply": {"text": "stolen"},
    "change_webhook": {"is_active": False},
    "replay_webhook": {"first_id": 1},
}


def operations(app, world) -> Iterator[tuple[str, str, str]]:
    """(name, method, path) of each."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("api.") and rule.endpoint.removeprefix("api.") in SCOPES:
            name = rule.endpoint.removeprefix("api.")
            path = world.path(rule.rule).removeprefix("/api/v1")
            assert "<" not in path, f"say in world.py what {rule.rule} is asked with"
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                yield name, method, path


def body_of(name: str, world) -> dict:
    if name == "add_contact_list":
        return {"contact_list_id": world.ids["contact_list_id"]}
    return BODIES.get(name, {})


def ask(program: Program, name: str, method: str, path: str, world):
    if name.endswith("in_bulk"):
        path += "?message_id=1" if name == "send_in_bulk" else ""
        return program.ask(method, path, data="number\n09121234567\n", headers={"Content-Type": "text/csv"})
    return program.ask(method, path, json=None if method == "GET" else body_of(name, world))


def test_every_operation_has_its_scope(app, world) -> None:
    assert {name for name, _, _ in operations(app, world)} == set(SCOPES)
    assert len(SCOPES) > 50


@pytest.mark.parametrize("who", ["nobody", "stranger", "staff", "scopeless"])
def test_who_has_no_business_here(app, world, settings, who: str) -> None:
    """Without a token that works 401, without the scope 403; nothing changes and nothing is told."""
    owner = read(lambda: User.get(User.username == "owner"))
    secret = {"nobody": "", "stranger": "avk_" + "x" * 43}.get(who)
    if who == "staff":  # a token whose person went over to the staff
        secret = token_of("colleague")
        write(
            lambda: User.update(role="operator", account=None).where(User.username == "colleague").execute()
        )
    made: dict[Scope, str] = {}
    if who == "scopeless":
        for scope in set(SCOPES.values()):
            others = tuple(each for each in Scope if each != scope)
            wanted = NewToken("all but one", others)
            made[scope] = write(
                lambda wanted=wanted: access_tokens._make(owner.account_id, owner.id, wanted, 1).secret
            )
    before, wrong = kept(settings), []
    for name, method, path in operations(app, world):
        answer = ask(
            Program(app, secret if secret is not None else made[SCOPES[name]]), name, method, path, world
        )
        expected = 403 if who == "scopeless" else 401
        if answer.status_code != expected or MARK in answer.text:
            wrong.append((name, method, answer.status_code))
    assert wrong == []
    if who != "scopeless":  # whose tokens were used
        assert kept(settings) == before


def test_another_account_finds_nothing(app, world) -> None:
    outsider, wrong = Program(app, token_of("outsider")), []
    for name, method, path in operations(app, world):
        answer = ask(outsider, name, method, path, world)
        has_id = path != world_path(name, app)
        fits = answer.status_code == 404 if has_id else answer.status_code < 500
        if name in OWN or name == "remove_do_not_call":  # a number is nobody's
            fits = answer.status_code in (200, 400)
        if not fits or MARK in answer.text:
            wrong.append((name, method, answer.status_code))
    assert wrong == []


def world_path(name: str, app) -> str:
    """The rule of an operation."""
    (rule,) = (each.rule for each in app.url_map.iter_rules() if each.endpoint == f"api.{name}")
    return rule.removeprefix("/api/v1")


@pytest.mark.parametrize("who", ["owner", "colleague"])
def test_its_own_people_are_answered(app, world, who: str) -> None:
    """What a thing is like decides (404 for one that is gone, 409 for its state), not who asks."""
    program, wrong = Program(app, token_of(who, permissions="web_service own_voice any_hour")), []
    found = sorted(operations(app, world), key=lambda each: (each[1] == "DELETE", each[0]))
    for name, method, path in found:
        answer = ask(program, name, method, path, world)
        fits = answer.status_code in (200, 201, 204, 400, 402, 404, 409)
        if name == "list_ledger" and who == "colleague":
            fits = answer.status_code == 403  # money is the owner's
        if method == "GET" and name != "list_ledger":
            fits = answer.status_code == 200 or name == "get_recording_audio"
        if not fits:
            wrong.append((name, method, answer.status_code, answer.text[:200]))
    assert wrong == []
