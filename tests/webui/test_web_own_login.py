"""Sessions that end, passwords of one's own, and the second factor, as a browser sees them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyotp
import pytest
from flask import Flask
from pydantic import SecretStr

from engine.clock import wall_ms
from engine.sealing import SecretBox
from engine.services.accounts import access_tokens, accounts, audit_log, login_waits, second_factor, sessions
from engine.services.accounts.access_tokens import NewToken
from engine.services.accounts.sessions import Lifetime
from engine.services.accounts.token_scopes import Scope
from engine.services.accounts.token_use import TokenRefused, caller_of
from engine.store.tables.core import User
from engine.store.tables.people import WebSession
from engine.store.threads import read, write
from tests.webui.conftest import PASSWORD, Browser, logged_in
from webui import create_app
from webui.request.limits import limiter

NEW = "another horse 2"


@pytest.fixture(autouse=True)
def unlimited() -> Iterator[None]:
    """These log in more often than a person."""
    limiter.enabled = False
    yield
    limiter.enabled = True


def user(name: str) -> User:
    return read(lambda: User.get(User.username == name))


def box_of(app: Flask) -> SecretBox:
    return app.extensions["avanak"].secret_box


def secret_of(person: User, app: Flask) -> str:
    """What is in the person's app."""
    return box_of(app).unseal(person.totp_secret, f"second factor of person {person.id}") or ""


def acts(name: str) -> list[str]:
    """What the audit log says of somebody, the oldest first."""
    subject = f"person {user(name).id}"
    rows = read(lambda: audit_log.entries(limit=500))
    return [row.action for row in rows if row.subject == subject][::-1]


def cookie(browser: Browser) -> dict:
    with browser.client.session_transaction() as held:
        return dict(held)


def test_logging_out_ends_the_session_wherever_its_cookie_went(app: Flask, anyone) -> None:
    anyone.log_in("owner")
    thief = Browser(app)
    with thief.client.session_transaction() as held:
        held.update(cookie(anyone))
    assert thief.get("/").status_code == 200
    anyone.post("/logout")
    assert thief.get("/").status_code == 302
    assert acts("owner") == ["login", "logout"]


def test_failures_stand_in_the_audit_log(anyone) -> None:
    anyone.log_in("owner", "wrong password")
    anyone.log_in("nobody-of-this-name", "wrong password")
    assert acts("owner") == ["login.failed"]
    row = read(lambda: audit_log.entries(limit=1))[0]
    assert (row.action, row.subject) == ("login.failed", "nobody")
    assert "127.0.0.1" in row.after


def test_sessions_are_listed_and_ended(app: Flask, owner, outsider) -> None:
    elsewhere = logged_in(app, "owner")
    page = owner.get("/me").text
    other = re.findall(r"/me/sessions/(\d+)/end", page)
    assert len(other) == 1
    assert "this one" in page
    assert outsider.post(f"/me/sessions/{other[0]}/end").status_code == 404
    assert elsewhere.get("/").status_code == 200
    assert owner.post(f"/me/sessions/{other[0]}/end").status_code == 302
    assert elsewhere.get("/").status_code == 302
    assert owner.get("/").status_code == 200


@pytest.mark.parametrize(("column", "hours"), [("created_at", 12), ("seen_at", 2)])
def test_a_session_has_an_end(owner, column: str, hours: int) -> None:
    field = getattr(WebSession, column)
    write(lambda: WebSession.update({field: wall_ms() - hours * 3_600_000 + 60_000}).execute())
    assert owner.get("/me").status_code == 200
    write(lambda: WebSession.update({field: wall_ms() - hours * 3_600_000}).execute())
    assert owner.get("/me").status_code == 302


def test_a_page_that_asks_by_itself_is_no_use(owner) -> None:
    old = wall_ms() - 5 * 60_000
    write(lambda: WebSession.update(seen_at=old).execute())
    owner.get("/campaigns/rows", headers={"HX-Request": "true"})
    assert read(lambda: WebSession.get().seen_at) == old
    owner.get("/")
    assert read(lambda: WebSession.get().seen_at) > old


