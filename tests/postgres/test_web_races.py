"""Twenty people press the same button at the same moment, at four web processes on PostgreSQL: it happens once.

Each process writes with one thread, so four of them are at the same place at most; `Webs.at_once` holds the table that is
written last until all four have looked whether they may.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import requests
from peewee import chunked

from engine.clock import wall_ms
from engine.services.accounts import access_tokens, accounts, quotas
from engine.services.accounts.access_tokens import NewToken
from engine.services.accounts.token_scopes import Scope
from engine.services.money import ledger, payments, receipts, subscriptions
from engine.services.money.payment_providers import TestProvider
from engine.services.onboarding import registration
from engine.services.sla import incidents
from engine.states import AccountState
from engine.store.tables.core import Account, Message, User
from engine.store.threads import read, write
from tests.postgres.fixtures import opened
from tests.postgres.server import PostgresServer
from tests.postgres.webs import Person, Webs
from tests.webui.conftest import Cast, _make_cast

AT_ONCE = 20
HOUR = 3_600_000


@pytest.fixture(scope="module")
def webs(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webs]:
    global CAST
    with opened(postgres) as url:
        CAST = write(_make_cast)
        folder = tmp_path_factory.mktemp("webs")
        made = Webs(url, folder, AVANAK_HOURS_SERVICE="", AVANAK_CODE_CALLS_AN_HOUR="100000")
        yield made
        made.stop()


CAST: Cast


@pytest.fixture(scope="module")
def owner(webs: Webs) -> Person:
    return Person(webs, "owner")


@pytest.fixture(scope="module")
def admin(webs: Webs) -> Person:
    return Person(webs, "admin")


def many(webs: Webs, who: Person, path: str, data: dict[str, str], held: str) -> list[int]:
    """Send the form twenty times at once; the statuses."""
    answers = webs.at_once([lambda at: who.post(path, data, at)] * AT_ONCE, held)
    return sorted(each.status_code for each in answers)


def each_is_answered(statuses: list[int]) -> None:
    assert statuses[-1] < 500, statuses


def test_a_receipt_is_told_once(webs: Webs, owner: Person) -> None:
    form = {**owner.form("/balance"), "amount": "500000", "reference": "RACE-1-4711"}
    statuses = many(webs, owner, "/balance/receipt", form, "payment")
    assert webs.ask("SELECT count(*) FROM payment WHERE receipt_key = 'race14711'") == [(1,)]
    assert statuses == [302] + [400] * (AT_ONCE - 1)


def test_a_receipt_is_confirmed_once_and_a_transfer_booked_for_one(webs: Webs, admin: Person) -> None:
    now = wall_ms()
    one, other = (
        write(lambda of=of: receipts.submit(of, 400_000, "SAME-9-1", now)) for of in (CAST.sahar, CAST.other)
    )
    form = admin.form(f"/payments/{one}")
    answers = webs.at_once(
        [lambda at: admin.post(f"/payments/{one if at < 10 else other}/confirm", form, at)] * AT_ONCE,
        "ledger_txn",
    )
    assert webs.ask("SELECT count(*) FROM ledger_txn WHERE payment_id IN (%s, %s)", one, other) == [(1,)]
    assert sorted(each.status_code for each in answers) == [302] + [409] * (AT_ONCE - 1)


def test_a_payment_is_booked_once_however_often_its_payer_comes_back(webs: Webs, owner: Person) -> None:
    begun = payments.begin(
        CAST.sahar, 300_000, TestProvider(), "http://localhost/balance/callback", wall_ms(), write
    )
    authority = webs.ask("SELECT authority FROM payment WHERE id = %s", begun.payment_id)[0][0]
    back = f"/balance/callback?Authority={authority}&Status=OK"
    answers = webs.at_once([lambda at: owner.get(back, at % len(webs.urls))] * AT_ONCE, "ledger_txn")
    assert {each.status_code for each in answers} == {302}
    assert webs.ask("SELECT count(*) FROM ledger_txn WHERE payment_id = %s", begun.payment_id) == [(1,)]
    assert webs.ask("SELECT state FROM payment WHERE id = %s", begun.payment_id) == [("paid",)]


def test_months_are_bought_once_by_one_form(webs: Webs, owner: Person) -> None:
    now = wall_ms()
    plan = write(lambda: subscriptions.add_plan(1, 100_000, None, now))
    before = read(lambda: ledger.money_of(CAST.sahar).available)
    form = {**owner.form("/balance"), "plan": str(plan), "key": "one-form"}
    each_is_answered(many(webs, owner, "/balance/subscribe", form, "subscription"))
    assert webs.ask("SELECT count(*) FROM subscription WHERE account_id = %s", CAST.sahar) == [(1,)]
    assert read(lambda: ledger.money_of(CAST.sahar).available) == before - 100_000


def test_credit_for_one_call_is_spent_on_one(webs: Webs) -> None:
    now = wall_ms()
    account = write(lambda: accounts.open_by_staff("Poor", now + 10**10, None, now))
    kept = read(lambda: User.get(User.username == "owner").password_hash)
    write(
        lambda: User.create(
            username="poor", password_hash=kept, role="owner", account=account, created_at=now
        )
    )
    message = write(
        lambda: Message.create(
            account=account, title="Hi", prompt="hello", duration_ms=5_000, state="approved", created_at=now
        )
    )
    poor = Person(webs, "poor")
    form = {**poor.form("/quick"), "number": "09121112233", "message": str(message.id)}
    assert poor.post("/quick", form).status_code == 400, "there is no credit"
    write(lambda: ledger.top_up(account, 1_000, "race/poor", now))
    price = _price(webs, poor, form, account)
    paid = read(lambda: ledger.money_of(account).available) // price
    assert 1 <= paid < AT_ONCE
    statuses = many(webs, poor, "/quick", form, "ledger_txn")
    assert statuses == [302] * paid + [400] * (AT_ONCE - paid)
    assert 0 <= read(lambda: ledger.money_of(account).available) < price


def _price(webs: Webs, poor: Person, form: dict[str, str], account: int) -> int:
    """What a call of this form costs."""
    before = read(lambda: ledger.money_of(account).available)
    assert poor.post("/quick", form).status_code == 302
    return before - read(lambda: ledger.money_of(account).available)


def test_a_new_number_is_rung_once(webs: Webs) -> None:
    """The code of a registration: each call more is one that a stranger causes at somebody's telephone."""
    now = wall_ms()
    kept = read(lambda: User.get(User.username == "owner").password_hash)
    made = write(lambda: registration.register("New", "person", "09123334455", "newcomer", kept, now))
    newcomer = Person(webs, "newcomer")
    form = newcomer.form("/verify")
    each_is_answered(many(webs, newcomer, "/verify/call", form, "mobile_code"))
    assert webs.ask("SELECT count(*) FROM mobile_code WHERE account_id = %s", made.account_id) == [(1,)]
    assert read(lambda: accounts.get(made.account_id)).state == AccountState.REGISTERED


