"""The check page and the live page tell the same end: one calculation, from the rows and from the lanes made of them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.clock import TEHRAN
from engine.dialing.pulse import Pulse
from engine.services.campaigns.estimate import CallPlan, Limits, Remaining, estimate
from engine.services.campaigns.preflight import Ground, Preflight, estimate_end
from engine.services.campaigns.rules import CampaignRules
from engine.services.compliance.traffic_caps import HOUR_MS, Outlook
from engine.store.tables.core import Gateway
from tests.dialing.test_binding_limit import World

NOW = 1_700_000_000_000  # 2023-11-15 01:43 in Tehran
GATEWAYS = (Gateway(name="a", cps=20, channels=50), Gateway(name="b", cps=30, channels=50))


def on_the_check_page(
    rules: CampaignRules,
    waiting: int,
    message_ms: int,
    caps: Outlook | None = None,
    rials_a_call: float = 0.0,
) -> int | None:
    found = Preflight("list.csv", "number", valid=waiting)
    ground = Ground(GATEWAYS, Limits(100, 200), caps=caps)
    estimate_end(found, rules, message_ms, ground, NOW, TEHRAN, rials_a_call)
    return found.ends_at


def on_the_live_page(
    rules: CampaignRules,
    waiting: int,
    message_ms: int,
    caps: Outlook | None = None,
    rials_a_call: float = 0.0,
) -> int | None:
    world = World()
    world.names = set(rules.gateways) or None
    world.shown = {""}
    world.run.account_id = 1
    world.run.rules = SimpleNamespace(
        cps=rules.cps, channels=rules.channels, message_ms=message_ms, windows=rules.hours(),
        policy=SimpleNamespace(max_tries=rules.max_tries, retry_after_ms=rules.retry_after_s * 1000),
    )  # fmt: skip
    pulse: Any = SimpleNamespace(
        _share=lambda: None, _lanes=world.lanes, _caps={1: caps} if caps else {}, _capped_ends={},
        _costs={world.run.id: rials_a_call}, _policy=SimpleNamespace(zone=TEHRAN),
    )  # fmt: skip
    counts: Any = SimpleNamespace(waiting=waiting, retry_wait=0, live=0, attempts=0, answered=0)
    return Pulse._ends_at(pulse, world.run, counts, 0, NOW)


@pytest.mark.parametrize(
    "rules",
    [
        {},
        {"max_tries": 4, "retry_after_s": 3_600},
        {"cps": 3.0},
        {"channels": 7},
        {"gateways": ("a",)},
        {"windows": "09:30-14:00,16:30-22:00", "max_tries": 2},
        {"weekdays": "15", "windows": "09:00-10:00"},
    ],
)
@pytest.mark.parametrize("waiting", [1, 500, 100_000])
def test_both_pages_tell_the_same_end(rules: dict[str, Any], waiting: int) -> None:
    chosen = CampaignRules(name="x", **rules)
    ends_at = on_the_check_page(chosen, waiting, 25_000)
    assert ends_at is not None
    assert on_the_live_page(chosen, waiting, 25_000) == ends_at


HOUR = NOW // HOUR_MS
caps_of_accounts = st.builds(
    Outlook,
    calls_this_hour=st.integers(0, 4_000),
    calls_an_hour=st.none() | st.integers(1, 5_000),
    growth_factor=st.sampled_from([0.0, 1.5, 3.0]),
    usual=st.integers(0, 3_000),
    spent=st.lists(st.tuples(st.integers(HOUR - 23, HOUR), st.floats(0, 10**6)), max_size=3).map(tuple),
    rials_a_day=st.none() | st.integers(1, 10**7),
)
hours = st.sampled_from(["", "09:00-12:00", "09:30-14:00,16:30-22:00", "22:00-02:00"])


@settings(max_examples=60, deadline=None)
@given(
    rules=st.fixed_dictionaries(
        {"max_tries": st.integers(1, 5), "retry_after_s": st.integers(0, 7_200), "windows": hours},
        optional={"cps": st.floats(0.1, 80), "channels": st.integers(1, 90), "weekdays": st.sampled_from(["1", "67", "135"])},
    ),
    waiting=st.integers(1, 200_000),
    message_ms=st.integers(1_000, 90_000),
    caps=caps_of_accounts,
    rials_a_call=st.sampled_from([0.0, 450.0, 900.5]),
)  # fmt: skip
def test_caps_of_the_account_and_prices_are_calculated_alike(
    rules: dict[str, Any], waiting: int, message_ms: int, caps: Outlook, rials_a_call: float
) -> None:
    chosen = CampaignRules(name="x", **rules)
    told = on_the_check_page(chosen, waiting, message_ms, caps, rials_a_call)
    assert on_the_live_page(chosen, waiting, message_ms, caps, rials_a_call) == told
    free = on_the_check_page(chosen, waiting, message_ms)
    assert told is None or (free is not None and told >= free)  # caps make nothing faster


def test_those_who_wait_for_their_last_try_are_followed_by_no_other() -> None:
    """A campaign of two tries, some of them made: the live page does not add a wait that the check page does not know."""
    minute = 60_000
    found = estimate(
        Remaining(waiting=40, retrying=20, attempts=20, last_due=NOW + 9 * minute),
        CallPlan(2, 600, 10, CampaignRules(name="x").hours(), TEHRAN),
        Limits(5, 50), NOW,
    )  # fmt: skip
    assert found.ends_at is not None
    assert found.ends_at - NOW < 12 * minute
