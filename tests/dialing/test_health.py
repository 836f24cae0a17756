"""A gateway that fails is slowed and climbs again; a few bad numbers change nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dialing.health import (
    CAMPAIGN,
    FLOOR,
    QUIET_CALLS,
    REMEMBERED,
    Breaker,
    GatewayHealth,
)
from engine.dialing.tallies import Window
from tests.dialing.gateway_lab import ELSEWHERE, FRESH, KEYS, OTHER, Lab

# -- slower ------------------------------------------------------------------------------


def test_a_few_faults_prove_nothing(lab: Lab) -> None:
    assert lab.health.fault_share(lab.now) == 0.0
    lab.calls(7, fails=True)
    assert (lab.health.state, lab.health.factor, lab.health.is_failing) == (Breaker.CLOSED, 1.0, False)
    assert lab.health.room(lab.now) == QUIET_CALLS - 7


def test_congestion_halves_the_rate_every_two_seconds_down_to_its_floor(lab: Lab) -> None:
    lab.calls(6, fails=False)
    lab.call(fails=True)
    assert lab.health.factor == 1.0
    lab.call(fails=True)  # two of eight
    assert lab.health.factor == 0.5
    assert lab.health.is_failing
    changed = lab.now
    lab.call(fails=True)
    assert lab.health.factor == 0.5
    lab.now = changed + 2.11
    lab.calls(1, fails=True, step_s=0.0)
    assert lab.health.factor == 0.25
    for _ in range(10):
        lab.calls(3, fails=False)
        lab.calls(2, fails=True)
        lab.later(2.5)
    assert lab.health.factor == FLOOR


def test_time_that_passes_over_a_trunk_that_is_well_or_shut_changes_nothing(lab: Lab) -> None:
    lab.calls(6, fails=False)
    lab.health.tick(lab.now + 0.01)
    lab.calls(2, fails=True)
    assert lab.health.factor == 0.5
    lab.calls(17, fails=True, step_s=0.01)
    assert lab.health.state is Breaker.OPEN
    factor = lab.health.factor
    lab.health.tick(lab.now + 1)
    assert lab.health.factor == factor


def test_below_a_quarter_nothing_is_slowed(lab: Lab) -> None:
    lab.calls(25, fails=False)
    lab.calls(8, fails=True)  # 8 of 33
    assert lab.health.factor == 1.0
    lab.call(fails=True)  # 9 of 34
    assert lab.health.factor == 0.5


def test_faults_come_at_once_and_answers_late_and_calls_on_their_way_count(lab: Lab) -> None:
    """A tenth of the numbers always fail, the others ring for twenty seconds."""
    for place in range(200):
        lab.now += 0.05
        number = str(next(FRESH))
        lab.health.placed(number, KEYS, lab.now)
        if place % 10 == 0:
            lab.health.fault(number, KEYS, lab.now, lab.now)
    assert (lab.health.state, lab.health.factor) == (Breaker.CLOSED, 1.0)


def test_it_climbs_by_eight_hundredths_a_second_when_it_is_well(lab: Lab) -> None:
    lab.calls(6, fails=False)
    lab.calls(2, fails=True)
    lab.later(21)  # the faults have left the window
    lab.health.tick(lab.now)
    climbed = lab.health.factor
    assert 0.5 < climbed < 1.0
    lab.now += 0.5
    lab.health.tick(lab.now)
    assert lab.health.factor == pytest.approx(climbed + 0.04)
    lab.now += 5
    lab.health.tick(lab.now)  # a second's worth at most for one look
    assert lab.health.factor == pytest.approx(climbed + 0.12)
    lab.later(10)
    assert lab.health.factor == 1.0


def test_while_a_tenth_fails_it_does_not_climb(lab: Lab) -> None:
    lab.calls(6, fails=False)
    lab.calls(2, fails=True)
    lab.calls(12, fails=False)  # 2 of 20: not below a tenth
    lab.later(1)
    assert lab.health.factor == 0.5
    lab.call(fails=False)  # 2 of 21
    lab.later(1)
    assert lab.health.factor > 0.5


def test_faults_leave_the_window_after_twenty_seconds() -> None:
    window = Window()
    window.add(100.0, placed=1, faults=1)
    window.add(100.9, good=2)
    assert window.sums(119.9) == (3, 1, 2)
    assert window.sums(120.0) == (0, 0, 0)
    window.add(200.0, placed=5, faults=1)
    window.add(201.0, placed=1)
    assert window.sums(201.0) == (6, 1, 0)
    window.add(225.0, good=1)
    assert window.sums(225.0) == (1, 0, 1)


# -- numbers, campaigns and destinations that fail alone ----------------------------------


def test_a_number_that_fails_again_says_nothing_new(lab: Lab) -> None:
    for _ in range(40):
        lab.call(fails=True, number="989121")
        lab.call(fails=True, number="989122")
    assert (lab.health.state, lab.health.factor) == (Breaker.CLOSED, 1.0)


def test_a_number_that_was_served_since_counts_anew(lab: Lab) -> None:
    for _ in range(12):
        lab.call(fails=True, number="989121")
        lab.call(fails=False, number="989121")
    assert lab.health.factor < 1.0


def test_a_bad_list_beside_good_ones_slows_nobody(lab: Lab) -> None:
    for _ in range(60):
        lab.call(fails=True, keys=KEYS)
        lab.calls(2, fails=False, keys=OTHER)
    assert (lab.health.state, lab.health.factor) == (Breaker.CLOSED, 1.0)
    assert lab.health.fault_share(lab.now) == 0.0
    assert lab.health.serves_others(KEYS[0], lab.now)
    assert not lab.health.serves_others(OTHER[0], lab.now)


def test_a_list_of_which_85_in_a_hundred_fail_fails_alone(lab: Lab) -> None:
    lab.calls(60, fails=False, keys=OTHER)
    lab.calls(3, fails=False, keys=KEYS)
    lab.calls(16, fails=True, keys=KEYS)
    assert lab.health.fault_share(lab.now) == 16 / 79  # 16 of its 19
    lab.call(fails=True, keys=KEYS)
    assert lab.health.fault_share(lab.now) == 0.0  # 17 of its 20


def test_a_destination_that_fails_alone_slows_nobody(lab: Lab) -> None:
    for _ in range(60):
        lab.call(fails=True, keys=KEYS)
        lab.calls(2, fails=False, keys=ELSEWHERE)
    assert lab.health.factor == 1.0
    assert lab.health.serves_others(KEYS[1], lab.now)
    assert not lab.health.serves_others(KEYS[0], lab.now)
    assert not lab.health.serves_others((CAMPAIGN, 1), lab.now)
    assert lab.health.serves_others((CAMPAIGN, 3), lab.now)


def test_congestion_that_strikes_all_alike_slows_the_trunk(lab: Lab) -> None:
    for _ in range(30):
        for keys in (KEYS, OTHER, ELSEWHERE):
            lab.call(fails=True, keys=keys)
            lab.call(fails=False, keys=keys)
    assert lab.health.factor < 1.0
    assert lab.health.fault_share(lab.now) == 0.5


def test_of_a_list_that_fails_beside_few_others_nothing_is_concluded(lab: Lab) -> None:
    lab.calls(2, fails=True, keys=KEYS)
    lab.calls(4, fails=False, keys=OTHER)
    assert lab.health.fault_share(lab.now) == 2 / 6
    lab.call(fails=True, keys=KEYS)
    assert lab.health.fault_share(lab.now) == 0.0
    lab.calls(2, fails=True, keys=OTHER)
    assert lab.health.fault_share(lab.now) == 0.0  # 2 of 6 others
    lab.calls(2, fails=False, keys=OTHER)
    assert lab.health.fault_share(lab.now) == 2 / 8


def test_a_list_that_is_alone_on_a_trunk_is_the_trunk(lab: Lab) -> None:
    lab.calls(9, fails=True)
    assert lab.health.fault_share(lab.now) == 1.0


# -- whatever happens ----------------------------------------------------------------------


def test_what_it_remembers_is_bounded() -> None:
    health = GatewayHealth()
    for number in range(REMEMBERED + 5):
        health.fault(str(number), (), 0.0, 0.0)
    assert health._failed.get("4") is None
    assert health._failed.get("5") == 0.0
    health.fault("new", (), 900.0, 900.0)
    assert health._failed.get("6") == 0.0
    health.fault("newer", (), 900.1, 900.0)
    assert health._failed.get("20004") is None
    assert health._failed.get("new") == 900.0


@given(st.lists(st.tuples(st.booleans(), st.floats(0.001, 3)), max_size=200))
def test_the_share_is_always_within_its_bounds(ends: list[tuple[bool, float]]) -> None:
    lab = Lab()
    for fails, step in ends:
        lab.health.tick(lab.now)
        room = lab.health.room(lab.now)
        assert 0 <= room <= QUIET_CALLS
        if room != 0:
            lab.health.probe_sent(lab.now)
            lab.call(fails, step_s=step)
        else:
            lab.now += step
        assert FLOOR <= lab.health.factor <= 1.0
