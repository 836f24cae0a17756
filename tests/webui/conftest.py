"""A cast and a web UI without an engine: what is wanted is written, nobody is called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from engine.clock import wall_ms
from engine.config import Settings
from engine.services import campaigns, gateways, messages, people
from engine.states import RecipientState
from engine.store import database, threads
from engine.store.models import Account, CampaignCounts, Recipient, User
from engine.store.threads import write
from webui import create_app

PASSWORD = "correct horse 1"


@dataclass(frozen=True)
class Cast:
    """Two firms and the staff; all have the same password."""

    sahar: int
    other: int
    campaign: int  # of Sahar, a draft with two recipients


def csrf_of(page: str) -> str:
    """The CSRF token that a page's form carries."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found, "the page has no form"
    return found[1]


class Browser:
    """A test client that fills in forms as a browser does, CSRF token included."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()

    def get(self, path: str, **kwargs):
        return self.client.get(path, **kwargs)

    def post(self, path: str, data: dict | None = None, *, page: str = "/campaigns/rows", **kwargs):
        token = csrf_of(self.client.get(page if page != "/campaigns/rows" else "/").text)
        return self.client.post(path, data={**(data or {}), "csrf_token": token}, **kwargs)

    def log_in(self, username: str, password: str = PASSWORD, next_: str = ""):
        return self.post("/login", {"username": username, "password": password, "next": next_}, page="/login")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, max_upload_mb=1)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    database.open_database(settings.database)
    database.upgrade()
    for folder in (settings.prompts_dir, settings.reports_dir):
        folder.mkdir()
    made = create_app(settings)
    made.config["TESTING"] = True
    yield made
    threads.close_readers()


@pytest.fixture
def cast(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Cast:
    def work() -> Cast:
        now = wall_ms()
        sahar = int(Account.create(name="Sahar", created_at=now).id)
        other = int(Account.create(name="Other", created_at=now).id)
        # One hash for all: argon2 is slow on purpose.
        people.add("operator", PASSWORD, "operator", now)
        kept = User.get().password_hash
        for name, role, account in (
            ("admin", "administrator", None), ("quality", "quality", None),
            ("owner", "owner", sahar), ("colleague", "member", sahar), ("outsider", "owner", other),
        ):  # fmt: skip
            User.create(
                username=name, password_hash=kept, role=role, account=account, created_at=now, language="en",
                calendar="gregorian",
            )  # fmt: skip
        User.update(language="en", calendar="gregorian").execute()
        gateways.add("lab", 10, 100, now)
        message = messages.add(sahar, "Hello", "hello", 5_000, now)
        campaign = campaigns.create(sahar, campaigns.CampaignRules(name="Autumn <b>"), message, now, 660)
        for line, number in enumerate(("+989120000001", "+989120000002"), start=2):
            Recipient.create(campaign_id=campaign, line=line, number=number, state=RecipientState.PENDING)
        CampaignCounts.update(total=2, waiting=2).execute()
        return Cast(sahar, other, campaign)

    return write(work)


@pytest.fixture
def anyone(app: Flask, cast: Cast) -> Browser:
    """Somebody who has not logged in."""
    return Browser(app)


def logged_in(app: Flask, username: str) -> Browser:
    browser = Browser(app)
    assert browser.log_in(username).status_code == 302
    return browser


@pytest.fixture
def owner(app: Flask, cast: Cast) -> Browser:
    return logged_in(app, "owner")


@pytest.fixture
def outsider(app: Flask, cast: Cast) -> Browser:
    return logged_in(app, "outsider")


@pytest.fixture
def operator(app: Flask, cast: Cast) -> Browser:
    return logged_in(app, "operator")


@pytest.fixture
def quality(app: Flask, cast: Cast) -> Browser:
    return logged_in(app, "quality")
