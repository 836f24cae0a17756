"""A gateway that is dead, refuses us or says nothing is left alone, probed and used again."""

from __future__ import annotations

import pytest

from engine.dialing.health import (
    DOUBT,
    OPEN_MOST_S,
    QUIET_CALLS,
    Breaker,
)
from engine.dialing.tallies import Streak
from tests.dialing.gateway_lab import FRESH, KEYS, Lab

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


def test_a_call_placed_when_probing_begins_is_a_probe(lab: Lab) -> None:
    health = lab.probing()
    for _ in range(2):
        health.good(str(next(FRESH)), KEYS, lab.now + 1, health._probing_from_m)
    assert health.state is Breaker.CLOSED


def test_a_probe_of_which_nothing_is_heard_does_not_shut_it_for_ever(lab: Lab) -> None:
    health = lab.probing()
    for _ in range(3):
        health.probe_sent(lab.now)
    assert health.room(lab.now + 14.9) == 0
    assert health.room(lab.now + 15.0) == 3


def test_an_answered_probe_makes_room_for_the_next(lab: Lab) -> None:
    health, begin = lab.probing(), lab.now
    for after_s in (0, 5, 10):
        health.probe_sent(begin + after_s)
    health.good(str(next(FRESH)), KEYS, begin + 11, begin)
    assert health.room(begin + 15.5) == 1, "the first was answered, the others are still waited for"


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


def test_calls_are_claimed_ahead_only_for_a_trunk_that_was_heard_lately(lab: Lab) -> None:
    health, doubt = lab.health, QUIET_CALLS // DOUBT
    for _ in range(doubt):
        health.placed(str(next(FRESH)), KEYS, lab.now)
    assert health.ahead(lab.now, waiting=1000) is None
    health.placed(str(next(FRESH)), KEYS, lab.now)
    left = QUIET_CALLS - doubt - 1
    assert [health.ahead(lab.now, waiting) for waiting in (0, 2, 1000)] == [left, left - 2, 0]
    assert health.may_leave(lab.now) == left
    health.sign(lab.now + 1)
    assert (health.ahead(lab.now + 1, 1000), health.may_leave(lab.now + 1)) == (None, QUIET_CALLS)


def test_a_silent_trunk_keeps_claimed_calls_back_and_loses_them_after_two_seconds(lab: Lab) -> None:
    health = lab.health
    for _ in range(QUIET_CALLS):
        health.placed(str(next(FRESH)), KEYS, lab.now)
    assert (health.may_leave(lab.now + 4.9), health.may_leave(lab.now + 5.0)) == (0, 1)
    assert (health.is_silent(lab.now + 1.9), health.is_silent(lab.now + 2.0)) == (False, True)
    health.sign(lab.now + 2)
    assert (health.may_leave(lab.now + 2), health.is_silent(lab.now + 9)) == (QUIET_CALLS, False)


def test_probes_are_counted_when_they_are_claimed_and_may_leave(lab: Lab) -> None:
    health = lab.probing()
    for left in (2, 1, 0):
        health.probe_sent(lab.now)
        assert health.ahead(lab.now, waiting=0) == left
        assert health.may_leave(lab.now) is None
    assert not health.is_silent(lab.now + 60)


def test_a_trunk_seems_silent_when_it_says_nothing_of_its_first_call_for_so_long(lab: Lab) -> None:
    health, begin = lab.health, lab.now
    assert not health.seems_silent(begin + 60, 3.0)  # nothing was asked of it
    health.placed(str(next(FRESH)), KEYS, begin)
    health.placed(str(next(FRESH)), KEYS, begin + 2)
    assert not health.seems_silent(begin + 3.0, 3.0)
    assert health.seems_silent(begin + 3.01, 3.0)
    health.sign(begin + 4)
    assert not health.seems_silent(begin + 60, 3.0)
    assert lab.probing().seems_silent(lab.now, 3.0)  # not in use


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
