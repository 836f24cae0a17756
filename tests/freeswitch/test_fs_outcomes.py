"""Whose fault it was, counted at the carrier: nobody rings too often, one bad number stops no trunk."""

from __future__ import annotations

import logging
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.clock import wall_ms
from engine.dialing.health import Breaker, GatewayHealth
from engine.services.campaigns import campaigns, why
from engine.services.trunks import gateways
from engine.store.tables.core import Recipient
from engine.store.threads import read, write
from tests.freeswitch.engine_lab import running_engine
from tests.freeswitch.switch import CarrierProcess, Switch
from tests.policies import ANYTHING
from tests.runtime.lab import Lab
from tests.waits import wait_for

log = logging.getLogger(__name__)
CPS = 20
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def lab(freeswitch: Switch, fs_prompts: dict[str, list[int]], tmp_path: Path) -> Iterator[Lab]:
    with running_engine(freeswitch, tmp_path, cdr=str(freeswitch.cdr)) as lab:
        write(lambda: gateways.change("lab", None, wall_ms(), cps=float(CPS), channels=300))
        yield lab


def health(lab: Lab) -> GatewayHealth:
    lanes = lab.engine.dialer.lanes.gateways.values
    return wait_for(lambda: [one for one in lanes() if one.name == "lab"], "the gateway")[0].health


def rung(carrier: CarrierProcess, before: int) -> Counter[str]:
    """How often each number (as in the lists) was called."""
    return Counter("0" + call["number"].removeprefix("98") for call in carrier.arrived[before:])


def placed_of(lab: Lab, campaign_id: int) -> int:
    """Calls that were handed to the switch."""
    return sum(attempt.state != "created" for attempt in lab.attempts(campaign_id))


def test_a_phone_that_rang_is_called_as_often_as_its_tries_and_no_more(
    lab: Lab, carrier: CarrierProcess
) -> None:
    before = len(carrier.arrived)
    numbers = [f"0914{number:03d}{ending}" for number in range(2) for ending in ("0031", "0037")]
    campaign_id = lab.campaign(numbers, gateways=["lab"], max_tries=2, retry_after_s=1, ring_timeout_s=10)
    counts = lab.finish(campaign_id, 60)
    assert rung(carrier, before) == Counter(dict.fromkeys(numbers, 2))
    assert counts.exhausted == 4
    assert all(attempt.spent_try for attempt in lab.attempts(campaign_id))
    rows = read(lambda: list(Recipient.select().where(Recipient.campaign_id == campaign_id)))
    assert {(row.tries, row.uncounted_tries) for row in rows} == {(2, 0)}


def test_ringing_phones_that_we_hung_up_on_were_called(lab: Lab, carrier: CarrierProcess) -> None:
    before = len(carrier.arrived)
    numbers = [f"0914{number:03d}0014" for number in range(10)]
    campaign_id = lab.campaign(numbers, gateways=["lab"], max_tries=1)
    wait_for(lambda: sum(rung(carrier, before).values()) == 10, "the phones to ring")
    time.sleep(0.5)
    next(iter(lab.engine.dialer.links.values())).api(b"api hupall MANAGER_REQUEST avanak_account 1\n\n")
    assert lab.finish(campaign_id, 30).exhausted == 10
    assert set(rung(carrier, before).values()) == {1}


def test_a_redirect_is_one_invite_to_one_host_each_try(lab: Lab, carrier: CarrierProcess) -> None:
    before = len(carrier.arrived)
    campaign_id = lab.campaign(["09140000032"], gateways=["lab"], max_tries=1)
    lab.finish(campaign_id, 60)
    attempts = lab.attempts(campaign_id)
    assert {(one.hangup_cause, one.sip_status, one.spent_try) for one in attempts} == {
        ("REDIRECTED", 302, False)
    }
    assert len(attempts) == sum(rung(carrier, before).values()) == 3


def test_a_carrier_that_says_nothing_writes_nobody_off_and_gets_25_calls(
    lab: Lab, carrier: CarrierProcess
) -> None:
    before = len(carrier.arrived)
    numbers = [f"0914{number:03d}0033" for number in range(60)]
    campaign_id = lab.campaign(numbers, gateways=["lab"], max_tries=1, ring_timeout_s=5)
    wait_for(lambda: placed_of(lab, campaign_id) >= 15, "the first calls")
    time.sleep(3)
    assert sum(1 for _ in rung(carrier, before)) <= 26
    wait_for(lambda: health(lab).is_shut, "the breaker to open", 20)
    counts = lab.counts(campaign_id)
    assert (counts.exhausted, counts.no_answer) == (0, 0)


