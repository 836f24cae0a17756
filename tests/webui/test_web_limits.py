"""Limits of the web: they come before the work, they are shared, and they say when to come back."""

from __future__ import annotations

import io
import os
import re
import sqlite3
from pathlib import Path

import gevent
import gevent.event
import pytest

from engine.services.accounts import access_tokens, people
from engine.services.accounts.access_tokens import NewToken
from engine.services.accounts.token_scopes import Scope
from engine.store.tables.core import Account, User
from engine.store.threads import read, write
from tests.webui.conftest import Browser, csrf_of, logged_in
from webui import create_app
from webui.request import limits
from webui.request.context import AvanakWeb
from webui.request.limits import FILES, FORM_BYTES, JSON_BYTES, MOST_FIELDS, SMALL_BYTES, bytes_of
from webui.request.pace import MOST_KEYS, Pace, Rate

NOW = 1_700_000_000_000


# -- how often ----------------------------------------------------------------------------


def test_an_allowance_is_used_up_and_comes_back_evenly(tmp_path: Path) -> None:
    pace, rate = Pace(tmp_path), Rate.of("20 per minute")
    assert [pace.take("k", rate, NOW) for _ in range(20)] == [0] * 20
    assert pace.take("k", rate, NOW) == 3_000
    assert pace.take("k", rate, NOW + 1_000) == 2_000
    assert pace.take("k", rate, NOW + 3_000) == 0
    assert pace.take("k", rate, NOW + 3_000) == 3_000
    assert pace.take("other", rate, NOW) == 0
    assert [pace.take("k", rate, NOW + 63_000) for _ in range(21)] == [0] * 20 + [3_000]


def test_processes_share_it(tmp_path: Path) -> None:
    one, other, rate = Pace(tmp_path), Pace(tmp_path), Rate.of("4 per hour")
    assert [pace.take("k", rate, NOW) for pace in (one, other, one, other)] == [0] * 4
    assert one.take("k", rate, NOW) == other.take("k", rate, NOW) == 900_000


def test_it_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webui.request.pace.PRUNE_EVERY", 50)
    monkeypatch.setattr("webui.request.pace.MOST_KEYS", 60)
    pace, rate = Pace(tmp_path), Rate.of("5 per hour")
    for n in range(500):
        pace.take(f"k{n}", rate, NOW)
    with sqlite3.connect(tmp_path / "limits.db") as found:
        assert found.execute("SELECT COUNT(*) FROM pace").fetchone()[0] <= 60 + 50
    assert MOST_KEYS < 1_000_000


def test_a_limit_that_cannot_be_kept_shuts_nobody_out(tmp_path: Path) -> None:
    pace = Pace(tmp_path / "is-not-there")
    assert [pace.take("k", Rate.of("1 per day"), NOW) for _ in range(3)] == [0, 0, 0]


def login(app, address: str, **kwargs):
    return app.test_client().post("/login", environ_overrides={"REMOTE_ADDR": address}, **kwargs)


def test_the_limit_of_log_ins_comes_before_the_csrf_token_and_the_body(app) -> None:
    for _ in range(20):
        assert login(app, "192.0.2.1").status_code == 400  # no token: the form is refused, and counted
    refused = login(app, "192.0.2.1")
    assert refused.status_code == 429
    again_s = int(refused.headers["Retry-After"])
    assert 1 <= again_s <= 60
    said = login(app, "192.0.2.1", headers={"Accept-Language": "en"}).text
    assert re.search(r"try again in \d+ seconds", said)
    unread = io.BytesIO(b"a" * 1000)
    told = {"REMOTE_ADDR": "192.0.2.1", "wsgi.input": unread, "CONTENT_LENGTH": "1000"}
    app.test_client().post("/login", environ_overrides=told)
    assert unread.tell() == 0, "nothing of the body was read"
    assert login(app, "192.0.2.2").status_code == 400, "another address has its own"


def test_a_neighbourhood_of_ipv6_is_one_address(app) -> None:
    for n in range(20):
        login(app, f"2001:db8:1:2::{n:x}")
    assert login(app, "2001:db8:1:2:ffff::1").status_code == 429
    assert login(app, "2001:db8:1:3::1").status_code == 400


def test_web_processes_share_the_limits(app, settings) -> None:
    second = create_app(settings)
    for n in range(20):
        login((app, second)[n % 2], "192.0.2.1")
    assert login(app, "192.0.2.1").status_code == login(second, "192.0.2.1").status_code == 429


