"""What calls are charged, in campaigns and as quick sends: the charges in tables."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from engine.services.accounts import accounts
from engine.services.campaigns.quick_sends import QuickOptions, send, send_many
from engine.services.money import charges, pricing
from engine.services.money.ledger import NoCredit
from engine.services.numbering.numbers import NormalNumber, normalise
from engine.states import Disposition
from engine.store.sql import changed
from engine.store.tables.core import Attempt, Recipient
from engine.store.tables.money import LedgerEntry, LedgerTxn, Reservation
from engine.store.threads import read, write
from tests.money.world import CALL_LANDLINE, CALL_MOBILE, MESSAGE_MS, PULSE_S, World, set_price
from tests.policies import ANYTHING


@pytest.mark.parametrize("disposition", list(Disposition))
@pytest.mark.parametrize("heard_ms", [-1, 0, 1, 4_000])
def test_only_what_was_answered_and_heard_is_charged(disposition: Disposition, heard_ms: int) -> None:
    item = SimpleNamespace(end=SimpleNamespace(heard_ms=heard_ms), disposition=disposition)
    is_due = disposition == Disposition.ANSWERED and heard_ms > 0
    assert charges.is_charged(item) is is_due  # type: ignore[arg-type]


@pytest.mark.parametrize("heard_ms", [1, 1_999, 2_000, 2_001, MESSAGE_MS, 3 * MESSAGE_MS])
def test_a_group_is_charged_as_each_of_its_calls(world: World, heard_ms: int) -> None:
    account = world.account(100 * CALL_MOBILE)
    price = read(lambda: pricing.price_of(account, world.now))
    campaign = world.campaign(account, mobiles=2, landlines=2)
    reserved = world.reserved(account)
    world.settle(world.claim(campaign), heard_ms=heard_ms)
    cost = 2 * price.of_call(heard_ms, True) + 2 * price.of_call(heard_ms, False)
    assert read(lambda: sum(row.price for row in Attempt.select())) == cost
    kept = read(lambda: Reservation.get_by_id(campaign))
    assert (kept.charged, kept.held) == (cost, max(0, reserved - cost))
    assert world.balance(account) == 100 * CALL_MOBILE - max(reserved, cost)
    txn = read(lambda: LedgerTxn.get(LedgerTxn.kind == "charge"))
    ids = read(lambda: [int(row.id) for row in Attempt.select().order_by(Attempt.id)])
    assert (txn.key, txn.first_attempt_id, txn.last_attempt_id) == (f"charge/{ids[0]}", ids[0], ids[-1])
    entries = read(
        lambda: {row.book: row.amount for row in LedgerEntry.select().where(LedgerEntry.txn_id == txn.id)}
    )
    from_balance = max(0, cost - reserved)
    expected = {"reserved": -min(cost, reserved), "balance": -from_balance, "revenue": cost}
    assert entries == {name: amount for name, amount in expected.items() if amount}


def number(text: str) -> NormalNumber:
    found = normalise(text)
    assert isinstance(found, NormalNumber)
    return found


def quick(world: World, account: int, text: str, ms: int = MESSAGE_MS) -> int:
    return write(lambda: send(account, number(text), "p", QuickOptions(), world.now, ANYTHING, ms))


@pytest.mark.parametrize(("credit", "is_enough"), [(CALL_LANDLINE - 1, False), (CALL_LANDLINE, True)])
def test_a_quick_send_needs_its_own_price(world: World, credit: int, is_enough: bool) -> None:
    account = world.account(credit)
    if not is_enough:
        with pytest.raises(NoCredit) as error:
            quick(world, account, "02188776655")
        assert (error.value.needed, error.value.available) == (CALL_LANDLINE, credit)
        return
    sent = quick(world, account, "02188776655")
    assert (world.balance(account), world.reserved(account)) == (0, CALL_LANDLINE)
    row = read(lambda: Recipient.get_by_id(sent))
    kept = read(lambda: Reservation.get_by_id(row.campaign_id))
    assert (row.reserved, kept.held, kept.slices) == (CALL_LANDLINE, CALL_LANDLINE, 1)


def test_quick_sends_are_charged_each_for_itself_and_the_rest_returns_once(world: World) -> None:
    account = world.account(10 * CALL_MOBILE)
    sent = [quick(world, account, text) for text in ("09121112233", "02188776655", "09121112244")]
    campaign = read(lambda: int(Recipient.get_by_id(sent[0]).campaign_id))
    calls = {item.recipient.id: item for item in world.claim(campaign)}
    assert read(charges.ended_quick) == []
    world.settle([calls[sent[0]]], heard_ms=2_000)  # half of it
    world.settle([calls[sent[1]]], heard_ms=6_000)  # more than was set aside
    world.settle([calls[sent[2]]], heard_ms=0)
    prices = {row.recipient_id: row.price for row in read(lambda: list(Attempt.select()))}
    assert [prices[key] for key in sent] == [150, 300, 0]
    held = {row.id: row.reserved for row in read(lambda: list(Recipient.select()))}
    assert [held[key] for key in sent] == [150, 0, 300]
    assert sorted(read(charges.ended_quick)) == [(campaign, sent[0]), (campaign, sent[2])]
    assert len(read(lambda: charges.ended_quick(1))) == 1
    for _ in range(2):
        write(lambda: charges.release_quick(campaign, sent, world.now))
        assert (world.balance(account), world.reserved(account)) == (10 * CALL_MOBILE - 450, 0)
    assert (world.balance(account), world.reserved(account)) == (10 * CALL_MOBILE - 450, 0)
    assert read(lambda: Reservation.get_by_id(campaign)).charged == 450
    world.clean()


def quick_many(world: World, account: int, texts: list[str]) -> list[int]:
    numbers = [number(text) for text in texts]
    return write(lambda: send_many(account, numbers, "p", QuickOptions(), world.now, MESSAGE_MS, ANYTHING))


@pytest.mark.parametrize(("short", "is_enough"), [(1, False), (0, True)])
def test_quick_sends_together_are_all_paid_in_one_booking_or_none_is_accepted(
    world: World, short: int, is_enough: bool
) -> None:
    cost = 2 * CALL_MOBILE + CALL_LANDLINE
    account = world.account(cost - short)
    texts = ["09121112233", "02188776655", "09121112244"]
    if not is_enough:
        with pytest.raises(NoCredit) as error:
            quick_many(world, account, texts)
        assert (error.value.needed, error.value.available) == (cost, cost - 1)
        assert (world.balance(account), world.reserved(account)) == (cost - 1, 0)
        assert read(lambda: Recipient.select().count()) == 0
        return
    sent = quick_many(world, account, texts)
    assert (world.balance(account), world.reserved(account)) == (0, cost)
    rows = read(lambda: [Recipient.get_by_id(key) for key in sent])
    assert [row.reserved for row in rows] == [CALL_MOBILE, CALL_LANDLINE, CALL_MOBILE]
    assert {row.price_id for row in rows} == {read(lambda: pricing.price_of(account, world.now)).id}
    kept = read(lambda: Reservation.get_by_id(rows[0].campaign_id))
    assert (kept.held, kept.slices) == (cost, 1)
    assert read(lambda: [row.key for row in LedgerTxn.select().where(LedgerTxn.kind == "reserve")]) == [
        f"reserve/quick/{sent[0]}"
    ]
    write(lambda: charges.reserve_quick(rows[0].campaign_id, [], MESSAGE_MS, world.now))
    assert world.reserved(account) == cost, "nothing is reserved for nobody"


def test_a_quick_send_costs_what_it_cost_when_it_was_accepted(world: World) -> None:
    account = world.account(100 * CALL_MOBILE)
    before = quick(world, account, "09121112233")
    set_price(world, mobile=1_000, pulse_s=PULSE_S)
    after = quick(world, account, "09121112244")
    campaign = read(lambda: int(Recipient.get_by_id(before).campaign_id))
    world.settle(world.claim(campaign))
    prices = read(lambda: {row.recipient_id: row.price for row in Attempt.select()})
    assert prices == {before: CALL_MOBILE, after: 2_000}


def test_quick_sends_that_end_together_are_one_charge_of_the_heard_ones(world: World) -> None:
    account = world.account(10 * CALL_MOBILE)
    sent = quick_many(world, account, ["09121112233", "09121112244", "09121112255", "09121112266"])
    campaign = read(lambda: int(Recipient.get_by_id(sent[0]).campaign_id))
    calls = {item.recipient.id: item for item in world.claim(campaign)}
    world.settle([calls[key] for key in sent[:2]], heard_ms=2_000)
    world.settle([calls[sent[2]]], heard_ms=0)
    (txn,) = read(lambda: list(LedgerTxn.select().where(LedgerTxn.kind == "charge")))
    ids = sorted(calls[key].attempt_id for key in sent[:2])
    assert (txn.key, txn.first_attempt_id, txn.last_attempt_id) == (f"charge/{ids[0]}", *ids)
    assert (txn.campaign_id, txn.account_id) == (campaign, account)
    kept = read(lambda: Reservation.get_by_id(campaign))
    assert (kept.charged, kept.held) == (300, 4 * CALL_MOBILE - 300)
    write(lambda: charges.release_quick(campaign, [sent[3]], world.now))
    assert read(lambda: Recipient.get_by_id(sent[3])).reserved == CALL_MOBILE, "it has not ended"
    write(lambda: charges.release_quick(campaign, sent[::-1], world.now))
    (back,) = read(lambda: list(LedgerTxn.select().where(LedgerTxn.kind == "return")))
    assert back.key == f"return/quick/{sent[0]}"
    assert world.reserved(account) == CALL_MOBILE


def test_quick_sends_of_the_house_and_of_free_accounts_hold_nothing(world: World) -> None:
    house = read(lambda: int(accounts.house().id))
    free = quick(world, house, "09121112233")
    assert read(lambda: Recipient.get_by_id(free)).reserved == 0
    set_price(world, landline=0, mobile=0)
    account = world.account(0)
    sent = quick(world, account, "09121112233")
    campaign = read(lambda: int(Recipient.get_by_id(sent).campaign_id))
    world.settle(world.claim(campaign))
    assert read(lambda: LedgerTxn.select().where(LedgerTxn.account_id == account).count()) == 0
    world.clean()


def test_what_was_booked_before_its_settle_is_refused(world: World) -> None:
    campaign = world.campaign(world.account(10 * CALL_MOBILE), mobiles=1)
    (call,) = world.claim(campaign)
    write(
        lambda: changed(
            "INSERT INTO ledger_txn (account_id, kind, key, at, note) VALUES (1, 'charge', ?, 1, '')",
            [f"charge/{call.attempt_id}"],
        )
    )
    with pytest.raises(ValueError, match="charged before it was settled"):
        world.settle([call])
    assert world.state(campaign) == "running"
