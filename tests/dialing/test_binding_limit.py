"""Which limit is named: of several that bind the first in order, with the figures that a reader needs."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from types import SimpleNamespace
from typing import Any

import pytest

from engine.dialing.binding_limit import Said, binding_limit, reason_of, run_limits
from engine.dialing.campaign_run import CampaignRun
from engine.dialing.health import CAMPAIGN, Breaker
from engine.dialing.lanes import GatewayLane, Lanes
from engine.dialing.pacing import RateLimiter, Seats
from engine.dialing.routes import LOST
from engine.dialing.switch_lane import SwitchLane
from engine.sentences import sentence_of
from engine.services.campaigns import why
from engine.services.campaigns.estimate import Limits
from engine.services.trunks import registrations

NOW, NOW_M = 1_000_000, 500.0


class World:
    """A campaign, its account, gateways «a» (20 calls a second) and «b» (30), switch «s»."""

    def __init__(self) -> None:
        self.lanes = Lanes()
        self.switch = self.add_switch(1, "s", 100, since_at=7)
        self.a = self.add_gateway(1, "a", 20)
        self.b = self.add_gateway(2, "b", 30)
        self.names: set[str] | None = {"a"}
        self.shown: set[str] = {"", "021"}
        self.run: Any = SimpleNamespace(
            id=1,
            rules=SimpleNamespace(
                gateway_names=self.names, caller_range="021", cps=None, vote_keys="", repeat_key="", optout=False,
                our_channels=None, channels=None,
            ),
            reason="", details={}, live=0, has_keys=False, unserved="", is_urgent=False, limiter=None, limiters=[],
            account=SimpleNamespace(limiter=None, cps=None, channels=None),
            may_use=lambda name: self.names is None or name in self.names,
            may_show=lambda caller_id: caller_id in self.shown,
        )  # fmt: skip

    def add_switch(self, number: int, name: str, cps: float, since_at: int) -> SwitchLane:
        lane = SwitchLane(number, name, "", RateLimiter(cps), Seats(200, 10), is_up=True, since_at=since_at)
        self.lanes.switches[number] = lane
        self.lanes.connect()
        return lane

    def add_gateway(self, number: int, name: str, cps: float) -> GatewayLane:
        lane = GatewayLane(
            number, name, RateLimiter(cps), Seats(50, 5), (), 0, 1, "", 20, False, "", full_cps=cps
        )
        self.lanes.gateways[number] = lane
        self.lanes.connect()
        return lane

    def own(self, cps: float, of: str) -> RateLimiter:
        """A rate of the campaign or of its account."""
        limiter = RateLimiter(cps)
        where = self.run if of == "run" else self.run.account
        where.limiter = limiter
        (self.run.rules if of == "run" else self.run.account).cps = cps
        self.run.limiters = [one for one in (self.run.limiter, self.run.account.limiter) if one]
        return limiter

    def bound(self, rate: float = 4.25) -> tuple[str, dict[str, Any]]:
        return binding_limit(self.run, self.lanes, rate, NOW_M)


def use_up(limiter: RateLimiter, share: float = 1.0) -> None:
    limiter._sent.extend([NOW_M] * round(limiter.cap * share))


@pytest.fixture
def world() -> World:
    return World()


def test_nothing_binds(world: World) -> None:
    assert world.bound() == (why.DIALLING, {"cps": "4.2"})


def test_no_gateway_serves_it(world: World) -> None:
    world.names = world.run.rules.gateway_names = {"z", "y"}
    assert world.bound() == (why.NO_GATEWAY, {"names": ["y", "z"]})
    world.run.rules.gateway_names = None
    assert world.bound() == (why.NO_GATEWAY, {"names": "—"})


def test_no_gateway_shows_a_number_that_it_may_show(world: World) -> None:
    world.shown = set()
    assert world.bound() == (why.CALLER_RANGE, {"range": "021"})


@pytest.mark.parametrize("offer", [{"vote_keys": "12"}, {"repeat_key": "*"}, {"optout": True}])
def test_keys_that_do_not_arrive(world: World, offer: dict[str, Any]) -> None:
    world.a.keys = "none"
    assert world.bound()[0] == why.DIALLING
    vars(world.run.rules).update(offer)
    world.run.has_keys = CampaignRun.has_keys.__get__(world.run)
    assert world.bound() == (why.NO_KEYS, {"names": ["a"]})
    world.a.keys = "voice"
    assert world.bound()[0] == why.DIALLING


def test_a_paused_switch_one_that_refuses_and_a_name_that_is_not_resolved(world: World) -> None:
    world.a.unresolved_m = NOW_M - 10
    reason, details = world.bound()
    assert (reason, details["gateway"]) == (why.GATEWAY_DNS, "a")
    assert str(sentence_of(details["fault"])).startswith("Switch s cannot resolve the name of the carrier")
    world.a.unresolved_m = NOW_M - 100
    (switch,) = world.lanes.switches.values()
    switch.refused_m = NOW_M - 1
    assert world.bound() == (why.SWITCH_REFUSES, {"switches": ["s"]})
    switch.refused_m = NOW_M - 6
    assert world.bound()[0] == why.DIALLING
    switch.reports.heard(2_500, NOW_M)
    assert world.bound()[0] == why.DIALLING
    switch.reports.heard(5_000, NOW_M)
    assert world.bound() == (why.SWITCH_RECORDS, {"switches": ["s"]})
    assert not switch.takes_calls
    switch.is_paused = True
    assert world.bound() == (why.SWITCH_PAUSED, {"switches": ["s"]})


def test_drained_gateways_and_switches(world: World) -> None:
    world.switch.is_draining = True
    assert world.bound() == (why.SWITCH_DRAINING, {"switches": ["s"]})
    world.a.is_draining = True
    assert world.bound() == (why.DRAINING, {"names": ["a"]})


def test_a_switch_that_is_down(world: World) -> None:
    world.switch.is_up = False
    world.add_switch(2, "q", 100, since_at=0).is_up = False
    assert world.bound() == (why.SWITCH_DOWN, {"switches": ["q", "s"], "since": 7})
    world.lanes.trunks.clear()
    assert world.bound() == (why.SWITCH_DOWN, {"switches": ["q", "s"], "since": 7})
    world.lanes.switches.clear()
    assert world.bound() == (why.SWITCH_DOWN, {"switches": "—", "since": 0})


def lose(gateway: GatewayLane) -> None:
    for number in range(LOST):
        gateway.routes.bad(((CAMPAIGN, 1),), str(number), "NOT_FOUND/404", NOW_M, NOW_M, is_trunks=False)


def test_a_lost_route_is_named_when_there_is_no_other(world: World) -> None:
    world.names = {"a", "b"}
    lose(world.a)
    assert world.bound() == (why.DIALLING, {"cps": "4.2"})
    lose(world.b)
    assert world.bound() == (why.ROUTE_LOST, {"gateway": "a", "cause": "NOT_FOUND/404"})


def test_a_gateway_that_fails_and_another_that_does_not(world: World) -> None:
    world.a.health.state = Breaker.PROBING
    assert world.bound() == (why.GATEWAY_FAILING, {"gateway": "a"})
    world.a.health.state = Breaker.REFUSED
    assert world.bound() == (why.GATEWAY_REFUSED, {"gateway": "a"})
    world.a.health.state = Breaker.NO_CODEC
    assert world.bound() == (why.GATEWAY_CODECS, {"gateway": "a", "codecs": "PCMA"})
    world.names = None
    assert world.bound() == (why.GATEWAY_DETOUR, {"gateway": ["a"], "others": ["b"], "cps": "4.2"})


def test_what_the_switch_says_is_wrong_with_the_only_gateway(world: World) -> None:
    world.lanes.trunks[1, 1].fault = "Switch s has no gateway of this name in its configuration."
    assert world.bound() == (why.GATEWAY_FAULT, {"gateway": "a", "fault": world.lanes.trunks[1, 1].fault})
    world.names = None
    assert world.bound()[0] == why.DIALLING  # the other one is well
    world.names = {"a"}
    world.a.seats.take()
    assert world.bound()[0] == why.DIALLING  # calls are up by it, whatever the switch said a moment ago


def test_a_name_that_is_not_answered_explains_what_the_switch_says_and_what_is_up(world: World) -> None:
    trunk = world.lanes.trunks[1, 1]
    trunk.fault, trunk.host, trunk.name_fault = "silent", "sip.carrier.example", registrations.NAME_LATE
    world.a.seats.take()
    for reason, details in (
        world.bound(),
        said(world, waiting=0, live=1),
        said(world, waiting=0, retry_wait=1),
    ):
        assert (reason, details["gateway"]) == (why.GATEWAY_DNS, "a")
        assert str(sentence_of(details["fault"])) == (
            "The name sip.carrier.example was not answered by the name server of switch s within 3 s (DNS)."
        )
    world.names = None
    assert world.bound()[0] != why.GATEWAY_DNS  # the other one finds its carrier
    world.lanes.trunks[1, 2].name_fault = registrations.NAME_UNKNOWN
    assert world.bound()[0] == why.GATEWAY_DNS


def test_the_fastest_gateway_is_told_of(world: World) -> None:
    world.names = None
    use_up(world.b.limiter)
    assert world.bound() == (why.GATEWAY_RATE, {"gateway": "b", "cps": "30"})


def test_places(world: World) -> None:
    world.a.seats.used = 45
    assert world.bound() == (why.GATEWAY_CHANNELS, {"gateway": "a", "channels": 50})
    world.run.is_urgent = True
    assert world.bound()[0] == why.DIALLING
    world.a.seats.used, world.run.is_urgent = 44, False
    assert world.bound()[0] == why.DIALLING
    world.switch.seats.used = 190
    assert world.bound() == (why.SWITCH_SESSIONS, {"switch": "s", "sessions": 200})
    world.switch.seats.used = 189
    world.run.rules.our_channels, world.run.rules.channels, world.run.live = 3, 6, 2
    assert world.bound()[0] == why.DIALLING
    world.run.live = 3
    assert world.bound() == (why.OWN_CHANNELS, {"limit": 6})


def test_a_rate_binds_from_four_fifths_of_its_use(world: World) -> None:
    use_up(world.a.limiter, 0.75)
    assert world.bound()[0] == why.DIALLING
    use_up(world.a.limiter, 0.05)
    assert world.bound() == (why.GATEWAY_RATE, {"gateway": "a", "cps": "20"})


def test_the_tightest_of_the_rates_that_are_used_up(world: World) -> None:
    use_up(world.a.limiter)
    use_up(world.own(5, "run"))
    assert world.bound() == (why.OWN_RATE, {"cps": "5"})
    use_up(world.own(3, "account"))
    assert world.bound() == (why.ACCOUNT_RATE, {"cps": "3"})
    world.own(2, "run")  # not used up
    assert world.bound() == (why.ACCOUNT_RATE, {"cps": "3"})


def test_the_switchs_rate_only_if_it_is_below_the_gateways(world: World) -> None:
    use_up(world.switch.limiter)
    world.switch.limiter.set_rate(20)
    assert world.bound() == (why.GATEWAY_RATE, {"gateway": "a", "cps": "20"})
    world.switch.limiter.set_rate(10)
    assert world.bound() == (why.SWITCH_RATE, {"switch": "s", "cps": "10"})


def test_a_slowed_gateway_and_a_busy_switch(world: World) -> None:
    use_up(world.a.limiter)
    world.a.health.factor = 0.5
    assert world.bound() == (why.GATEWAY_SLOWED, {"gateway": "a", "cps": "10.0", "full": "20"})
    use_up(world.own(5, "run"))
    assert world.bound()[0] == why.OWN_RATE
    world.run.limiters, world.a.health.factor = [], 1.0
    world.switch.idle_factor, world.switch.idle_cpu = 0.5, 12.4
    assert world.bound()[0] == why.GATEWAY_RATE
    world.switch.limiter.set_rate(20)
    assert world.bound() == (why.SWITCH_BUSY, {"switch": "s", "idle": "12"})


def counts(**values: int) -> Any:
    return SimpleNamespace(**{"waiting": 5, "retry_wait": 0, "live": 0, **values})


def said(
    world: World, *, rate: float = 0.0, next_due: int = 0, preparing: int = 0, **values: int
) -> tuple[str, dict[str, Any]]:
    return reason_of(world.run, world.lanes, counts(**values), rate, next_due, preparing, NOW, NOW_M)


def test_what_is_said_of_a_campaign_in_this_order(world: World) -> None:
    run = world.run
    assert said(world)[0] == why.DIALLING
    assert said(world, next_due=NOW + 2_000)[0] == why.DIALLING
    assert said(world, next_due=NOW + 2_001) == (why.NOT_DUE, {"at": NOW + 2_001})
    run.unserved = "98"
    assert said(world, next_due=NOW + 9_000) == (why.UNSERVED, {"prefix": "98"})
    assert said(world, rate=0.1)[0] == why.DIALLING
    assert said(world, preparing=4) == (why.PREPARING, {"left": 4})
    run.live = 1
    assert said(world, preparing=4, rate=1.0)[0] == why.DIALLING
    assert said(world, rate=1.0, next_due=NOW + 9_000)[0] == why.DIALLING
    run.reason, run.details = why.OWN_CHANNELS, {"limit": 2}
    assert said(world, preparing=4) == (why.OWN_CHANNELS, {"limit": 2})
    retry = {"waiting": 0, "retry_wait": 3, "next_due": NOW + 1}
    assert said(world, **retry) == (why.RETRY, {"at": NOW + 1})
    for gateway in world.lanes.gateways.values():
        gateway.unresolved_m = NOW_M - 10
    assert said(world, **retry)[0] == why.GATEWAY_DNS
    for gateway in world.lanes.gateways.values():
        gateway.unresolved_m = NOW_M - 61
    assert said(world, **retry)[0] == why.RETRY
    assert said(world, **{**retry, "next_due": NOW})[0] == why.OWN_CHANNELS
    assert said(world, **{**retry, "waiting": 1})[0] == why.OWN_CHANNELS
    assert said(world, waiting=0, live=2) == (why.LAST_CALLS, {"live": 2})
    assert said(world, waiting=1, live=2)[0] == why.OWN_CHANNELS
    assert said(world, waiting=0, retry_wait=1, live=2)[0] == why.OWN_CHANNELS
    assert said(world, waiting=0)[0] == why.OWN_CHANNELS
    for reason in (why.WINDOW, why.DATABASE):
        run.reason, run.details = reason, {"until": 3}
        assert said(world, waiting=0, live=2) == (reason, {"until": 3})


def test_what_it_could_have_alone(world: World) -> None:
    def limits(share: float = 1.0) -> tuple[float, int] | None:
        found = run_limits(world.run, world.lanes, share)
        return found and (found.cps, found.channels)

    assert limits() == (20, 50)
    assert run_limits(world.run, world.lanes) == Limits(20, 50)
    assert limits(0.5) == (40, 100)
    assert limits(0.0) is None
    world.names = None
    assert limits() == (50, 100)
    world.switch.limiter.set_rate(10)
    world.switch.seats.limit = 30
    assert limits() == (10, 30)
    world.run.rules.cps, world.run.rules.channels = 4.0, 7
    world.run.account.cps, world.run.account.channels = 3.0, 9
    assert limits() == (3.0, 7)
    world.run.rules.channels = 0
    assert limits() == (3.0, 1)
    world.run.account.cps = 0.0001
    assert limits() == (0.001, 1)
    world.shown = set()
    assert limits() is None
    world.shown = {""}
    world.a.health.state = world.b.health.state = Breaker.OPEN
    assert limits() is None


def test_what_is_said_is_frozen_and_holds_nothing_else() -> None:
    said_: Any = Said(1, why.DIALLING, {}, 0, 0.0, None)
    with pytest.raises(FrozenInstanceError):
        said_.rate = 2.0
    assert not hasattr(said_, "__dict__")