def test_an_account_is_counted_from_wherever_it_asks(app, cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "OF_ACCOUNT", Rate.of("30 per day"))
    owner, colleague = logged_in(app, "owner"), logged_in(app, "colleague")
    seen = []
    for n in range(40):
        browser = (owner, colleague)[n % 2]
        seen.append(browser.get("/campaigns", environ_overrides={"REMOTE_ADDR": f"192.0.2.{n}"}).status_code)
    assert seen[:30] == [200] * 30
    assert set(seen[30:]) == {429}
    assert logged_in(app, "outsider").get("/campaigns").status_code == 200


def test_nobody_asks_for_all_of_it(app, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "OF_NOBODY", Rate.of("10 per day"))
    client = app.test_client()
    assert [client.get("/login").status_code for _ in range(12)] == [200] * 10 + [429] * 2
    assert client.get("/static/app.css").status_code == 200
    assert client.get("/healthz").status_code == 200


def test_passwords_are_hashed_one_at_a_time(app, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many log-ins at once take neither all processors nor all memory, and the last of very many hears when to come."""
    at_once, most = [0], [0]
    free = gevent.event.Event()

    def slow(kept: str | None, password: str) -> bool:
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])
        free.wait(5)
        at_once[0] -= 1
        return False

    monkeypatch.setattr(people, "password_fits", slow)
    monkeypatch.setattr(AvanakWeb, "apart", lambda self, work, **_: work())

    def try_it(n: int) -> int:
        browser = Browser(app)
        browser.client.environ_base["REMOTE_ADDR"] = f"198.51.100.{n + 1}"
        return browser.log_in(f"name{n}", "x").status_code

    trying = [gevent.spawn(try_it, n) for n in range(30)]
    gevent.joinall(trying, count=10, timeout=60)  # those that find twenty before them
    free.set()
    gevent.joinall(trying, timeout=60)
    statuses = [each.value for each in trying]
    assert most == [1]
    assert sorted(set(statuses)) == [401, 429]
    assert statuses.count(429) == 10


# -- how much -----------------------------------------------------------------------------


class Endless(io.RawIOBase):
    """A body that says how much of it was read."""

    def __init__(self, size: int, block: bytes) -> None:
        self.left, self.block, self.given = size, block, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        size = min(len(buffer), self.left)
        buffer[:size] = (self.block * (size // len(self.block) + 1))[:size]
        self.left -= size
        self.given += size
        return size


def given(body: Endless, size: int) -> dict:
    """What makes a test client send a body of that length."""
    return {"environ_overrides": {"wsgi.input": body, "CONTENT_LENGTH": str(size)}}


@pytest.mark.parametrize(
    ("path", "kind", "block"),
    [("/login", "application/x-www-form-urlencoded", b"a&"),
     ("/login", "multipart/form-data; boundary=x", b"\r\n"),
     ("/register", "multipart/form-data; boundary=x", b"--x\r\n"),
     ("/language", "application/x-www-form-urlencoded", b"a&"),
     ("/campaigns/new", "multipart/form-data; boundary=x", b"\r\n"),
     ("/api/v1/tickets", "application/json", b"["),
     ("/switch-records/lab", "application/json", b"[")],
)  # fmt: skip
def test_nobody_makes_us_read_a_large_body(app, path: str, kind: str, block: bytes) -> None:
    body = Endless(100_000_000, block)
    answer = app.test_client().post(path, headers={"Content-Type": kind}, **given(body, 100_000_000))
    assert answer.status_code in (302, 401, 403, 413)
    assert body.given == 0


def test_a_body_that_is_longer_than_it_says_ends_where_it_says(app) -> None:
    body = Endless(10_000_000, b"a&")
    answer = app.test_client().post(
        "/login", content_type="application/x-www-form-urlencoded", **given(body, SMALL_BYTES)
    )
    assert answer.status_code in (400, 413)
    assert body.given <= SMALL_BYTES + 65_536


def test_the_fields_of_a_form_are_counted_before_they_are_taken_apart(owner: Browser) -> None:
    token = csrf_of(owner.get("/campaigns/new").text)
    for many in (f"csrf_token={token}" + "&a" * MOST_FIELDS, "&" * (FORM_BYTES - 10)):
        answer = owner.client.post("/language", data=many, content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 413
    fewer = f"csrf_token={token}" + "&a" * (MOST_FIELDS - 1)
    answer = owner.client.post("/language", data=fewer, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 302


def test_the_parts_of_a_form_are_counted(owner: Browser) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n'
    answer = owner.client.post(
        "/campaigns/new",
        data=part * (MOST_FIELDS + 1) + b"--x--\r\n",
        content_type="multipart/form-data; boundary=x",
    )
    assert answer.status_code == 413


def test_who_takes_how_much(settings) -> None:
    assert bytes_of("auth.login", False, settings) == SMALL_BYTES
    assert bytes_of("tickets.close", True, settings) == FORM_BYTES
    assert bytes_of("api.tickets_close", True, settings) == JSON_BYTES
    assert bytes_of("list_imports.add", True, settings) == FORM_BYTES + 1_000_000
    assert bytes_of("list_imports.add", False, settings) == SMALL_BYTES


def test_every_route_with_a_file_is_in_the_table(app) -> None:
    """A form with a file field whose route is not listed would refuse every file."""
    known = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert set(FILES) <= known


def test_only_so_many_large_bodies_at_a_time(app, owner: Browser, outsider: Browser) -> None:
    size = limits.LARGE_BYTES + 1
    held = app.extensions["avanak_limits"].large
    account = read(lambda: User.get(User.username == "owner").account_id)
    held[account] = limits.LARGE_OF_ACCOUNT
    send = {
        **given(Endless(size, b"\r\n"), size),
        "headers": {"Content-Type": "multipart/form-data; boundary=x"},
    }
    refused = owner.client.post("/campaigns/new", **send)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, str(limits.LARGE_AGAIN_S))
    assert outsider.client.post("/campaigns/new", **send).status_code != 429
    assert held.total() == limits.LARGE_OF_ACCOUNT, "what was taken has been given back"


def test_files_of_forms_leave_nothing(app, settings, owner: Browser) -> None:
    page = owner.get("/campaigns/new").text
    fields = {"csrf_token": csrf_of(page), "account": "2", "contact_list": "0"}
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        owner.client.post("/campaigns/new", data={**fields, "numbers": (io.BytesIO(b"x" * 700_000), "a.csv")})
    assert list((settings.data_dir / "tmp").iterdir()) == []
    assert len(os.listdir("/proc/self/fd")) <= before + 6
    assert app.extensions["avanak_limits"].large.total() == 0


# -- JSON ---------------------------------------------------------------------------------


@pytest.fixture
def token(cast) -> str:
    def work() -> str:
        Account.update(permissions="web_service").where(Account.id == cast.sahar).execute()
        return access_tokens.make(
            User.get(User.username == "owner"), NewToken("shop", tuple(Scope)), 1
        ).secret

    return write(work)


@pytest.mark.parametrize(
    "body",
    [b"[" * 200_000 + b"]" * 200_000, b'{"a":' * 200_000 + b"1" + b"}" * 200_000,
     b'{"subject":' + b"[" * 50 + b"]" * 50 + b"}", b"[" * 1000, b"\xff\xfe", b'"\\ud800"', b"null", b"1e999999",
     b'{"subject": "x", "subject": {"a": [[[[[[[[[1]]]]]]]]]}}'],
)  # fmt: skip
def test_json_that_is_none_of_ours_is_refused(app, token: str, body: bytes) -> None:
    answer = app.test_client().post(
        "/api/v1/tickets",
        data=body,
        headers={"Authorization": f"Bearer {token}"},
        content_type="application/json",
    )
    assert answer.status_code == 400
    assert answer.json["type"] == "urn:avanak:problem:bad-input"


def test_json_beyond_its_size_is_not_read(app, token: str) -> None:
    body = Endless(90_000_000, b"[],")
    answer = app.test_client().post(
        "/api/v1/tickets/1/close",
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        **given(body, 90_000_000),
    )  # fmt: skip
    assert (answer.status_code, body.given) == (413, 0)


# -- whose site ---------------------------------------------------------------------------


def test_other_sites_names_are_turned_away(app, settings, furnished) -> None:
    known = create_app(settings.model_copy(update={"web_hosts": "panel.example.com .example.org"}))
    client = known.test_client()
    ask = lambda host, path="/login": client.get(path, headers={"Host": host}).status_code  # noqa: E731
    assert [ask("panel.example.com"), ask("panel.example.com:8080"), ask("a.example.org")] == [200] * 3
    assert [ask("evil.example"), ask("panel.example.com.evil.example"), ask("example.com")] == [400] * 3
    assert ask("127.0.0.1:8080", "/healthz") == 200


def test_browsers_are_told_to_keep_to_https(app, settings) -> None:
    assert "Strict-Transport-Security" not in app.test_client().get("/login").headers
    secure = create_app(settings.model_copy(update={"web_secure_cookies": True})).test_client()
    assert secure.get("/login").headers["Strict-Transport-Security"].startswith("max-age=31536000")