def test_an_account_that_is_refused_stops_the_trunk_within_five_calls(
    lab: Lab, carrier: CarrierProcess
) -> None:
    before = len(carrier.arrived)
    numbers = [f"0914{number:03d}0034" for number in range(60)]
    campaign_id = lab.campaign(numbers, gateways=["lab"], max_tries=1)
    wait_for(lambda: health(lab).state is Breaker.REFUSED, "the refusal")
    wait_for(lambda: lab.reason(campaign_id) == why.GATEWAY_REFUSED, "the reason")
    assert len(rung(carrier, before)) <= 5
    assert lab.counts(campaign_id).exhausted == 0


def test_a_carrier_that_lost_its_routes_burns_no_list(lab: Lab, carrier: CarrierProcess) -> None:
    before = len(carrier.arrived)
    numbers = [f"0914{number:03d}0003" for number in range(60)]
    campaign_id = lab.campaign(numbers, gateways=["lab"], max_tries=1)
    wait_for(lambda: lab.reason(campaign_id) == why.ROUTE_LOST, "the reason")
    assert len(rung(carrier, before)) <= 30
    assert lab.counts(campaign_id).exhausted <= 6


def test_sixty_of_six_hundred_numbers_that_always_fail_cost_the_others_nothing(
    lab: Lab, carrier: CarrierProcess
) -> None:
    before = len(carrier.arrived)
    good = [f"0915{number:07d}" for number in range(1_000_100, 1_000_640)]
    bad = [f"0915{number:03d}0004" for number in range(60)]
    numbers = list(good)
    for place, number in enumerate(bad):
        numbers.insert(place * 10, number)
    began = time.monotonic()
    campaign_id = lab.campaign(numbers, gateways=["lab"], max_tries=2, retry_after_s=20)
    wait_for(lambda: lab.counts(campaign_id).delivered >= len(good), "the good numbers", 120)
    others_s = time.monotonic() - began
    lab.finish(campaign_id, 180)
    all_s = time.monotonic() - began
    calls = carrier.arrived[before:]
    first, last = calls[0]["at"], next(c["at"] for c in reversed(calls) if not c["number"].endswith("0004"))
    rate = sum(1 for call in calls if call["at"] <= last) / (last - first)
    log.warning("others %.0f s, all %.0f s, %.1f calls/s while the others were called", others_s, all_s, rate)
    assert others_s <= 90
    assert all_s <= 180
    assert rate >= 0.8 * CPS
    assert max(rung(carrier, before).values()) <= 3
    assert health(lab).factor == 1.0


def test_a_dead_trunk_is_left_within_25_calls_and_used_again_within_10_s_of_its_return(
    lab: Lab, carrier: CarrierProcess
) -> None:
    numbers = [f"0915{number:07d}" for number in range(2_000_100, 2_000_900)]
    campaign_id = lab.campaign(numbers, gateways=["lab"], max_tries=1)
    wait_for(lambda: lab.counts(campaign_id).answered > 40, "answers", 30)
    carrier.process.send_signal(signal.SIGSTOP)
    stopped = placed_of(lab, campaign_id)
    try:
        time.sleep(15)
        placed = placed_of(lab, campaign_id) - stopped
    finally:
        carrier.process.send_signal(signal.SIGCONT)
    back = time.time()
    wait_for(lambda: [c for c in carrier.arrived if c["at"] > back + 0.5], "calls again", 20)
    again_s = next(c["at"] for c in carrier.arrived if c["at"] > back + 0.5) - back
    log.warning("%d calls placed in 15 s of silence, calls again after %.1f s", placed, again_s)
    assert placed <= 30
    assert again_s <= 10
    counts = lab.finish(campaign_id, 120)
    assert counts.exhausted == 0
    assert counts.no_answer == 0


def test_a_bad_list_costs_two_others_on_the_trunk_less_than_a_twentieth_of_its_calls(
    lab: Lab, carrier: CarrierProcess
) -> None:
    before = len(carrier.arrived)
    lists = [[f"091{5 + which}{number:07d}" for number in range(3_000_100, 3_000_400)] for which in (0, 1)]
    bad = [f"0914{number:03d}0004" for number in range(300)]
    ids = [lab.campaign(one, gateways=["lab"], max_tries=2, start=False) for one in (*lists, bad)]
    began = time.monotonic()
    for one in ids:
        write(lambda: campaigns.start(one, wall_ms(), ANYTHING))
    bad_id = ids.pop()
    wait_for(lambda: all(lab.counts(one).delivered == 300 for one in ids), "the good lists", 90)
    took = time.monotonic() - began
    bad_calls = sum(count for number, count in rung(carrier, before).items() if number.endswith("0004"))
    log.warning("600 good calls in %.1f s, %d calls to the bad list", took, bad_calls)
    assert bad_calls <= 600 * 0.05
    assert lab.counts(bad_id).delivered == 0
