"""A gateway that fails is slowed, left alone, probed and used again; a few bad numbers change nothing."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dialing.health import (
    CAMPAIGN,
    FLOOR,
    GROUP,
    OPEN_MOST_S,
    PROBE_PATIENCE_S,
    QUIET_CALLS,
    REMEMBERED,
    Breaker,
    GatewayHealth,
    Keys,
)
from engine.dialing.tallies import Streak, Window

FRESH = itertools.count(9_000_000)
KEYS: Keys = ((CAMPAIGN, 1), (GROUP, "98912"))
OTHER: Keys = ((CAMPAIGN, 2), (GROUP, "98912"))
ELSEWHERE: Keys = ((CAMPAIGN, 1), (GROUP, "98935"))


class Lab:
    """A gateway and a clock; calls end a tenth of a second after they were placed unless told otherwise."""

    def __init__(self, now: float = 1000.0) -> None:
        self.health = GatewayHealth()
        self.now = now

    def call(
        self, fails: bool, keys: Keys = KEYS, number: str = "", step_s: float = 0.05, **more: bool
    ) -> None:
        self.now += step_s
        number = number or str(next(FRESH))
        self.health.placed(number, keys, self.now)
        if fails:
            self.health.fault(number, keys, self.now + 0.1, self.now, **more)
        else:
            self.health.sign(self.now + 0.1)
            self.health.good(number, keys, self.now + 0.1, self.now)

    def calls(self, count: int, fails: bool, **more) -> None:
        for _ in range(count):
            self.call(fails, **more)

    def later(self, seconds: float) -> None:
        """Time passes, a tick each half second."""
        for _ in range(round(seconds * 2)):
            self.now += 0.5
            self.health.tick(self.now)

    def probing(self) -> GatewayHealth:
        self.calls(18, fails=True)
        self.later(4.5)
        assert self.health.state is Breaker.PROBING
        return self.health


@pytest.fixture
def lab() -> Lab:
    return Lab()


# -- slower ------------------------------------------------------------------------------


def test_a_few_faults_prove_nothing(lab: Lab) -> None:
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


# -- dead ----------------------------------------------------------------------------------


def test_a_dead_gateway_is_left_alone_then_probed_then_used(lab: Lab) -> None:
    health = lab.health
    lab.calls(17, fails=True)
    assert health.state is Breaker.CLOSED
    lab.call(fails=True)
    assert (health.state, health.room(lab.now), health.is_shut) == (Breaker.OPEN, 0, True)
    assert health.reopens_m == lab.now + 0.1 + 4.0
    health.tick(lab.now + 4.0)
    assert health.state is Breaker.OPEN
    health.tick(lab.now + 4.1)
    assert (health.state, health.room(lab.now + 4.1), health.is_shut) == (Breaker.PROBING, 3, False)
    lab.now += 4.2
    for left in (2, 1, 0):
        health.probe_sent(lab.now)
        assert health.room(lab.now) == left
    health.good("1", KEYS, lab.now + 1, lab.now)
    assert (health.state, health.room(lab.now + 1)) == (Breaker.PROBING, 1)
    health.good("2", KEYS, lab.now + 1, lab.now)
    assert (health.state, health.room(lab.now + 1), health.factor) == (Breaker.CLOSED, QUIET_CALLS, 0.25)


def test_a_failed_probe_shuts_it_for_seven_seconds_and_its_return_makes_it_four_again(lab: Lab) -> None:
    health = lab.probing()
    lab.call(fails=True)
    assert health.reopens_m == pytest.approx(lab.now + 0.1 + OPEN_MOST_S)
    lab.later(7.5)
    lab.call(fails=True)
    assert health.reopens_m == pytest.approx(lab.now + 0.1 + OPEN_MOST_S)
    lab.later(7.5)
    lab.calls(2, fails=False)
    assert health.state is Breaker.CLOSED
    lab.calls(18, fails=True)
    assert health.reopens_m == pytest.approx(lab.now + 0.1 + 4.0)


def test_calls_of_before_are_no_probes(lab: Lab) -> None:
    health = lab.probing()
    for _ in range(10):
        health.good(str(next(FRESH)), KEYS, lab.now, lab.now - 5)
        health.fault(str(next(FRESH)), KEYS, lab.now, lab.now - 5)
    assert (health.state, health.room(lab.now)) == (Breaker.PROBING, 3)


def test_a_probe_of_which_nothing_is_heard_does_not_shut_it_for_ever(lab: Lab) -> None:
    health = lab.probing()
    for _ in range(3):
        health.probe_sent(lab.now)
    assert health.room(lab.now + PROBE_PATIENCE_S - 0.1) == 0
    assert health.room(lab.now + PROBE_PATIENCE_S) == 3


def test_probes_are_sent_only_while_it_is_probed(lab: Lab) -> None:
    lab.health.probe_sent(lab.now)
    health = lab.probing()
    assert health.room(lab.now) == 3


def test_probes_are_fresh_numbers_as_long_as_there_are_such(lab: Lab) -> None:
    lab.call(fails=True, number="989121")
    assert lab.health.takes("989121", lab.now)
    health = lab.probing()
    assert not health.takes("989121", lab.now)
    assert health.takes("989129", lab.now)
    began = health._probing_from_m
    assert not health.takes("989121", began + OPEN_MOST_S - 0.1)
    assert health.takes("989121", began + OPEN_MOST_S)
    health.probe_sent(began + 5)
    assert not health.takes("989121", began + OPEN_MOST_S)
    assert health._failed.get("989121") is not None
    assert health._failed.get("989129") is None


def test_a_trunk_that_dies_after_a_good_time_is_left_alone_though_old_calls_go_on_ending_well(
    lab: Lab,
) -> None:
    lab.calls(500, fails=False)
    for _ in range(18):
        lab.call(fails=True)
        lab.health.good(str(next(FRESH)), KEYS, lab.now, lab.now - 10)
    assert lab.health.state is Breaker.OPEN


def test_half_of_the_calls_failing_is_no_death(lab: Lab) -> None:
    for _ in range(100):
        lab.call(fails=True)
        lab.now += 0.05
        lab.health.placed(str(next(FRESH)), KEYS, lab.now)  # rings for long
    assert lab.health.state is Breaker.CLOSED
    assert lab.health.factor < 1.0


def test_a_streak_ends_with_a_call_that_went_well_later() -> None:
    streak = Streak()
    streak.placed()
    streak.fault(5.0)
    streak.placed()
    streak.placed()
    assert streak.counts(1, 1 / 3)
    assert not streak.counts(1, 0.34)
    assert not streak.counts(2, 0.0)
    streak.fault(4.0)
    streak.good(4.9)
    assert streak.faults == 2
    streak.good(5.0)
    assert streak.faults == 0
    streak.fault(9.0)
    assert streak.counts(1, 1.0)  # what was placed before is forgotten


# -- refused -------------------------------------------------------------------------------


def test_an_account_that_was_never_taken_is_refused_with_the_first_call(lab: Lab) -> None:
    lab.call(fails=True, refuses_account=True)
    assert (lab.health.state, lab.health.is_shut) == (Breaker.REFUSED, True)
    assert lab.health.room(lab.now) == 0
    assert lab.health.reopens_m == lab.now + 0.1 + 30


def test_probes_of_a_refused_account_come_ever_more_rarely(lab: Lab) -> None:
    waits = []
    for _ in range(7):
        lab.call(fails=True, refuses_account=True)
        assert lab.health.state is Breaker.REFUSED
        waits.append(round(lab.health.reopens_m - lab.now - 0.1))
        lab.now = lab.health.reopens_m
        lab.health.tick(lab.now)
    assert waits == [30, 60, 120, 240, 480, 600, 600]


def test_a_lone_refusal_on_a_trunk_that_serves_others_is_the_numbers(lab: Lab) -> None:
    lab.calls(10, fails=False)
    lab.call(fails=True, refuses_account=True)
    lab.call(fails=False)
    lab.calls(2, fails=True, refuses_account=True)
    assert lab.health.state is Breaker.CLOSED
    lab.call(fails=True, refuses_account=True)
    assert lab.health.state is Breaker.REFUSED


def test_a_minute_after_the_last_good_call_one_refusal_is_enough(lab: Lab) -> None:
    lab.call(fails=False)
    good = lab.now + 0.1
    lab.health.fault("1", KEYS, good + 59.9, good + 59.8, refuses_account=True)
    assert lab.health.state is Breaker.CLOSED
    lab.health.fault("2", KEYS, good + 60.0, good + 59.9, refuses_account=True)
    assert lab.health.state is Breaker.REFUSED


def test_four_that_are_forbidden_in_a_row_stop_it_and_some_of_many_do_not(lab: Lab) -> None:
    for place in range(100):
        lab.call(fails=place % 10 == 0, is_forbidden=place % 10 == 0)
    assert lab.health.state is Breaker.CLOSED
    lab.calls(3, fails=True, is_forbidden=True)
    assert lab.health.state is Breaker.CLOSED
    lab.call(fails=True, is_forbidden=True)
    assert lab.health.state is Breaker.REFUSED


def test_no_codec_in_common_stops_it_also_when_phones_rang(lab: Lab) -> None:
    lab.calls(10, fails=False)
    lab.calls(3, fails=True, has_no_codec=True)
    assert lab.health.state is Breaker.CLOSED
    lab.call(fails=True, has_no_codec=True)
    assert (lab.health.state, lab.health.is_shut) == (Breaker.NO_CODEC, True)
    waits = []
    for _ in range(3):
        waits.append(round(lab.health.reopens_m - lab.now - 0.1))
        lab.now = lab.health.reopens_m
        lab.health.tick(lab.now)
        lab.call(fails=True, has_no_codec=True)
        assert lab.health.state is Breaker.NO_CODEC
    assert waits == [30, 60, 120]


# -- silent --------------------------------------------------------------------------------


def test_a_trunk_that_says_nothing_gets_no_more_than_fifteen_calls(lab: Lab) -> None:
    health = lab.health
    rooms = []
    for _ in range(QUIET_CALLS):
        rooms.append(health.room(lab.now))
        assert health.wants_sign() is (len(rooms) > 6)
        health.placed(str(next(FRESH)), KEYS, lab.now)
    assert rooms == list(range(QUIET_CALLS, 0, -1))
    assert health.room(lab.now + 4.9) == 0
    assert health.room(lab.now + 5.0) == 1
    health.sign(lab.now + 1)
    assert health.room(lab.now + 1) == QUIET_CALLS
    assert not health.wants_sign()


def test_only_a_call_since_its_last_word_says_that_it_lives(lab: Lab) -> None:
    lab.health.sign(500.0)
    assert lab.health.wants_sign_of(500.0)
    assert not lab.health.wants_sign_of(499.9)
    health = lab.probing()
    assert not health.wants_sign()
    health.probe_sent(lab.now)
    assert health.wants_sign()
    assert health.wants_sign_of(health._probing_from_m)
    assert not health.wants_sign_of(health._probing_from_m - 0.1)


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
