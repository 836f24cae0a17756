"""«At most» of the check page is what is set aside for a campaign, which never takes more than that.

What it holds may pass it by the difference of two calls' prices: it is not known whether a mobile is among
those who are left, so one of the dearer calls is always covered.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine.services.campaigns import campaigns
from engine.services.money import pricing, reservations
from engine.services.money.ledger import NoCredit
from engine.store.tables.core import Message
from engine.store.threads import read, write
from engine.store.writer import Writer
from tests.money.test_money_property import forget
from tests.money.world import World, set_price
from tests.policies import ANYTHING


@dataclass(frozen=True)
class Sending:
    """A list, a message and prices, and how long each call is heard (shares of the longest)."""

    mobiles: int
    landlines: int
    mobile: int
    landline: int
    pulse_s: int
    message_ms: int
    longest_s: int
    repeats: bool
    credit_share: float
    heard: list[float]

    @property
    def call_ms(self) -> int:
        return reservations.longest_heard_ms(self.message_ms, self.longest_s, repeats=self.repeats)


sendings = st.builds(
    Sending,
    mobiles=st.integers(0, 5),
    landlines=st.integers(0, 5),
    mobile=st.integers(1, 900),
    landline=st.integers(1, 900),
    pulse_s=st.integers(1, 60),
    message_ms=st.integers(1_000, 90_000),
    longest_s=st.integers(5, 120),
    repeats=st.booleans(),
    credit_share=st.sampled_from([0.0, 0.2, 0.6, 1.0, 2.0]),
    heard=st.lists(st.sampled_from([0.0, 0.0, 0.3, 0.99, 1.0]), min_size=12, max_size=12),
).filter(lambda one: one.mobiles + one.landlines > 0)


def begun(world: World, one: Sending) -> tuple[int, int, pricing.Quote]:
    """An account with a campaign that has not started, and what its check page says."""
    write(lambda: forget(world))
    world.live.clear()
    world.now += 1_000
    world.money.__init__(lambda: world.now, ANYTHING)  # type: ignore[misc]
    set_price(world, landline=one.landline, mobile=one.mobile, pulse_s=one.pulse_s)
    account = world.account()
    rules = {"max_length_s": one.longest_s, "repeat_key": "2" if one.repeats else ""}
    campaign = world.campaign(account, one.mobiles, one.landlines, start=False, **rules)
    write(lambda: Message.update(duration_ms=one.message_ms).execute())
    told = read(lambda: pricing.quote(account, one.mobiles, one.landlines, one.call_ms, world.now))
    world.top_up(account, max(1, int(told.total * one.credit_share)))
    return account, campaign, told


def taken(campaign: int) -> int:
    """What a campaign was charged and holds."""
    return sum(read(lambda: reservations.spent(campaign)))


def is_within(campaign: int, told: pricing.Quote) -> bool:
    charged, held = read(lambda: reservations.spent(campaign))
    return charged <= told.total and charged + held <= told.total + abs(told.mobile_call - told.landline_call)


def test_no_campaign_takes_more_than_its_check_page_says(sqlite: Writer) -> None:
    world = World()

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(sendings)
    @example(Sending(1, 2, 2, 1, 1, 1_000, 5, False, 1.0, [0.3, *[0.0] * 11]))
    def run(one: Sending) -> None:
        account, campaign, told = begun(world, one)
        credit = world.balance(account)
        try:
            write(lambda: campaigns.start(campaign, world.now, ANYTHING))
        except NoCredit:
            assert credit < max(
                told.mobile_call * bool(one.mobiles), told.landline_call * bool(one.landlines)
            )
            return
        assert taken(campaign) == min(told.total, credit)
        assert read(lambda: reservations.average_cost(campaign)) == pytest.approx(told.average_call)
        for share in one.heard:
            world.settle(world.claim(campaign, 2), int(one.call_ms * share))
            assert is_within(campaign, told)
            world.second()
            # It runs out of money, gets more, is paused and goes on: that takes no more either.
            world.top_up(account, 1 + told.total // 3)
            if world.state(campaign) == "running":
                write(lambda: campaigns.pause(campaign, "by a person"))
            if world.state(campaign) == "paused":
                with suppress(NoCredit):
                    write(lambda: campaigns.resume(campaign, world.now, ANYTHING))
            assert is_within(campaign, told)
        world.clean()

    run()


def test_a_slice_is_no_larger_than_what_is_left_to_be_called(sqlite: Writer) -> None:
    """Somebody is paid for twice: what is set aside anew is for those who are left, not for 200 calls."""
    world = World()
    account = world.account(10**7)
    campaign = world.campaign(account, mobiles=3, landlines=1, max_tries=2)
    told = taken(campaign)
    (first, *_) = world.claim(campaign, 1)
    world.settle([first], 3_000, next_state="pending", disposition="answered")
    world.settle(world.claim(campaign, 1), 3_000)
    held = read(lambda: reservations.spent(campaign))[1]
    world.claim(campaign, 4)
    assert taken(campaign) <= told + 2 * 300
    assert held <= told
