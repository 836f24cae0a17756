"""A trunk: when one of the calls that wait before it may leave."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest

from engine.dialing.campaign_run import CampaignRun
from engine.dialing.health import CAMPAIGN, QUIET_CALLS, GatewayHealth
from engine.dialing.lanes import SILENT_LOOK_S, Trunk
from engine.dialing.pacing import RateLimiter
from engine.dialing.routes import LOST, Routes

NOW = 100.0


def limited(cps: float | None, may_dial: bool = True, account_cps: float | None = None) -> Any:
    """As much of a running campaign as its own rates need."""
    run: Any = SimpleNamespace(
        id=cps, is_urgent=False, may_dial=may_dial, limiters=[RateLimiter(n) for n in (cps, account_cps) if n]
    )
    run.next_in = lambda now_m: CampaignRun.next_in(run, now_m)
    run.lets_go = lambda now_m: CampaignRun.lets_go(run, now_m)
    return run


def trunk(*runs: Any, cps: float = 1000.0) -> Trunk:
    health = GatewayHealth()
    switch: Any = SimpleNamespace(limiter=RateLimiter(1000))
    gateway: Any = SimpleNamespace(limiter=RateLimiter(cps), health=health, routes=Routes(health))
    made = Trunk(switch, gateway)
    for run in runs:
        made.put(SimpleNamespace(run=run))  # type: ignore[arg-type]
    return made


def test_nothing_waits() -> None:
    assert trunk().next_in(NOW) == math.inf


def test_a_campaign_that_does_not_run_lets_nobody_go() -> None:
    assert trunk(limited(10, may_dial=False)).next_in(NOW) == math.inf


@pytest.mark.parametrize("account_cps", [None, 2.0])
def test_a_campaigns_own_rate_is_waited_for(account_cps: float | None) -> None:
    run = limited(1.0, account_cps=account_cps)
    waiting = trunk(run, run)
    assert waiting.next_in(NOW) == 0
    for limiter in run.limiters:
        limiter.take(NOW)
    assert 0.9 < waiting.next_in(NOW) < 1.1


def test_the_quickest_of_its_campaigns_counts() -> None:
    slow, quick = limited(0.1), limited(None)
    slow.limiters[0].take(NOW)
    assert trunk(slow).next_in(NOW) > 9
    assert trunk(slow, quick).next_in(NOW) == 0


def test_the_trunks_rate_holds_all() -> None:
    waiting = trunk(limited(None), cps=0.5)
    waiting.gateway.limiter.take(NOW)
    assert 1.9 < waiting.next_in(NOW) < 2.1


def test_a_quick_send_does_not_wait_for_others_to_leave_with() -> None:
    quick = limited(None)
    quick.is_urgent = True
    alone, among_many = trunk(limited(None), cps=30), trunk(*[limited(None)] * 20, cps=30)
    for waiting in (alone, among_many):
        waiting.gateway.limiter.take(NOW, waiting.gateway.limiter.available(NOW))
    assert among_many.next_in(NOW) > 3 * alone.next_in(NOW)
    among_many.put(SimpleNamespace(run=quick))  # type: ignore[arg-type]
    assert among_many.next_in(NOW) == alone.next_in(NOW)


def test_a_silent_gateway_lets_no_call_go_until_it_is_heard() -> None:
    waiting = trunk(*[limited(None)] * 20)
    health = waiting.gateway.health
    for number in range(QUIET_CALLS - 2):
        health.placed(str(number), (), NOW)
    assert waiting.permits(NOW) == 2
    for number in range(2):
        health.placed(f"1{number}", (), NOW)
    assert (waiting.permits(NOW), waiting.next_in(NOW)) == (0, SILENT_LOOK_S)
    health.sign(NOW)
    assert (waiting.permits(NOW), waiting.next_in(NOW)) == (QUIET_CALLS, 0)


def test_a_campaign_for_which_the_gateway_was_given_up_keeps_only_a_probe_there() -> None:
    bad, good = limited(10), limited(20)
    waiting = trunk(bad, good, bad, good)
    routes = waiting.gateway.routes
    for number in range(LOST):
        assert waiting.given_up() == []
        routes.placed(((CAMPAIGN, bad.id),))
        routes.bad(((CAMPAIGN, bad.id),), str(number), "busy/486", NOW, NOW, is_trunks=False)
    assert waiting.given_up() == [bad.id]
    waiting.take_out(bad.id)
    waiting.put(SimpleNamespace(run=bad))  # type: ignore[arg-type]
    assert waiting.given_up() == []