def test_a_code_is_guessed_as_often_as_is_allowed(webs: Webs) -> None:
    newcomer = Person(webs, "newcomer")
    form = {**newcomer.form("/verify"), "code": "000000"}
    webs.ask("UPDATE mobile_code SET wrong = 4")
    each_is_answered(many(webs, newcomer, "/verify/code", form, "mobile_code"))
    assert webs.ask("SELECT max(wrong) FROM mobile_code") == [(5,)]


@pytest.mark.parametrize(
    ("table", "most", "path", "page", "data"),
    [
        (
            "contact_address",
            3,
            "/contacts/addresses",
            "/contacts",
            {"channel": "voice", "topics": "notices", "spoken": "fa"},
        ),
        ("access_token", 20, "/tokens", "/tokens", {"scopes": "sends:write"}),
        ("person", 100, "/people/invite", "/people", {"role": "member"}),
    ],
)
def test_an_account_keeps_no_more_than_it_may(webs: Webs, table, most, path, page, data) -> None:
    now = wall_ms()
    kept = read(lambda: User.get(User.username == "owner").password_hash)
    name = f"full-{table}"
    account = write(lambda: accounts.open_by_staff(name, now + 10**10, None, now))
    write(lambda: Account.update(permissions="web_service").where(Account.id == account).execute())
    write(
        lambda: User.create(username=name, password_hash=kept, role="owner", account=account, created_at=now)
    )
    who = Person(webs, name)
    token = who.form(page)["csrf_token"]

    def form(number: int) -> dict[str, str]:
        return {
            **data,
            "csrf_token": token,
            "address": f"0912000{number:04d}",
            "name": f"shop {number}",
            "username": f"{table}-{number}",
        }

    while _kept(webs, table, account) < most - 1:
        assert who.post(path, form(_kept(webs, table, account))).status_code in (200, 302)
    answers = webs.at_once([lambda at: who.post(path, form(5_000 + at), at)] * AT_ONCE, table)
    each_is_answered([each.status_code for each in answers])
    assert _kept(webs, table, account) == most


def _kept(webs: Webs, table: str, account: int) -> int:
    return int(webs.ask(f"SELECT count(*) FROM {table} WHERE account_id = %s", account)[0][0])


