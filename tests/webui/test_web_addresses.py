"""Addresses of notices belong to whoever adds them, or nothing is sent to them; as a customer's browser sees it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from engine.clock import TEHRAN, wall_ms
from engine.config import Settings
from engine.sentences import sentence_of
from engine.services.campaigns import quick_sends
from engine.services.compliance.policy import Policy
from engine.services.notices import special_wishes
from engine.services.outbox import addresses, deliveries, voice
from engine.services.trunks import switches
from engine.states import DeliveryState
from engine.store import do_not_call
from engine.store.tables.core import Account, Campaign, Recipient, User
from engine.store.tables.customers import MobileCode
from engine.store.tables.support import ContactAddress, Delivery
from engine.store.threads import read, write
from tests.policies import ANYTHING
from tests.webui.conftest import PASSWORD, Browser, Cast

WORDS = {"fa": "پاسخ", "en": "An answer"}
DAY = 86_400_000


@pytest.fixture(autouse=True)
def _unlimited(unlimited) -> None:
    """More than a person asks for."""


def can_be_rung(account_id: int) -> None:
    """There is a switch, and the account has a mobile of its own."""

    def work() -> None:
        switches.register("embedded", "", True, wall_ms())
        Account.update(mobile="+989121112233", mobile_verified_at=1).where(Account.id == account_id).execute()

    write(work)


def add(browser: Browser, channel: str, address: str):
    form = {"channel": channel, "address": address, "topics": ["tickets", "notices"], "spoken": "en"}
    return browser.post("/contacts/addresses", form)


def tell(account: int, key: str, now: int | None = None) -> int:
    """As a ticket's answer does."""
    at = now or wall_ms()
    return write(lambda: deliveries.to_account(account, "tickets", key, subject=WORDS, text=WORDS, now=at))


def calls() -> list[Recipient]:
    standing = Campaign.select(Campaign.id).where(Campaign.standing_key != "")
    return read(lambda: list(Recipient.select().where(Recipient.campaign_id.in_(standing))))


def line(now: int, policy: Policy = ANYTHING) -> None:
    voice.VoiceLine(lambda text, language: ("p", 3_000), lambda: None, policy).step(now, 100)


def test_two_hundred_strangers_are_not_rung_by_an_answer(owner, cast: Cast) -> None:
    kept = [add(owner, "voice", f"0912{n:07d}").status_code for n in range(200)]
    assert kept.count(302) == addresses.MAX_NUMBERS
    mails = [add(owner, "email", f"a{n}@shop.example").status_code for n in range(30)]
    assert mails.count(302) == addresses.MAX_ADDRESSES - addresses.MAX_NUMBERS
    assert tell(cast.sahar, "answer") == 0
    line(wall_ms())
    assert calls() == []


def test_a_number_is_verified_by_a_call_and_a_mail_by_a_message(owner, outsider, cast: Cast) -> None:
    write(lambda: switches.register("embedded", "", True, wall_ms()))
    path = add(owner, "voice", "09121112233").location
    assert "not verified" in owner.get("/contacts").text
    assert outsider.get(path).status_code == 404
    assert outsider.post(f"{path}/code").status_code == 404
    page = owner.post(f"{path}/code", follow_redirects=True).text
    # The embedded switch rings nobody: the code is on the page.
    code = re.search(r"the code is (\d{5})", page)
    assert code is not None
    assert "The call is about to be placed" in page
    assert "Another call can be asked for in" in owner.get(f"{path}/state").text
    wrong = f"{(int(code[1]) + 1) % 100_000:05d}"
    assert owner.post(f"{path}/verify", {"code": wrong}).status_code == 400
    assert outsider.post(f"{path}/verify", {"code": code[1]}).status_code == 404
    assert owner.post(f"{path}/verify", {"code": code[1]}).status_code == 302
    mail = add(owner, "email", "boss@shop.example").location
    write(lambda: MobileCode.update(created_at=MobileCode.created_at - 3_600_000).execute())
    assert "the code is" not in owner.post(f"{mail}/code", follow_redirects=True).text
    sent = read(lambda: Delivery.get(Delivery.channel == "email"))
    assert sent.address == "boss@shop.example"
    code = re.search(r"\d{5}", sent.text)
    assert code is not None
    assert owner.post(f"{mail}/verify", {"code": code[0]}).status_code == 302
    assert tell(cast.sahar, "answer") == 2