def test_the_job_ends_what_ran_out_and_forgets_it_later(owner) -> None:
    lives, now = Lifetime(1_000_000, 1_000), read(lambda: WebSession.get().seen_at)
    assert write(lambda: sessions.sweep(lives, now + 999)) == 0
    assert write(lambda: sessions.sweep(lives, now + 60_000)) == 1
    assert read(lambda: WebSession.get().end) == "idle"
    write(lambda: sessions.sweep(lives, now + sessions.KEPT_MS + 120_000))
    assert read(lambda: WebSession.select().count()) == 0


def test_a_new_password_ends_all_sessions_but_begins_this_one_anew(app: Flask, owner) -> None:
    elsewhere, before = logged_in(app, "owner"), cookie(owner)["key"]
    form = {"old": "wrong one", "password": NEW, "again": NEW}
    assert owner.post("/me/password", form).status_code == 400
    assert elsewhere.get("/").status_code == 200
    assert owner.post("/me/password", {**form, "old": PASSWORD, "again": "x"}).status_code == 400
    assert owner.post("/me/password", {**form, "old": PASSWORD}).status_code == 302
    assert owner.get("/").status_code == 200
    assert cookie(owner)["key"] != before
    assert elsewhere.get("/").status_code == 302
    assert Browser(app).log_in("owner").status_code == 401
    assert Browser(app).log_in("owner", NEW).status_code == 302
    assert "password.set" in acts("owner")


def test_the_old_password_is_not_guessed_on_its_page_either(owner) -> None:
    form = {"password": NEW, "again": NEW}
    for n in range(6):
        owner.post("/me/password", {**form, "old": f"guess {n}"})
    page = owner.post("/me/password", {**form, "old": PASSWORD})
    assert page.status_code == 400
    assert "Too many attempts" in page.text


def test_who_is_shut_out_loses_sessions_and_tokens_for_good(app: Flask, owner, cast) -> None:
    colleague = logged_in(app, "colleague")
    write(lambda: accounts.grant(cast.sahar, ["web_service"], None, wall_ms()))
    secret = write(
        lambda: access_tokens.make(user("colleague"), NewToken("a program", tuple(Scope)), wall_ms())
    ).secret
    page = f"/people/{user('colleague').id}"
    owner.post(f"{page}/shutout")
    assert colleague.get("/").status_code == 302
    owner.post(f"{page}/letin")
    assert colleague.get("/").status_code == 302
    with pytest.raises(TokenRefused):
        read(lambda: caller_of(secret, None, wall_ms()))


def set_up(browser: Browser, name: str) -> tuple[pyotp.TOTP, list[str]]:
    """Set the second factor up; the app, and the recovery codes."""
    page = browser.get("/me/second-factor").text
    assert "<svg" in page
    assert "style=" not in page
    app_ = pyotp.TOTP(secret_of(user(name), browser.client.application))
    assert browser.post("/me/second-factor", {"code": "000000", "old": PASSWORD}).status_code == 400
    # Whoever has the session and not the password shuts nobody out.
    assert browser.post("/me/second-factor", {"code": app_.now(), "old": "wrong one"}).status_code == 400
    assert user(name).totp_since_at is None
    answer = browser.post("/me/second-factor", {"code": app_.now(), "old": PASSWORD})
    assert answer.status_code == 200
    return app_, re.findall(r"<code>([a-z0-9-]{19})</code>", answer.text)


def later(seconds: int) -> int:
    return wall_ms() // 1000 + seconds


