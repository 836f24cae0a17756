"""The auditor's look at the money, on both databases: right books are left alone, each fault is named."""

from __future__ import annotations

import pytest

from engine.services.campaigns.quick_sends import QuickOptions, send
from engine.services.money.audit import MoneyAudit
from engine.services.numbering.numbers import NormalNumber, normalise
from engine.store.ledger import add_entries, begin
from engine.store.sql import changed, execute
from engine.store.threads import read, write
from engine.store.writer import Writer
from tests.money.world import CALL_MOBILE, World
from tests.policies import ANYTHING


def looks(audit: MoneyAudit, times: int = 3) -> set[tuple[str, str]]:
    """Kind and subject of all that several looks find: what is new is read at the second."""
    return {(item.kind, item.subject) for _ in range(times) for item in read(audit.look)}


@pytest.fixture
def spent(store: Writer) -> tuple[World, int, int]:
    """An account with a campaign of which some were called, one call is up, and some wait."""
    world = World()
    account = world.account(50 * CALL_MOBILE)
    campaign = world.campaign(account, mobiles=6)
    world.settle(world.claim(campaign, 3))
    world.settle(world.claim(campaign, 1), heard_ms=0)
    world.claim(campaign, 1)
    return world, account, campaign


def test_money_that_moves_as_it_should_is_left_alone(spent: tuple[World, int, int]) -> None:
    world, account, campaign = spent
    audit = MoneyAudit()
    assert looks(audit) == set()
    number = normalise("09121112233")
    assert isinstance(number, NormalNumber)
    write(lambda: send(account, number, "p", QuickOptions(), world.now, ANYTHING, message_ms=4_000))
    assert looks(audit, 1) == set()
    world.settle(world.live[campaign])
    world.run_out(campaign)
    assert looks(audit) == set()
    world.clean()


def test_what_does_not_agree_is_named(spent: tuple[World, int, int]) -> None:
    world, account, campaign = spent
    audit = MoneyAudit()
    assert looks(audit, 2) == set()
    write(lambda: changed("UPDATE ledger_balance SET amount = amount + 7 WHERE book = 'revenue'"))
    assert looks(audit, 1) == {("money_balance", f"account {account}")}
    write(lambda: changed("UPDATE ledger_balance SET amount = amount - 7 WHERE book = 'revenue'"))
    assert looks(audit) == set()
    write(lambda: changed("UPDATE reservation SET held = held + 1"))
    assert looks(audit, 1) == {("money_held", f"campaign {campaign}")}
    write(lambda: changed("UPDATE reservation SET held = held - 1"))
    # As if the money of the call that is up had been spent elsewhere.
    held = read(lambda: execute("SELECT held FROM reservation")[0][0])
    txn = write(lambda: begin(account, "return", "wrong/1", world.now, campaign_id=campaign))
    assert txn is not None
    write(lambda: add_entries(txn, account, [("reserved", -held), ("balance", held)], campaign))
    write(lambda: changed("UPDATE reservation SET held = 0"))
    assert looks(audit) == {("money_short", f"campaign {campaign}")}


def test_a_wrong_price_and_a_booking_that_lacks_its_calls(spent: tuple[World, int, int]) -> None:
    world, _, campaign = spent
    audit = MoneyAudit()
    assert looks(audit, 2) == set()
    (up,) = world.live[campaign]
    world.settle([up])
    write(lambda: changed("UPDATE attempt SET price = price + 1 WHERE id = ?", [up.attempt_id]))
    (txn,) = read(lambda: execute("SELECT ledger_txn_id FROM attempt WHERE id = ?", [up.attempt_id]))[0]
    assert looks(audit) == {
        ("money_price", f"attempt {up.attempt_id}"),
        ("money_charge", f"booking {txn}"),
    }


def test_a_call_that_was_heard_and_not_charged(spent: tuple[World, int, int]) -> None:
    world, _, campaign = spent
    audit = MoneyAudit()
    assert looks(audit, 2) == set()
    (up,) = world.live[campaign]
    world.settle([up], hooks=False)
    assert looks(audit) == {("money_price", f"attempt {up.attempt_id}")}


def test_a_campaign_that_is_over_and_holds_money(spent: tuple[World, int, int]) -> None:
    world, _, campaign = spent
    audit = MoneyAudit()
    world.settle(world.live[campaign])
    world.settle(world.claim(campaign))
    write(lambda: changed("UPDATE campaign SET state = 'finished' WHERE id = ?", [campaign]))
    assert looks(audit) == {("money_left_open", f"campaign {campaign}")}