def test_with_a_real_switch_no_page_shows_the_code(owner, cast: Cast) -> None:
    write(lambda: switches.register("embedded", "", True, wall_ms()))
    write(lambda: switches.register("real", "10.0.0.1:8021", False, 0))
    path = add(owner, "voice", "09121112233").location
    assert "the code is" not in owner.post(f"{path}/code", follow_redirects=True).text


def known(cast: Cast, number: str = "09121112233") -> None:
    def work() -> None:
        person = User.get(User.username == "owner")
        made = addresses.add(person, cast.sahar, "voice", number, ["tickets"], wall_ms())
        ContactAddress.update(verified_at=wall_ms()).where(ContactAddress.id == made).execute()

    write(work)


def test_a_verified_number_is_rung_by_day_and_with_ordinary_priority(app, cast: Cast) -> None:
    by_day = Policy.of_settings(Settings(hours_service="07:00-23:00"))
    known(cast)
    night = int(datetime(2026, 11, 28, 3, 0, tzinfo=TEHRAN).astimezone(UTC).timestamp() * 1000)
    tell(cast.sahar, "answer", night)
    line(night, by_day)
    assert calls() == []
    row = read(lambda: Delivery.get())
    assert (row.state, row.tries, row.next_at) == (DeliveryState.WAITING, 0, night + 4 * 3_600_000)
    line(row.next_at, by_day)
    (call,) = calls()
    standing = read(lambda: Campaign.get_by_id(call.campaign_id))
    assert (standing.priority, standing.kind) == (0, "service")


def test_do_not_call_and_caps_hold_for_notices(app, cast: Cast) -> None:
    known(cast)
    now = wall_ms()
    for n in range(8):
        tell(cast.sahar, f"answer {n}", now)
    line(now)
    assert len(calls()) == voice.TO_A_NUMBER
    failed = read(lambda: list(Delivery.select().where(Delivery.state == DeliveryState.FAILED)))
    assert len(failed) == 8 - voice.TO_A_NUMBER
    why = sentence_of(failed[0].error)
    assert (why.id, why.values["n"]) == ("the number was rung %(n)s times in 24 hours", voice.TO_A_NUMBER)
    write(lambda: do_not_call.add(0, [989121112233], "person", now))
    tell(cast.sahar, "the day after", now + 2 * DAY)
    line(now + 2 * DAY)
    last = read(lambda: Delivery.select().order_by(Delivery.id.desc()).first())
    assert "do-not-call" in last.error
    assert len(calls()) == voice.TO_A_NUMBER


def test_our_own_staff_come_first_at_any_hour(app, cast: Cast) -> None:
    def work() -> None:
        admin = User.get(User.username == "admin")
        addresses.add(admin, None, "voice", "09121112233", ["incidents"], wall_ms())
        deliveries.to_staff("incidents", "down", subject=WORDS, text=WORDS, now=wall_ms())

    write(work)
    line(wall_ms())
    (call,) = calls()
    assert read(lambda: Campaign.get_by_id(call.campaign_id)).priority == quick_sends.OTP_PRIORITY


def test_a_special_notice_goes_to_verified_addresses(owner, cast: Cast) -> None:
    form = {"key": "k", "text": "Call the boss", "channel": "voice", "address": "09121112233", "spoken": "en"}
    refused = owner.post("/contacts/special", form)
    assert refused.status_code == 400
    assert "verify it first" in refused.text
    known(cast)
    assert owner.post("/contacts/special", form).status_code == 302
    told = write(lambda: special_wishes.tell("outage/1", 1, None, WORDS, WORDS, wall_ms()))
    assert told == 1
    write(lambda: ContactAddress.delete().execute())  # removed: nobody answers for it any more
    assert write(lambda: special_wishes.tell("outage/2", 2, None, WORDS, WORDS, wall_ms())) == 0


