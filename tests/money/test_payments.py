"""A payment is booked once: callbacks that repeat, lie, come late or never, and crashes in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from peewee import IntegrityError

from engine.clock import wall_ms
from engine.config import Settings
from engine.errors import BadInput, Conflict, NotFound
from engine.services.accounts import account_states, accounts, audit_log, people
from engine.services.compliance import traffic_caps
from engine.services.money import ledger, payments, receipts, subscriptions
from engine.services.money.payment_providers import (
    ProviderDown,
    ProviderRefused,
    TestProvider,
    ZarinPal,
    provider_of,
)
from engine.services.trunks import switches
from engine.states import AccountState
from engine.store.tables.core import Account
from engine.store.tables.customers import Payment
from engine.store.threads import read, write
from tests.money.world import World
from tests.money.zarinpal_double import MERCHANT, ZarinPalDouble, zarinpal
from webui import create_app

BACK = "https://avanak.example/pay/back"
MINUTE = 60_000


@pytest.fixture
def bank() -> Iterator[ZarinPalDouble]:
    with zarinpal() as double:
        yield double


@pytest.fixture
def provider(bank: ZarinPalDouble) -> ZarinPal:
    return ZarinPal(MERCHANT, bank.url, timeout_s=5)


def begin(world: World, account: int, provider: ZarinPal, amount: int = 50_000, **also: Any) -> str:
    """Begin a payment; its authority."""
    started = payments.begin(account, amount, provider, BACK, world.now, write, **also)
    row = read(lambda: payments.get(started.payment_id))
    assert started.url == f"{provider.base_url}/pg/StartPay/{row.authority}"
    return str(row.authority)


def back(world: World, provider: Any, authority: str, status: str = "OK", **also: Any) -> Payment:
    return payments.callback(
        {"Authority": authority, "Status": status}, provider, world.now, read, write, **also
    )


def test_a_payment_is_booked_once(world: World, bank: ZarinPalDouble, provider: ZarinPal) -> None:
    account = world.account()
    authority = begin(world, account, provider)
    assert bank.payments[authority]["metadata"]["order_id"] == "1"
    bank.pay(authority)
    row = back(world, provider, authority)
    assert (row.state, row.reference, row.card) == ("paid", "201", "502229******5995")
    assert world.balance(account) == 50_000
    for status in ("OK", "NOK"):
        assert back(world, provider, authority, status).state == "paid"
    assert world.balance(account) == 50_000
    assert bank.asked == ["request.json", "verify.json"]
    world.clean()


def test_a_forged_callback_books_nothing(world: World, bank: ZarinPalDouble, provider: ZarinPal) -> None:
    account, other = world.account(), world.account(name="other")
    authority = begin(world, account, provider)
    assert back(world, provider, authority).state == "pending"
    with pytest.raises(NotFound):
        back(world, provider, "A" + "9" * 35)
    with pytest.raises(NotFound):
        back(world, provider, "")
    with pytest.raises(NotFound):
        back(world, provider, authority, account_id=other)
    assert world.balance(account) == 0
    # Somebody else says «cancelled»; the payer pays all the same, and is found by the job.
    assert back(world, provider, authority, "NOK").state == "expired"
    bank.pay(authority)
    world.now += 5 * MINUTE
    assert payments.verify_pending(provider, world.now, read, write) == [1]
    assert world.balance(account) == 50_000
    world.clean()


def test_after_a_crash_the_job_finds_what_was_paid(
    world: World, bank: ZarinPalDouble, provider: ZarinPal
) -> None:
    account = world.account()
    authority = begin(world, account, provider)
    bank.pay(authority)
    fallen: list[int] = []

    def write_and_fall(work: Callable[[], Any]) -> Any:
        def both() -> Any:
            work()
            fallen.append(1)
            raise RuntimeError("killed before the commit")

        return write(both)

    with pytest.raises(RuntimeError, match="killed"):
        payments.callback({"Authority": authority, "Status": "OK"}, provider, world.now, read, write_and_fall)
    assert (world.balance(account), fallen) == (0, [1])
    assert payments.verify_pending(provider, world.now + MINUTE, read, write) == []  # too early
    world.now += 3 * MINUTE
    assert payments.verify_pending(provider, world.now, read, write) == [1]
    assert payments.verify_pending(provider, world.now, read, write) == []
    assert world.balance(account) == 50_000  # the provider said 101: verified before
    world.clean()


def test_a_provider_that_is_away_changes_nothing(
    world: World, bank: ZarinPalDouble, provider: ZarinPal
) -> None:
    account = world.account()
    authority = begin(world, account, provider)
    bank.pay(authority)
    bank.is_broken = True
    assert back(world, provider, authority).state == "pending"
    world.now += 3 * MINUTE
    assert payments.verify_pending(provider, world.now, read, write) == []
    with pytest.raises(ProviderDown):
        begin(world, account, provider)
    bank.is_broken = False
    assert payments.verify_pending(provider, world.now, read, write) == [1]
    world.now += 3 * MINUTE
    payments.verify_pending(provider, world.now, read, write)
    states = [row.state for row in read(lambda: payments.payments(account))]
    assert states == ["failed", "paid"]  # the second never reached the provider
    assert world.balance(account) == 50_000
    world.clean()


def test_nobody_paid_and_the_payment_expires(world: World, bank: ZarinPalDouble, provider: ZarinPal) -> None:
    account = world.account()
    authority = begin(world, account, provider)
    world.now += 5 * MINUTE
    assert payments.verify_pending(provider, world.now, read, write) == []
    world.now += 70 * MINUTE
    assert payments.verify_pending(provider, world.now, read, write) == [1]
    bank.pay(authority)  # late, and the payer comes back
    assert back(world, provider, authority).state == "paid"
    assert world.balance(account) == 50_000
    world.clean()


def test_another_amount_at_the_provider_fails(world: World, bank: ZarinPalDouble, provider: ZarinPal) -> None:
    account = world.account()
    authority = begin(world, account, provider)
    bank.payments[authority]["amount"] = 10_000
    bank.pay(authority)
    row = back(world, provider, authority)
    assert (row.state, "amounts" in row.reason) == ("failed", True)
    assert world.balance(account) == 0
    world.clean()


def test_a_wrong_merchant_is_told(world: World, bank: ZarinPalDouble) -> None:
    account = world.account()
    with pytest.raises(ProviderRefused, match="-9"):
        begin(world, account, ZarinPal("wrong", bank.url))
    for amount in (0, -5, 9_999, payments.MAX_AMOUNT + 1, True):
        with pytest.raises(BadInput):
            begin(world, account, ZarinPal(MERCHANT, bank.url), amount)


def test_a_payment_can_buy_the_months(world: World, bank: ZarinPalDouble, provider: ZarinPal) -> None:
    plan = write(lambda: subscriptions.add_plan(3, 90_000, None, world.now))
    account = world.account(20_000)
    write(
        lambda: (
            Account.update(state=AccountState.EXPIRED, expires_at=1).where(Account.id == account).execute()
        )
    )
    amount = read(lambda: payments.amount_for(account, plan))
    assert amount == 70_000
    authority = begin(world, account, provider, amount, plan_id=plan)
    bank.pay(authority)
    back(world, provider, authority)
    assert read(lambda: accounts.get(account).state) == "active"
    assert world.balance(account) == 0
    world.clean()


def test_the_money_stays_when_the_months_cannot_be_bought(
    world: World, bank: ZarinPalDouble, provider: ZarinPal
) -> None:
    plan = write(lambda: subscriptions.add_plan(3, 90_000, None, world.now))
    account = world.account()
    authority = begin(world, account, provider, 90_000, plan_id=plan)
    write(lambda: account_states.suspend(account, "papers", None, world.now))
    bank.pay(authority)
    assert back(world, provider, authority).state == "paid"
    assert world.balance(account) == 90_000
    assert read(lambda: list(subscriptions.history(account))) == []
    world.clean()


def test_the_test_provider_says_that_it_is_one(world: World) -> None:
    provider = provider_of(Settings(), has_real_switch=False)
    assert isinstance(provider, TestProvider)
    assert not provider.is_real
    account = world.account()
    started = payments.begin(account, 50_000, provider, BACK + "?a=1", world.now, write)
    assert started.url.startswith(BACK + "?a=1&Authority=TEST")
    authority = str(read(lambda: payments.get(started.payment_id)).authority)
    # Nobody has paid, and the job that asks about open payments books nothing, early or late.
    for minutes in (5, 61):
        world.now += minutes * MINUTE
        payments.verify_pending(provider, world.now, read, write)
        assert world.balance(account) == 0
    assert back(world, provider, authority).state == "paid"
    assert world.balance(account) == 50_000


def test_a_receipt_counts_when_staff_confirm_it(world: World) -> None:
    account = world.account()
    clerk = write(lambda: people.add_hashed("clerk", "!none", "finance", world.now))
    made = write(lambda: receipts.submit(account, 2_000_000, " 14040701-5532 ", world.now))
    with pytest.raises(Conflict, match="told already"):
        write(lambda: receipts.submit(account, 2_000_000, "14040701-5532", world.now))
    assert world.balance(account) == 0
    write(lambda: receipts.confirm(made, clerk, world.now))
    with pytest.raises(Conflict, match="paid already"):
        write(lambda: receipts.confirm(made, clerk, world.now))
    with pytest.raises(Conflict):
        write(lambda: receipts.refuse(made, "not found", clerk, world.now))
    assert world.balance(account) == 2_000_000
    second = write(lambda: receipts.submit(account, 10_000, "7766", world.now))
    write(lambda: receipts.refuse(second, "not on the account", clerk, world.now))
    assert read(lambda: payments.get(second)).reason == "not on the account"
    acts = [row.action for row in read(lambda: audit_log.entries(account, person_id=clerk))]
    assert acts == ["payment.refuse", "payment.confirm"]
    world.clean()


def test_a_gateway_payment_is_not_confirmed_by_hand(
    world: World, bank: ZarinPalDouble, provider: ZarinPal
) -> None:
    account = world.account()
    begin(world, account, provider)
    with pytest.raises(Conflict, match="by hand"):
        write(lambda: receipts.confirm(1, 1, world.now))


@pytest.mark.parametrize(
    "typed", ["۱۴۰۴۰۷۰۱-۵۵۳۲ab", "1404 0701 5532AB", "１４０４０７０１-5532–aB", "14040701/5532.Ab"]
)
def test_a_transfer_is_told_once_however_it_is_typed(world: World, typed: str) -> None:
    account = world.account()
    write(lambda: receipts.submit(account, 20_000, "14040701-5532ab", world.now))
    with pytest.raises(Conflict, match="told already"):
        write(lambda: receipts.submit(account, 20_000, typed, world.now))


def test_nobody_blocks_a_receipt_by_naming_it_first(world: World) -> None:
    thief, payer = world.account(name="thief"), world.account(name="payer")
    clerk = write(lambda: people.add_hashed("clerk", "!none", "finance", world.now))
    first = write(lambda: receipts.submit(thief, 20_000, "5532-77", world.now))
    second = write(lambda: receipts.submit(payer, 20_000, "553277", world.now))
    assert [row.id for row in read(lambda: receipts.same_number(payments.get(second)))] == [first]
    write(lambda: receipts.confirm(second, clerk, world.now))
    with pytest.raises(Conflict, match="is booked"):
        write(lambda: receipts.confirm(first, clerk, world.now))
    write(lambda: receipts.refuse(first, "another's money", clerk, world.now))
    assert (world.balance(thief), world.balance(payer)) == (0, 20_000)
    # The database holds it too, should two be confirmed at the same moment.
    with pytest.raises(IntegrityError):
        write(lambda: Payment.update(state="paid").where(Payment.id == first).execute())


def test_real_calls_are_not_paid_with_test_money() -> None:
    with pytest.raises(BadInput, match="AVANAK_TEST_PAYMENTS"):
        provider_of(Settings(), has_real_switch=True)
    assert not provider_of(Settings(test_payments=True), has_real_switch=True).is_real
    assert provider_of(Settings(zarinpal_merchant_id=MERCHANT), has_real_switch=True).is_real


def test_the_web_does_not_start_with_test_payments_beside_a_real_switch(world: World, tmp_path: Path) -> None:
    named = Settings(data_dir=tmp_path, switches="a=esl://:ClueCon@127.0.0.1:1")
    with pytest.raises(BadInput, match="AVANAK_TEST_PAYMENTS"):
        create_app(named)
    # Nor where an engine elsewhere has one: the web part names no switches.
    plain = Settings(data_dir=tmp_path)
    create_app(plain)
    switch = write(lambda: switches.register("real", "10.0.0.1:8021", False, wall_ms()))
    write(lambda: switches.report(switch, seen_at=wall_ms()))
    with pytest.raises(BadInput, match="AVANAK_TEST_PAYMENTS"):
        create_app(plain)
    create_app(Settings(data_dir=tmp_path, test_payments=True))


@pytest.mark.parametrize("amount", [0, -1, 10**13 + 1, 2**63 - 1, True, 20_000.0, "20000", None])
def test_amounts_are_whole_positive_and_bounded(world: World, amount: Any) -> None:
    account = world.account(credit=1_000_000)
    ways = [
        lambda: ledger.top_up(account, amount, "k1", world.now),
        lambda: ledger.adjust(account, amount, "why", "k2", None, world.now),
        lambda: receipts.submit(account, amount, "553277", world.now),
        lambda: payments.begin(account, amount, TestProvider(), BACK, world.now, lambda work: work()),
        lambda: traffic_caps.set_caps(account, None, amount, world.now, None),
    ]
    if amount == -1:
        del ways[1]  # taking credit
    if amount is None:
        del ways[-1]  # no cap of its own
    for way in ways:
        with pytest.raises(BadInput, match="whole Rials"):
            write(way)
    if amount != 0:
        with pytest.raises(BadInput, match="whole Rials"):
            write(lambda: subscriptions.add_plan(1, amount, None, world.now))
    assert world.balance(account) == 1_000_000
    world.clean()