def test_with_a_second_factor_the_password_alone_opens_nothing(app: Flask, owner) -> None:
    app_, codes = set_up(owner, "owner")
    assert len(codes) == 10
    fresh = Browser(app)
    assert fresh.log_in("owner", next_="/campaigns/1").location == "/login/code"
    for path in ("/", "/me", "/campaigns/1"):
        assert fresh.get(path).location.startswith("/login?next=")

    def give(code: str):
        return fresh.post("/login/code", {"code": code}, page="/login/code")

    assert give("123456").status_code == 401
    assert give(app_.at(later(-30))).status_code == 401  # older than the one that switched it on
    assert give(app_.at(later(30))).location == "/campaigns/1"
    assert fresh.get("/").status_code == 200
    # Neither a code nor a recovery code is taken twice.
    for code in (app_.at(later(30)), codes[3].upper().replace("-", " ")):
        again = Browser(app)
        again.log_in("owner")
        first = again.post("/login/code", {"code": code}, page="/login/code").status_code
        assert first == (302 if code == codes[3].upper().replace("-", " ") else 401)
    used = Browser(app)
    used.log_in("owner")
    assert used.post("/login/code", {"code": codes[3]}, page="/login/code").status_code == 401
    assert read(lambda: second_factor.codes_left(user("owner").id)) == 9
    assert {"second_factor.on", "second_factor.code", "login.failed"} <= set(acts("owner"))


def test_the_second_step_is_slowed_down_and_ends(app: Flask, owner) -> None:
    set_up(owner, "owner")
    fresh = Browser(app)
    fresh.log_in("owner")
    answers = [fresh.post("/login/code", {"code": f"{n:06}"}, page="/login/code") for n in range(7)]
    assert [each.status_code for each in answers] == [401] * 6 + [429]
    late = Browser(app)
    late.log_in("owner")
    with late.client.session_transaction() as held:
        held["half"] = {**held["half"], "at": wall_ms() - 5 * 60_000 - 1}
    assert late.get("/login/code").location == "/login"


def test_codes_are_not_guessed_from_many_networks_either(app: Flask, owner) -> None:
    """Who has the password and many addresses: the codes of one person wait for each other; another's do not."""
    app_, _ = set_up(owner, "owner")
    fresh = Browser(app)
    fresh.log_in("owner")

    def give(code: str, network: int) -> int:
        where = {"REMOTE_ADDR": f"2001:db8:{network:x}::1"}
        return fresh.post(
            "/login/code", {"code": code}, page="/login/code", environ_overrides=where
        ).status_code

    statuses = [give(f"{n:06}", n + 1) for n in range(13)]
    assert statuses == [401] * 11 + [429] * 2
    assert give(app_.at(later(30)), 99) == 429
    with app.app_context():
        write(lambda: login_waits.succeeded("2001:db8:63::/64", "", user("owner").id))
    assert give(app_.at(later(30)), 99) == 302


def test_it_is_switched_off_with_the_password(app: Flask, owner) -> None:
    set_up(owner, "owner")
    assert owner.post("/me/second-factor/off", {"old": "wrong one"}).status_code == 400
    assert user("owner").totp_since_at is not None
    assert len(re.findall("<code>", owner.post("/me/second-factor/codes", {"old": PASSWORD}).text)) == 10
    assert owner.post("/me/second-factor/off", {"old": PASSWORD}).status_code == 302
    assert Browser(app).log_in("owner").location == "/"


def test_a_lost_app_is_taken_off_by_who_may(app: Flask, owner, outsider, operator) -> None:
    colleague = logged_in(app, "colleague")
    set_up(colleague, "colleague")
    path = f"/me/second-factor/of/{user('colleague').id}/off"
    assert outsider.post(path).status_code == 404
    assert operator.post(path).status_code == 403
    assert colleague.post(path).status_code == 403
    assert user("colleague").totp_since_at is not None
    assert owner.post(path).status_code == 302
    assert user("colleague").totp_since_at is None