def test_a_forgotten_password_is_chosen_anew_by_a_code(app, anyone, owner, cast: Cast, caplog) -> None:
    can_be_rung(cast.sahar)
    unknown = Browser(app)
    page = unknown.post("/forgot", {"username": "nobody"}, page="/forgot", follow_redirects=True)
    asked = anyone.post("/forgot", {"username": " Owner "}, page="/forgot", follow_redirects=True).text
    code = re.search(r"code=(\d{5})", caplog.text)  # on no page, or whoever asks takes the account over
    assert code is not None
    assert code[1] not in asked
    tokens = re.compile(r'value="[^"]+"')
    assert tokens.sub("", page.text) == tokens.sub("", asked)  # the pages tell no names
    new = {"password": "another horse 2", "again": "another horse 2"}
    wrong = f"{(int(code[1]) + 1) % 100_000:05d}"
    assert anyone.post("/forgot/code", {**new, "code": wrong}, page="/forgot/code").status_code == 400
    assert unknown.post("/forgot/code", {**new, "code": code[1]}, page="/forgot/code").status_code == 400
    done = anyone.post("/forgot/code", {**new, "code": code[1]}, page="/forgot/code")
    assert done.location == "/login"
    assert owner.get("/").status_code == 302  # all sessions have ended
    assert anyone.log_in("owner", PASSWORD).status_code == 401
    assert anyone.log_in("owner", "another horse 2").status_code == 302
    # A colleague without a mobile of their own: nobody is rung.
    rung = len(calls())
    Browser(app).post("/forgot", {"username": "colleague"}, page="/forgot")
    assert len(calls()) == rung


def test_a_colleague_chooses_a_password_by_a_mobile_of_their_own(
    app, owner, colleague, cast: Cast, caplog
) -> None:
    write(lambda: switches.register("embedded", "", True, wall_ms()))
    person = read(lambda: User.get(User.username == "colleague"))
    own, landline = "+989121119999", "+982188776655"

    def asked() -> list[str]:
        """Whose telephones ring for the name; a browser of its own each time."""
        write(lambda: MobileCode.delete().execute())
        before = len(calls())
        Browser(app).post("/forgot", {"username": "colleague"}, page="/forgot", follow_redirects=True)
        return [row.number for row in calls()[before:]]

    def noted(number: str, person_id: int, by: int, at: int | None) -> None:
        write(
            lambda: ContactAddress.create(
                account_id=cast.sahar, person_id=person_id, channel="voice", address=number, topics="notices",
                created_at=1, created_by=by, verified_at=at,
            )
        )  # fmt: skip

    other = read(lambda: User.get(User.username == "owner")).id
    noted("+989121110001", person.id, person.id, None)  # nobody gave a code back
    noted("+989121110002", person.id, other, 1)  # somebody else named it
    noted("+989121110003", other, other, 1)  # a colleague's
    noted("+989121110004", person.id, person.id, wall_ms() - 60_000)  # verified just now
    noted(landline, person.id, person.id, 1)
    assert asked() == []
    noted(own, person.id, person.id, 2)
    assert asked() == [own]
    write(lambda: MobileCode.delete().execute())
    caplog.clear()
    browser = Browser(app)
    browser.post("/forgot", {"username": "colleague"}, page="/forgot", follow_redirects=True)
    code = re.search(r"code=(\d{5})", caplog.text)
    assert code is not None
    new = {"password": "another horse 2", "again": "another horse 2", "code": code[1]}
    assert browser.post("/forgot/code", new, page="/forgot/code").location == "/login"
    assert colleague.get("/").status_code == 302
    assert browser.log_in("colleague", "another horse 2").status_code == 302


def test_asking_again_and_again_tells_no_names(app, cast: Cast) -> None:
    can_be_rung(cast.sahar)
    said = [
        [Browser(app).post("/forgot", {"username": name}, page="/forgot").status_code for _ in range(9)]
        for name in ("owner", "nobody")
    ]
    assert said[0] == said[1]


def test_neither_the_cookie_nor_the_answers_to_guesses_tell_names(app, cast: Cast) -> None:
    can_be_rung(cast.sahar)
    new = {"password": "another horse 2", "again": "another horse 2", "code": "x"}
    seen = []
    for name in ("owner", "nobody", "quality"):
        browser = Browser(app)
        browser.post("/forgot", {"username": name}, page="/forgot")
        with browser.client.session_transaction() as held:
            kept = held["forgot"]
        assert kept == {"name": name, "at": kept["at"]}  # what was typed, nothing of ours
        answers = [browser.post("/forgot/code", new, page="/forgot/code") for _ in range(7)]
        write(lambda: MobileCode.update(expires_at=1).execute())
        seen.append([(each.status_code, re.sub(r'value="[^"]+"', "", each.text)) for each in answers])
    assert seen[0][0][0] == 400
    assert seen[0][:5] == seen[1][:5] == seen[2][:5]
