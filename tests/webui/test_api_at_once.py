"""Changes on a condition that come at once: of two with one ETag one is done; on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import gevent
import peewee
import pytest

from engine.clock import wall_ms
from engine.config import Settings
from engine.services.campaigns import campaigns
from engine.services.campaigns.rules import CampaignRules
from engine.services.lists import contact_lists
from engine.services.messages import prompts
from engine.store.database import build_database
from engine.store.tables.core import User
from engine.store.tables.webhooks import Webhook
from engine.store.threads import read, write
from engine.store.writer import Writer
from tests.policies import ANYTHING
from tests.postgres.fixtures import postgres, store, store_url
from tests.webui.conftest import _make_cast
from tests.webui.programs import Program, token_of
from webui import create_app

__all__ = ["postgres", "store", "store_url"]

CHANGES = {
    "messages": {"title": "Changed"},
    "contact-lists": {"name": "Changed"},
    "campaigns": {"name": "Changed"},
    "webhooks": {"batch": 7},
}
TABLES = {
    "messages": "message",
    "contact-lists": "contact_list",
    "campaigns": "campaign",
    "webhooks": "webhook",
}
KINDS = sorted(CHANGES)


@pytest.fixture
def shop(store: Writer, store_url: str, tmp_path: Path) -> Iterator[Program]:
    write(_make_cast)
    app = create_app(Settings(data_dir=tmp_path, database_url=store_url))
    app.config["TESTING"] = True
    yield Program(app, token_of("owner", permissions="web_service own_voice any_hour"))
    app.extensions["avanak_limits"].pace.close()


@pytest.fixture
def things(shop: Program) -> dict[str, int]:
    """One of each thing that can be changed on a condition, by the part of its path."""

    def make() -> dict[str, int]:
        account_id, now = User.get(User.username == "owner").account_id, wall_ms()
        hook = Webhook.create(
            account_id=account_id,
            url="https://shop.example",
            kinds="outage",
            secret="",
            batch=1,
            created_at=now,
        )
        rules = CampaignRules(name="Spring")
        return {
            "messages": prompts.add(account_id, "Sale", "sale", 5_000, now),
            "contact-lists": contact_lists.make(account_id, "Friends", now),
            "campaigns": campaigns.create(account_id, rules, None, now, ANYTHING),
            "webhooks": hook.id,
        }

    return write(make)


@pytest.mark.parametrize("kind", KINDS)
def test_of_two_changes_with_one_tag_one_is_done(shop: Program, things: dict[str, int], kind: str) -> None:
    path = f"/{kind}/{things[kind]}"
    tag = shop.get(path).headers["ETag"]
    asked = {"json": CHANGES[kind], "headers": {"If-Match": tag}}
    sent = [gevent.spawn(shop.ask, "PATCH", path, **asked) for _ in range(2)]
    assert sorted(each.get(timeout=30).status_code for each in sent) == [200, 412]


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_changes_it_between_the_look_and_the_change(
    shop: Program, things: dict[str, int], kind: str, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process tries in just that moment, and has to wait: its short patience ends."""
    other = build_database(store_url)
    tried: list[str] = []

    def intrude(body: bytes) -> str:
        with other.connection_context():
            is_sqlite = isinstance(other, peewee.SqliteDatabase)
            other.execute_sql("PRAGMA busy_timeout = 50" if is_sqlite else "SET lock_timeout = 50")
            try:
                other.execute_sql(f"UPDATE {TABLES[kind]} SET id = id WHERE id = {things[kind]}")
                tried.append("changed")
            except peewee.OperationalError:
                tried.append("waited")
        return tag_of(body)

    tag_of = __import__("webui.api.conditions", fromlist=["tag_of"]).tag_of
    path = f"/{kind}/{things[kind]}"
    tag = shop.get(path).headers["ETag"]
    monkeypatch.setattr("webui.api.conditions.tag_of", intrude)
    assert shop.ask("PATCH", path, json=CHANGES[kind], headers={"If-Match": tag}).status_code == 200
    assert shop.ask("DELETE", path, headers={"If-Match": tag}).status_code in (405, 412)
    assert set(tried) == {"waited"}


def test_every_change_looks_at_the_condition(shop: Program, things: dict[str, int]) -> None:
    """A tag that nothing has: nothing is changed or removed, by whatever route."""
    contact = f"/contact-lists/{things['contact-lists']}/contacts"
    made = shop.post(contact, {"recipients": [{"number": "09121110000"}]})
    assert made.status_code == 201
    contact_id = read(lambda: contact_lists.contacts(things["contact-lists"], 0, 1))[0].id
    assert shop.post("/do-not-call", {"numbers": ["09121110001"]}).status_code in (200, 201)
    paths = [f"/{kind}/{number}" for kind, number in things.items()]
    paths += [f"{contact}/{contact_id}", "/do-not-call/09121110001"]
    known = {
        rule.rule
        for rule in shop.client.application.url_map.iter_rules()
        if rule.endpoint.startswith("api.") and {"PATCH", "DELETE"} & (rule.methods or set())
    }
    assert len(known) == len(paths), "a route that changes something is not asked here"
    for path in paths:
        for method in ("PATCH", "DELETE"):
            body = CHANGES.get(path.split("/")[1]) if method == "PATCH" else None
            answer = shop.ask(method, path, json=body, headers={"If-Match": '"nothing-has-this"'})
            assert answer.status_code in (405, 412), (method, path, answer.text)
    for method in ("PATCH", "DELETE"):  # `*` is what is there, whatever it is like
        assert shop.ask(method, paths[0], json={"title": "x"}, headers={"If-Match": "*"}).status_code in (
            200,
            204,
        )