def test_no_more_texts_are_spoken_in_a_day_than_an_account_may(webs: Webs) -> None:
    """By the page, `/Rest` and `/api/v1` at once, when there is room for three more."""
    now = wall_ms()
    kept = read(lambda: User.get(User.username == "owner").password_hash)
    account = write(lambda: accounts.open_by_staff("Speaker", now + 10**10, None, now))
    granted = "web_service own_voice any_hour"
    write(lambda: Account.update(permissions=granted).where(Account.id == account).execute())
    write(lambda: ledger.top_up(account, 10_000_000, "race/speaker", now))
    user = write(
        lambda: User.create(
            username="speaker", password_hash=kept, role="owner", account=account, created_at=now
        )
    )
    used = [
        {"account": account, "title": "t", "prompt": f"used-{n}", "duration_ms": 5_000, "text": f"used {n}",
         "created_at": now, "in_gallery": False}
        for n in range(quotas.SPOKEN_FREELY_A_DAY.full - 3)
    ]  # fmt: skip
    for some in chunked(used, 5_000):
        write(lambda some=some: Message.insert_many(some).execute())
    secret = write(lambda: access_tokens.make(user, NewToken("race", tuple(Scope)), now).secret)
    speaker = Person(webs, "speaker")
    form = speaker.form("/quick")

    def text(n: int) -> str:
        return f"سلام، نوبت شما فردا ساعت {n} است، لطفا زودتر تشریف بیاورید"

    def by_page(n: int, at: int) -> requests.Response:
        return speaker.post(
            "/quick", {**form, "number": f"091211122{n:02d}", "text": text(n), "message": "0"}, at
        )

    def by_rest(n: int, at: int) -> requests.Response:
        return requests.post(
            f"{webs.urls[at % len(webs.urls)]}/Rest/QuickSendWithTTS",
            data={"Number": f"091211122{n:02d}", "Text": text(n)},
            headers={"Authorization": secret},
            timeout=60,
        )

    def by_api(n: int, at: int) -> requests.Response:
        return requests.post(
            f"{webs.urls[at % len(webs.urls)]}/api/v1/quick-sends",
            json={"number": f"091211122{n:02d}", "text": text(n)},
            headers={"Authorization": f"Bearer {secret}"},
            timeout=60,
        )

    ways = (by_page, by_rest, by_api)
    answers = webs.at_once([lambda at, n=n: ways[n % 3](n, at) for n in range(AT_ONCE)], "message")
    each_is_answered([each.status_code for each in answers])
    spoken = webs.ask("SELECT count(*) FROM message WHERE account_id = %s AND text <> ''", account)
    sent = webs.ask("SELECT count(*) FROM quick_send WHERE account_id = %s", account)
    assert (spoken, sent) == ([(quotas.SPOKEN_FREELY_A_DAY.full,)], [(3,)])


def test_a_name_is_given_once(webs: Webs, owner: Person) -> None:
    form = {**owner.form("/people"), "username": "wanted", "role": "member"}
    statuses = many(webs, owner, "/people/invite", form, "person")
    assert statuses == [200] + [400] * (AT_ONCE - 1)


def test_an_outage_is_claimed_once(webs: Webs, owner: Person) -> None:
    now = wall_ms()
    admin_id = read(lambda: User.get(User.username == "admin").id)
    write(lambda: incidents.enter(admin_id, now - 3 * HOUR, now - 2 * HOUR, "cable", now, CAST.sahar))
    times = {"from_at": _written(now - 3 * HOUR), "until_at": _written(now - 2 * HOUR)}
    form = {**owner.form("/claims/new"), **times, "kind": "outage", "text": "nothing rang", "number": ""}
    posts = [
        lambda at, key=number: owner.post("/claims/new", {**form, "key": f"form {key}"}, at)
        for number in range(AT_ONCE)
    ]
    answers = webs.at_once(posts, "claim")
    assert sorted(each.status_code for each in answers) == [302] + [400] * (AT_ONCE - 1)
    assert webs.ask("SELECT count(*) FROM claim") == [(1,)]


def _written(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, ZoneInfo('Asia/Tehran')):%Y-%m-%d %H:%M}"


def test_a_campaign_starts_once_and_a_number_is_listed_once(webs: Webs, owner: Person) -> None:
    form = owner.form(f"/campaigns/{CAST.campaign}")
    listed = {**form, "number": "09120000001"}
    start = f"/campaigns/{CAST.campaign}/start"
    posts = [
        (lambda at: owner.post(start, form, at))
        if n // 4 % 2
        else (lambda at: owner.post("/do-not-call/add", listed, at))
        for n in range(AT_ONCE)
    ]
    each_is_answered([each.status_code for each in webs.at_once(posts, "do_not_call")])
    assert webs.ask("SELECT count(*) FROM do_not_call WHERE number = '+989120000001'") == [(1,)]
    assert webs.ask("SELECT state FROM campaign WHERE id = %s", CAST.campaign)[0][0] == "running"
