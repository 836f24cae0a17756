"""A cast and a web UI without an engine: what is wanted is written, nobody is called."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask, session
from flask.testing import FlaskClient

from engine.clock import wall_ms
from engine.config import Settings
from engine.services.accounts import accounts
from engine.services.campaigns import campaigns, rules
from engine.services.messages import library, prompts
from engine.services.money import ledger
from engine.services.onboarding import first_start
from engine.services.trunks import gateways
from engine.states import RecipientState
from engine.store import database, threads
from engine.store.tables.core import CampaignCounts, Recipient, User
from engine.store.threads import read, write
from tests.policies import ANYTHING
from tests.webui.rest_program import Program, token_of
from tests.webui.world import World, make_world
from webui import create_app
from webui.request.access import log_in
from webui.request.limits import limiter

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

    def post(self, path: str, data: dict | None = None, *, page: str = "/", **kwargs):
        token = csrf_of(self.client.get(page).text)
        return self.client.post(path, data={**(data or {}), "csrf_token": token}, **kwargs)

    def log_in(self, username: str, password: str = PASSWORD, next_: str = ""):
        return self.post("/login", {"username": username, "password": password, "next": next_}, page="/login")


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Cast]:
    """A database with the cast, made once and copied for each test: upgrading and argon2 take their time."""
    path = tmp_path_factory.mktemp("cast") / "avanak.db"
    database.open_database(f"sqlite:///{path}")
    database.upgrade()
    cast = write(_make_cast)
    with database.db.connection_context():
        database.db.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    threads.close_readers()
    return path, cast


def _make_cast() -> Cast:
    now = wall_ms()
    first_start.ensure_first(now, PASSWORD)
    sahar, other = (accounts.open_by_staff(name, now + 10**10, None, now) for name in ("Sahar", "Other"))
    for account in (sahar, other):
        ledger.top_up(account, 1_000_000, f"test/{account}", now)
    kept = User.get().password_hash  # one hash for all
    for name, role, of in (
        ("operator", "operator", None), ("quality", "quality", None),
        ("owner", "owner", sahar), ("colleague", "member", sahar), ("outsider", "owner", other),
    ):  # fmt: skip
        User.create(username=name, password_hash=kept, role=role, account=of, created_at=now)
    User.update(language="en", calendar="gregorian").execute()
    gateways.add("lab", 10, 100, None, now)
    message = prompts.add(sahar, "Hello", "hello", 5_000, now)
    campaign = campaigns.create(sahar, rules.CampaignRules(name="Autumn <b>"), message, now, ANYTHING)
    for line, number in enumerate(("+989120000001", "+989120000002"), start=2):
        Recipient.create(campaign_id=campaign, line=line, number=number, state=RecipientState.PENDING)
    CampaignCounts.update(total=2, waiting=2).execute()
    return Cast(sahar, other, campaign)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Any hour and any caller id, whenever the tests run."""
    hours = {"hours_service": "", "hours_advertising": "", "advertising_caller_prefix": ""}
    return Settings(data_dir=tmp_path, max_upload_mb=1, **hours)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list is read before its request is answered, however busy the machine is."""
    monkeypatch.setattr("webui.request.checks.PATIENCE_S", 60.0)


@pytest.fixture
def app(settings: Settings, furnished: tuple[Path, Cast], request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The application, beside the cast's database, or the world's for a test that asks for it."""
    if "world" in request.fixturenames:
        shutil.copytree(request.getfixturevalue("furnished_world")[0], settings.data_dir, dirs_exist_ok=True)
    else:
        shutil.copyfile(furnished[0], settings.data_dir / "avanak.db")
    database.open_database(settings.database)
    for folder in (settings.prompts_dir, settings.reports_dir):
        folder.mkdir(exist_ok=True)
    made = create_app(settings)
    made.config["TESTING"] = True
    yield made
    made.extensions["avanak_limits"].pace.close()  # or each application of a test keeps a file open
    threads.close_readers()


@pytest.fixture
def cast(furnished: tuple[Path, Cast]) -> Cast:
    return furnished[1]


@pytest.fixture
def anyone(app: Flask, cast: Cast) -> Browser:
    """Somebody who has not logged in."""
    return Browser(app)


def logged_in(app: Flask, username: str) -> Browser:
    """Somebody whose session has begun (the log-in form has tests of its own)."""
    browser = Browser(app)
    found = read(lambda: User.get(User.username == username))
    with app.test_request_context():
        log_in(found)
        planted = dict(session)
    with browser.client.session_transaction() as begun:
        begun.update(planted)
    return browser


@pytest.fixture
def owner(app: Flask, cast: Cast) -> Browser:
    return logged_in(app, "owner")


@pytest.fixture
def colleague(app: Flask, cast: Cast) -> Browser:
    return logged_in(app, "colleague")


@pytest.fixture
def outsider(app: Flask, cast: Cast) -> Browser:
    return logged_in(app, "outsider")


@pytest.fixture
def operator(app: Flask, cast: Cast) -> Browser:
    return logged_in(app, "operator")


@pytest.fixture
def quality(app: Flask, cast: Cast) -> Browser:
    return logged_in(app, "quality")


@pytest.fixture
def unlimited(app: Flask) -> Iterator[None]:
    """A walk asks more often than a person."""
    limiter.enabled = False
    yield
    limiter.enabled = True


@pytest.fixture(scope="session")
def furnished_world(furnished, tmp_path_factory: pytest.TempPathFactory):
    """The world's database and files, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("world")
    shutil.copyfile(furnished[0], folder / "avanak.db")
    database.open_database(f"sqlite:///{folder / 'avanak.db'}")
    return folder, make_world(folder, furnished[1])


@pytest.fixture
def world(app: Flask, furnished_world: tuple[Path, World]) -> World:
    """One of everything that a customer can have, of Sahar's account."""
    return furnished_world[1]


@pytest.fixture
def enter(app: Flask):
    """Somebody by user name, or nobody."""

    def work(username: str | None) -> Browser:
        return logged_in(app, username) if username else Browser(app)

    return work


@pytest.fixture
def program(app, cast) -> Program:
    """A client of the older web service, with the token of an owner."""
    return Program(app, token_of("owner"))


@pytest.fixture
def message_id(program: Program, cast) -> int:
    """An approved message of the owner's account, seven seconds long."""
    return write(lambda: library.add(cast.sahar, "Hello", "hello", 7_000, wall_ms())).id
