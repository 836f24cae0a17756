"""Logging in and out, and what guards it."""

from __future__ import annotations

import pytest
from flask import Flask

from engine.clock import wall_ms
from engine.services.accounts import login_waits, people
from engine.services.accounts.login_waits import FORGOTTEN_MS, FREE_BY_NAME, LONGEST_MS
from engine.store.tables.core import User
from engine.store.threads import read, write
from tests.webui.conftest import Browser
from webui.request.access import safe_target
from webui.request.limits import limiter
from webui.request.security import POLICY, kept_key


def test_nobody_sees_anything_before_logging_in(anyone) -> None:
    for path in ("/", "/campaigns/1", "/campaigns/new", "/campaigns/1/result.csv", "/trunks"):
        answer = anyone.get(path)
        assert answer.status_code == 302
        assert answer.location.startswith("/login?next=")
    assert anyone.get("/campaigns/rows", headers={"HX-Request": "true"}).headers["HX-Redirect"] == "/login"
    assert anyone.client.post("/campaigns/1/start").status_code == 302


def test_log_in_and_out(anyone) -> None:
    assert anyone.log_in("Owner ", next_="/campaigns/1").location == "/campaigns/1"
    assert "Autumn" in anyone.get("/").text
    assert read(lambda: User.get(User.username == "owner").last_login_at) is not None
    anyone.post("/logout")
    assert anyone.get("/").status_code == 302


@pytest.mark.parametrize(("name", "password"), [("owner", "wrong"), ("nobody", "x"), ("owner", "")])
def test_a_wrong_log_in_says_one_thing(anyone, name: str, password: str) -> None:
    answer = anyone.log_in(name, password)
    assert answer.status_code in (400, 401)
    assert anyone.get("/").status_code == 302


def test_somebody_who_was_shut_out_stays_out(anyone, owner) -> None:
    write(lambda: User.update(is_active=False).where(User.username == "owner").execute())
    assert owner.get("/").status_code == 302
    assert anyone.log_in("owner").status_code == 401


def test_a_new_password_ends_old_sessions(owner) -> None:
    person_id = read(lambda: User.get(User.username == "owner").id)
    hashed = people.hash_of("another password")
    write(lambda: people.set_password(person_id, hashed, None, wall_ms()))
    assert owner.get("/").status_code == 302


def test_a_session_from_before_is_not_carried_over(anyone) -> None:
    with anyone.client.session_transaction() as session:
        session["planted"] = "x"
    anyone.log_in("owner")
    with anyone.client.session_transaction() as session:
        assert "planted" not in session


def test_guessing_slows_down_its_network_and_nobody_else(app: Flask, anyone) -> None:
    anyone.client.environ_base["REMOTE_ADDR"] = "2001:db8:0:1::7"
    answers = [anyone.log_in("owner", f"guess {n}").status_code for n in range(7)]
    assert answers == [401] * 6 + [429]
    assert anyone.log_in("owner").status_code == 429  # the right one is not looked at either
    anyone.client.environ_base["REMOTE_ADDR"] = "2001:db8:0:1:ffff::8"  # the same /64
    assert anyone.log_in("owner").status_code == 429
    elsewhere = Browser(app)
    elsewhere.client.environ_base["REMOTE_ADDR"] = "2001:db8:0:2::7"
    assert elsewhere.log_in("owner").status_code == 302


def test_who_has_an_account_does_not_guess_others_for_free(app: Flask, anyone) -> None:
    names = [f"name{n}" for n in range(5)]
    statuses = []
    limiter.enabled = False
    try:
        for name in names:
            statuses += [anyone.log_in(name, f"guess {n}").status_code for n in range(5)]
            assert anyone.log_in("outsider").status_code in (302, 429)
            anyone = Browser(app)
    finally:
        limiter.enabled = True
    assert statuses.count(401) == 21
    assert statuses[-1] == 429


def test_waits_double_up_to_a_limit_and_are_forgotten(app: Flask) -> None:
    now = 10**12
    for n in range(40):
        write(lambda: login_waits.failed("net", "x", None, now))
        if n < FREE_BY_NAME:
            assert read(lambda: login_waits.closed_until("net", "x", now)) is None
    assert read(lambda: login_waits.closed_until("net", "x", now)) == now + LONGEST_MS
    assert read(lambda: login_waits.closed_until("net", "y", now)) == now + LONGEST_MS  # 40 in all
    assert read(lambda: login_waits.closed_until("other", "x", now)) is None
    write(lambda: login_waits.failed("net", "x", None, now + FORGOTTEN_MS))
    assert read(lambda: login_waits.closed_until("net", "x", now + FORGOTTEN_MS)) is None
    assert write(lambda: login_waits.sweep(now + 2 * FORGOTTEN_MS)) == 2


def test_one_address_may_not_try_without_end(anyone) -> None:
    statuses = [anyone.log_in(f"name{n}", "x").status_code for n in range(40)]
    assert statuses[:20] == [401] * 20
    assert 429 in statuses  # not always the 21st: one comes back every three seconds


def test_every_form_needs_its_token(owner, cast) -> None:
    for path in (f"/campaigns/{cast.campaign}/start", "/logout", "/language", "/campaigns/new"):
        assert owner.client.post(path).status_code == 400
    assert "Draft" in owner.get("/").text


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https://evil.example", "/\\evil.example", "\\/x", "/a\nb", "javascript:x", ""],
)
def test_no_redirect_leaves_the_site(app: Flask, anyone, target: str) -> None:
    with app.test_request_context():
        assert safe_target(target) == "/"
    assert anyone.log_in("owner", next_=target).location == "/"


def test_headers_and_cookie(anyone, owner) -> None:
    answer = anyone.get("/login")
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert "unsafe" not in POLICY
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "<script>" not in answer.text
    assert "style=" not in owner.get("/").text
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_file_carries_no_headers_of_pages_but_its_error_page_does(anyone) -> None:
    file, missing = anyone.get("/static/app.css"), anyone.get("/static/none.css")
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert "Content-Security-Policy" not in file.headers
    assert missing.status_code == 404
    assert missing.headers["Content-Security-Policy"] == POLICY


def test_secure_cookies_by_setting(app: Flask, settings, cast) -> None:
    from webui import create_app

    made = create_app(settings.model_copy(update={"web_secure_cookies": True}))
    cookie = made.test_client().get("/login", base_url="https://x").headers["Set-Cookie"]
    assert cookie.startswith("__Host-avanak=")
    assert "Secure" in cookie


def test_the_session_key_is_kept_and_private(tmp_path) -> None:
    path = tmp_path / "secret.key"
    key = kept_key(path)
    assert len(key) > 40
    assert kept_key(path) == key
    assert path.stat().st_mode & 0o077 == 0


def test_language_and_calendar_are_remembered(owner) -> None:
    assert 'lang="en" dir="ltr"' in owner.get("/").text
    owner.post("/language", {"language": "fa", "calendar": "jalali", "next": "/campaigns/1"})
    page = owner.get("/").text
    assert 'lang="fa" dir="rtl"' in page
    assert "bootstrap.rtl.min.css" in page
    assert "کارزارها" in page
    kept = read(lambda: User.get(User.username == "owner"))
    assert (kept.language, kept.calendar) == ("fa", "jalali")
    owner.post("/language", {"language": "xx"})
    assert 'lang="fa"' in owner.get("/").text


def test_health(anyone) -> None:
    assert anyone.get("/healthz").json == {"status": "ok"}