def test_staff_set_one_up_first_where_it_is_wanted(settings, app: Flask, cast) -> None:
    strict = create_app(settings.model_copy(update={"staff_second_factor": True}))
    operator, owner = logged_in(strict, "operator"), logged_in(strict, "owner")
    assert owner.get("/").status_code == 200
    for path in ("/", "/accounts", "/me"):
        assert operator.get(path).location == "/me/second-factor"
    assert operator.get("/campaigns/rows", headers={"HX-Request": "true"}).status_code == 401
    assert operator.post("/accounts/1/suspend", {"reason": "x"}, page="/me/second-factor").status_code == 302
    app_ = pyotp.TOTP(secret_of(user("operator"), strict))
    assert (
        operator.post(
            "/me/second-factor", {"code": app_.now(), "old": PASSWORD}, page="/me/second-factor"
        ).status_code
        == 200
    )
    assert operator.get("/").status_code == 200
    assert "Switch it off" not in operator.get("/me").text


def test_codes_are_taken_in_the_digits_of_either_language(app: Flask, owner) -> None:
    person = user("owner")
    write(lambda: second_factor.propose(person, box_of(app)))
    person, now = user("owner"), wall_ms()
    code = (
        pyotp.TOTP(secret_of(person, app))
        .at(now // 1000)
        .translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    )
    assert write(lambda: second_factor.confirm(person, code, box_of(app), now))


def test_the_secret_of_an_app_is_sealed_and_a_new_key_takes_over(app: Flask, settings, owner, anyone) -> None:
    page = owner.get("/me/second-factor").text
    secret = re.search(r"(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}", page)[0].replace(" ", "")
    owner.post("/me/second-factor", {"code": pyotp.TOTP(secret).now(), "old": PASSWORD})
    kept = user("owner").totp_secret
    assert user("owner").totp_since_at
    assert secret not in kept
    # The key is replaced: the old one, in the data folder, still opens, and what it sealed is sealed anew.
    renewed = settings.model_copy(update={"secret_key": SecretStr("another key of the house")})
    assert box_of(app).unseal(kept, f"second factor of person {user('owner').id}")
    made = create_app(renewed)
    (settings.data_dir / "secret.key").unlink()
    made = create_app(renewed)
    assert user("owner").totp_secret != kept
    later = wall_ms() + 60_000
    code = pyotp.TOTP(secret).at(later // 1000)
    assert read(lambda: second_factor._step_of(user("owner"), code, box_of(made), later)) is not None
    assert made.config["SECRET_KEY"] == "another key of the house"


def test_secrets_of_before_are_sealed_and_open_for_their_person_alone(app: Flask, settings) -> None:
    first, second = user("owner"), user("outsider")
    secret = pyotp.random_base32()
    write(lambda: User.update(totp_secret=secret, totp_since_at=1).where(User.id == first.id).execute())
    create_app(settings)
    kept = user("owner").totp_secret
    assert secret not in kept
    assert write(lambda: second_factor.seal_all(box_of(app))) == 0
    now = wall_ms()
    assert write(
        lambda: second_factor.take(user("owner"), pyotp.TOTP(secret).at(now // 1000), box_of(app), now)
    )
    # Somebody who can write the table gains nothing by putting the secret that they know into another's row.
    write(lambda: User.update(totp_secret=kept, totp_since_at=1).where(User.id == second.id).execute())
    assert not write(
        lambda: second_factor.take(user("outsider"), pyotp.TOTP(secret).at(now // 1000), box_of(app), now)
    )


def test_a_link_for_a_new_password_does_not_stand_for_the_second_factor(app: Flask, owner, cast) -> None:
    person = user("colleague")
    write(lambda: User.update(totp_secret="x", totp_since_at=1).where(User.id == person.id).execute())
    page = owner.post(f"/people/{person.id}/link", page="/people").text
    link = re.search(r"(/people/join/[^\s\"<]+|/join/[^\s\"<]+)", page)
    assert link is not None
    browser = Browser(app)
    done = browser.post(link[1], {"password": NEW, "again": NEW}, page=link[1])
    assert done.location == "/login"
    assert browser.get("/").status_code == 302
