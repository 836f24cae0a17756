"""The same money on SQLite and PostgreSQL: one long story, and the ledger that cannot be changed."""

from __future__ import annotations

import peewee
import pytest

from engine.services.accounts import accounts, audit_log
from engine.services.campaigns import campaigns
from engine.services.campaigns.quick_sends import QuickOptions, send
from engine.services.money import ledger, subscriptions
from engine.services.numbering.numbers import NormalNumber, normalise
from engine.store.claims import claim
from engine.store.ledger import RESERVED, book
from engine.store.sql import execute
from engine.store.tables.core import Campaign
from engine.store.tables.money import LedgerEntry
from engine.store.threads import read, write
from engine.store.writer import Writer
from tests.money.world import CALL_LANDLINE, CALL_MOBILE, World, route
from tests.policies import ANYTHING
from tests.postgres.beside import other_engine


def test_a_story_of_money(store: Writer) -> None:
    world = World()
    account = world.account(3 * CALL_MOBILE)
    campaign = world.campaign(account, mobiles=4, landlines=2)
    world.run_out(campaign)
    assert world.row(campaign).pause_code == "no_credit"
    world.clean()
    world.top_up(account, 20 * CALL_MOBILE)
    world.second()
    calls = world.claim(campaign, 3)
    write(lambda: campaigns.stop(campaign, world.now))
    world.settle(calls)
    world.second()
    number = normalise("09121112233")
    assert isinstance(number, NormalNumber)
    quick = write(lambda: send(account, number, "p", QuickOptions(), world.now, ANYTHING, message_ms=4_000))
    assert quick
    standing = read(lambda: int(Campaign.get(Campaign.standing_key != "").id))
    world.settle(world.claim(standing), heard_ms=2_000)
    world.second()
    write(lambda: ledger.adjust(account, -5, "back", "adjust/1", None, world.now))
    found = world.clean()
    assert (found.open_reservations, found.reserved) == (0, 0)
    assert found.charged_calls > 4
    spent = -sum(
        line.balance + line.reserved
        for line in read(lambda: ledger.statement(account))
        if line.kind == "charge"
    )
    assert world.balance(account) == 23 * CALL_MOBILE - spent - 5
    assert CALL_LANDLINE < spent < 7 * CALL_MOBILE


def test_what_was_booked_cannot_be_changed(store: Writer) -> None:
    world = World()
    account = world.account(1_000)
    write(lambda: audit_log.record(None, account, "account.look", "account 1", world.now))
    for statement in (
        "UPDATE ledger_entry SET amount = 1",
        "DELETE FROM ledger_entry",
        "UPDATE ledger_txn SET note = ''",
        "DELETE FROM ledger_txn",
        "UPDATE audit_log SET action = ''",
        "DELETE FROM audit_log",
        "UPDATE price SET mobile = 0",
    ):
        with pytest.raises(peewee.DatabaseError, match="append-only"):
            write(lambda statement=statement: execute(statement))
    assert read(lambda: LedgerEntry.select().count()) == 2
    world.clean()


def test_a_key_books_once(store: Writer) -> None:
    world = World()
    account = world.account()
    assert world.top_up(account, 700, "payment/1") is not None
    assert world.top_up(account, 700, "payment/1") is None
    assert write(lambda: ledger.adjust(account, 50, "a gift", "adjust/1", None, world.now)) is not None
    assert write(lambda: ledger.adjust(account, 60, "a gift", "adjust/1", None, world.now)) is None
    assert world.balance(account) == 750
    world.clean()


@pytest.mark.parametrize("store_url", ["postgres"], indirect=True)
def test_engines_that_claim_at_once_place_no_call_that_cannot_be_paid(store: Writer) -> None:
    """While one engine's claim of three is not committed yet, another claims: there is money for four."""
    world = World()
    account = world.account(4 * CALL_MOBILE)
    campaign = world.campaign(account, mobiles=10)

    other = other_engine(lambda: claim(campaign, 3, world.now, route, world.money.rules))
    ours = world.claim(campaign, 3)
    assert (other.get(timeout=20), len(ours)) == (3, 1)


@pytest.mark.parametrize("store_url", ["postgres"], indirect=True)
def test_an_adjustment_that_is_made_twice_at_once_is_booked_and_audited_once(store: Writer) -> None:
    world = World()
    account = world.account(1_000)

    def adjust() -> list[int]:
        made = ledger.adjust(account, -400, "back", "adjust/1", None, world.now)
        return [] if made is None else [made]

    other = other_engine(adjust)
    assert write(adjust) == []
    assert other.get(timeout=20) == 1
    assert world.balance(account) == 600
    acts = [row.action for row in read(lambda: audit_log.entries(account)) if row.action == "money.adjust"]
    assert len(acts) == 1
    world.clean()


@pytest.mark.parametrize("store_url", ["postgres"], indirect=True)
def test_subscriptions_that_are_bought_at_once_follow_each_other(store: Writer) -> None:
    world = World()
    account = world.account(1_000)
    plan = write(lambda: subscriptions.add_plan(1, 300, None, world.now))
    before = read(lambda: accounts.get(account)).expires_at

    other = other_engine(lambda: [subscriptions.buy(account, plan, world.now)])
    write(lambda: subscriptions.buy(account, plan, world.now))
    assert other.get(timeout=20) == 1
    assert world.balance(account) == 400
    assert read(lambda: accounts.get(account)).expires_at == subscriptions.add_months(before, 2)
    spans = read(lambda: [(row.from_at, row.until_at) for row in subscriptions.history(account)])
    assert spans[0][0] == spans[1][1]


def test_what_was_booked_before_moves_nothing_else(store: Writer) -> None:
    """A key that is taken by mistake undoes all of the caller's writes: nothing is reserved without its booking."""
    world = World()
    account = world.account(100 * CALL_MOBILE)
    campaign = world.campaign(account, mobiles=2)
    held = world.reserved(account)
    write(lambda: book(account, "return", f"return/{campaign}/1", [(RESERVED, 0)], world.now))
    with pytest.raises(ValueError, match="booked before"):
        write(lambda: campaigns.stop(campaign, world.now))
    assert (world.state(campaign), world.reserved(account)) == ("running", held)
    world.clean()
