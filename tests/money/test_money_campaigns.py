"""Money follows a campaign: set aside, charged, returned; and it pauses and goes on with the credit."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from engine.services.accounts import account_states, accounts
from engine.services.accounts.accounts import SendingRefused
from engine.services.campaigns import campaigns, view
from engine.services.money import ledger, pricing
from engine.services.money.ledger import NoCredit
from engine.services.outbox.wording import in_persian
from engine.store.settles import Settle, Settler
from engine.store.tables.core import Attempt, Recipient
from engine.store.tables.money import Reservation
from engine.store.threads import read, write
from tests.money.world import CALL_LANDLINE, CALL_MOBILE, MONTH_MS, World, settle_of
from tests.policies import ANYTHING


def test_a_campaign_reserves_charges_and_returns(world: World) -> None:
    account = world.account(10_000)
    campaign = world.campaign(account, mobiles=3, landlines=2)
    assert world.balance(account) == 10_000 - 3 * CALL_MOBILE - 2 * CALL_LANDLINE
    assert world.reserved(account) == 3 * CALL_MOBILE + 2 * CALL_LANDLINE
    calls = world.claim(campaign)
    world.settle(calls[:2])  # two mobiles hear all of it
    world.settle(calls[2:3], heard_ms=0)  # one does not answer
    world.settle(calls[3:4], heard_ms=1)  # one landline hears a moment: one pulse
    world.settle(calls[4:], heard_ms=2_001)
    spent = 2 * CALL_MOBILE + CALL_LANDLINE // 2 + CALL_LANDLINE
    world.second()
    assert world.state(campaign) == "finished"
    assert (world.balance(account), world.reserved(account)) == (10_000 - spent, 0)
    found = world.clean()
    assert (found.open_reservations, found.charged_calls) == (0, 4)
    prices = read(lambda: [row.price for row in Attempt.select().order_by(Attempt.id)])
    assert prices == [CALL_MOBILE, CALL_MOBILE, 0, CALL_LANDLINE // 2, CALL_LANDLINE]


def test_a_charge_names_its_calls(world: World) -> None:
    account = world.account(10_000)
    campaign = world.campaign(account, mobiles=3)
    world.settle(world.claim(campaign))
    charge = next(line for line in read(lambda: ledger.statement(account)) if line.kind == "charge")
    assert charge.reserved == -3 * CALL_MOBILE
    named = Attempt.select().where(Attempt.ledger_txn_id == charge.txn_id)
    assert read(lambda: [row.price for row in named]) == [CALL_MOBILE] * 3


def test_a_settle_that_comes_again_costs_nothing(world: World) -> None:
    account = world.account(10_000)
    campaign = world.campaign(account, mobiles=2)
    calls = world.claim(campaign)
    world.settle(calls)
    assert world.settle(calls) == []
    world.second()
    assert world.balance(account) == 10_000 - 2 * CALL_MOBILE
    world.clean()


def test_the_charge_is_undone_with_its_settle(world: World) -> None:
    account = world.account(10_000)
    campaign = world.campaign(account, mobiles=2)
    calls = world.claim(campaign)

    def fall(won: Sequence[Settle]) -> None:
        raise ValueError("killed after the charge")

    items = [settle_of(item, world.now, 4_000) for item in calls]
    with pytest.raises(ValueError, match="killed"):
        write(lambda: Settler([*world.money.hooks, fall]).write(items))
    assert world.reserved(account) == 2 * CALL_MOBILE
    assert world.clean().charged_calls == 0
    world.settle(calls)
    world.second()
    assert world.balance(account) == 10_000 - 2 * CALL_MOBILE
    assert world.clean().charged_calls == 2


def test_a_start_that_falls_over_reserves_nothing(world: World) -> None:
    account = world.account(10_000)
    campaign = world.campaign(account, mobiles=2, start=False)

    def work() -> None:
        campaigns.start(campaign, world.now, ANYTHING)
        raise ValueError("killed")

    with pytest.raises(ValueError, match="killed"):
        write(work)
    assert (world.balance(account), world.state(campaign)) == (10_000, "draft")
    assert read(lambda: Reservation.select().count()) == 0
    write(lambda: campaigns.start(campaign, world.now, ANYTHING))
    world.run_out(campaign)
    world.clean()


def test_without_credit_it_does_not_start(world: World) -> None:
    account = world.account(CALL_MOBILE - 1)
    campaign = world.campaign(account, mobiles=2, start=False)
    with pytest.raises(NoCredit, match="300 Rials are needed and 299 are available"):
        write(lambda: campaigns.start(campaign, world.now, ANYTHING))
    assert world.state(campaign) == "draft"
    assert world.clean().open_reservations == 0


def test_out_of_credit_pauses_and_a_top_up_goes_on(world: World) -> None:
    account = world.account(2 * CALL_MOBILE + 10)
    campaign = world.campaign(account, mobiles=5)
    world.run_out(campaign)
    row = world.row(campaign)
    assert (row.state, row.pause_code) == ("paused", "no_credit")
    seen = read(lambda: view.view(campaign, world.now))
    assert "credit is used up" in str(seen.sentence)
    assert "اعتبار" in in_persian(seen.sentence)
    assert world.balance(account) + world.reserved(account) == 10
    world.second()
    assert world.state(campaign) == "paused"  # not enough for a call yet
    world.top_up(account, CALL_MOBILE - 10)
    world.second()
    assert world.state(campaign) == "running"
    seen = read(lambda: view.view(campaign, world.now))
    assert "No engine" not in str(seen.sentence), "an engine has some seconds to take it up"
    world.top_up(account, 10_000)
    world.run_out(campaign)
    assert world.state(campaign) == "finished"
    assert world.balance(account) == 10_000 + 3 * CALL_MOBILE - 5 * CALL_MOBILE
    assert world.clean().open_reservations == 0


def test_exact_credit_reaches_everybody(world: World) -> None:
    account = world.account(3 * CALL_MOBILE + 4 * CALL_LANDLINE)
    campaign = world.campaign(account, mobiles=3, landlines=4)
    world.run_out(campaign)
    assert world.state(campaign) == "finished"
    assert (world.balance(account), world.reserved(account)) == (0, 0)
    world.clean()


def test_calls_that_are_not_answered_leave_their_money_to_others(world: World) -> None:
    account = world.account(CALL_MOBILE)
    campaign = world.campaign(account, mobiles=6)
    for _ in range(6):
        calls = world.claim(campaign)
        assert len(calls) == 1  # the credit covers one at a time
        assert world.claim(campaign) == []
        assert world.state(campaign) == "running"  # one is up that may leave money over
        world.settle(calls, heard_ms=0)
        world.second()
    assert world.state(campaign) == "finished"
    assert world.balance(account) == CALL_MOBILE
    world.clean()


def test_what_a_person_paused_does_not_go_on_by_itself(world: World) -> None:
    account = world.account(CALL_MOBILE)
    campaign = world.campaign(account, mobiles=3)
    world.run_out(campaign)
    write(lambda: campaigns.pause(campaign, "by the owner"))
    world.top_up(account, 10_000)
    world.second()
    row = world.row(campaign)
    assert (row.state, row.state_reason) == ("paused", "by the owner")
    write(lambda: campaigns.resume(campaign, world.now, ANYTHING))
    world.run_out(campaign)
    world.clean()


def test_a_stop_returns_what_no_call_needs_after_the_last_one(world: World) -> None:
    account = world.account(10_000)
    campaign = world.campaign(account, mobiles=5)
    calls = world.claim(campaign, 2)
    write(lambda: campaigns.stop(campaign, world.now))
    world.second()
    assert world.reserved(account) == 5 * CALL_MOBILE  # two are up
    world.settle(calls)
    world.second()
    assert (world.balance(account), world.reserved(account)) == (10_000 - 2 * CALL_MOBILE, 0)
    world.second()
    assert world.clean().open_reservations == 0


def test_a_stop_without_calls_returns_at_once(world: World) -> None:
    account = world.account(10_000)
    campaign = world.campaign(account, mobiles=5)
    write(lambda: campaigns.stop(campaign, world.now))
    assert world.balance(account) == 10_000
    world.clean()


def test_appended_recipients_are_paid_for(world: World) -> None:
    account = world.account(10_000)
    campaign = world.campaign(account, mobiles=2)
    world.run_out(campaign)
    assert world.reserved(account) == 0
    world.append(campaign, mobiles=1, landlines=2)
    assert world.state(campaign) == "running"
    world.run_out(campaign)
    assert world.state(campaign) == "finished"
    assert world.balance(account) == 10_000 - 3 * CALL_MOBILE - 2 * CALL_LANDLINE
    assert world.clean().open_reservations == 0


def test_the_price_of_the_start_holds(world: World) -> None:
    account = world.account(10_000)
    campaign = world.campaign(account, mobiles=2)
    write(
        lambda: pricing.set_price(
            pricing.default_group_id(),
            landline=1,
            mobile=1,
            pulse_s=1,
            synthesis=1,
            person_id=None,
            now=world.now + 1,
        )
    )
    world.now += 10
    world.run_out(campaign)
    assert world.balance(account) == 10_000 - 2 * CALL_MOBILE
    second = world.campaign(account, mobiles=2)
    world.run_out(second)
    assert world.balance(account) == 10_000 - 2 * CALL_MOBILE - 2 * 4
    world.clean()


def test_more_heard_than_expected_is_paid_from_the_balance(world: World) -> None:
    account = world.account(CALL_MOBILE)
    campaign = world.campaign(account, mobiles=1)
    world.settle(world.claim(campaign), heard_ms=6_000)
    world.second()
    assert world.balance(account) == -CALL_MOBILE // 2
    world.clean()


def test_negative_and_absent_hearing_costs_nothing(world: World) -> None:
    account = world.account(10_000)
    campaign = world.campaign(account, mobiles=3)
    calls = world.claim(campaign)
    world.settle(calls[:1], heard_ms=0, disposition="answered", answered_at=world.now)
    world.settle(calls[1:2], heard_ms=-5, disposition="answered", answered_at=world.now)
    world.settle(calls[2:], heard_ms=4_000, disposition="failed")
    world.second()
    assert world.balance(account) == 10_000
    world.clean()


def test_what_was_claimed_and_given_back_costs_nothing(world: World) -> None:
    account = world.account(2 * CALL_MOBILE)
    campaign = world.campaign(account, mobiles=2)
    for _ in range(5):
        assert world.release(world.claim(campaign)) == 2
    world.run_out(campaign)
    assert world.state(campaign) == "finished"
    world.clean()


def test_debt_is_allowed_to_its_ceiling(world: World) -> None:
    account = world.account()
    write(lambda: accounts.change(account, None, world.now, debt_ceiling=2 * CALL_MOBILE))
    campaign = world.campaign(account, mobiles=5)
    world.run_out(campaign)
    assert world.state(campaign) == "paused"
    assert world.balance(account) == -2 * CALL_MOBILE
    world.clean()


def test_the_house_pays_nothing(world: World) -> None:
    house = read(lambda: accounts.house().id)
    campaign = world.campaign(house, mobiles=3)
    world.run_out(campaign)
    assert world.state(campaign) == "finished"
    assert world.clean().transactions == 0


def test_an_account_that_is_suspended_stops_at_the_next_claim(world: World) -> None:
    account = world.account(10_000)
    campaign = world.campaign(account, mobiles=5)
    calls = world.claim(campaign, 1)
    write(lambda: account_states.suspend(account, "papers are missing", None, world.now))
    world.now += 1_001
    assert world.claim(campaign) == []
    row = world.row(campaign)
    assert (row.state, row.pause_code) == ("paused", "not_allowed")
    assert "papers are missing" in row.state_reason
    world.settle(calls)
    with pytest.raises(SendingRefused, match="papers are missing"):
        write(lambda: campaigns.resume(campaign, world.now, ANYTHING))
    write(lambda: account_states.unsuspend(account, None, world.now))
    world.now += 1_001
    write(lambda: campaigns.resume(campaign, world.now, ANYTHING))
    world.run_out(campaign)
    assert world.state(campaign) == "finished"
    world.clean()


def test_a_subscription_that_ends_stops_a_running_campaign(world: World) -> None:
    account = world.account(10_000)
    campaign = world.campaign(account, mobiles=5)
    world.now += MONTH_MS
    assert world.claim(campaign) == []
    assert "subscription has ended" in world.row(campaign).state_reason
    world.second()
    assert read(lambda: accounts.get(account).state) == "expired"
    world.clean()


def test_scheduled_without_credit_pauses_when_its_time_comes(world: World) -> None:
    account = world.account()
    campaign = world.campaign(account, mobiles=1, starts_at=world.now + 500)
    assert world.state(campaign) == "scheduled"
    assert write(lambda: campaigns.start_due(world.now + 600, ANYTHING)) == []
    row = world.row(campaign)
    assert (row.state, row.pause_code) == ("paused", "no_credit")
    world.top_up(account, 1_000)
    world.second()
    assert world.state(campaign) == "running"
    world.run_out(campaign)
    world.clean()


def test_recipients_are_not_lost_while_credit_is_out(world: World) -> None:
    account = world.account(CALL_MOBILE)
    campaign = world.campaign(account, mobiles=30)
    world.run_out(campaign)
    states = read(lambda: sorted(row.state for row in Recipient.select()))
    assert states == ["delivered"] + ["pending"] * 29
