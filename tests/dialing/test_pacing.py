"""Pacing: never above the cap in any rolling second, nearly all of it used, and smooth."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.bench.figures import fullest_second
from engine.dialing.pacing import RateLimiter, Seats
from engine.services.trunks.headroom import permitted_rate, permitted_sessions


def run(limiter: RateLimiter, steps: list[float], greed: int = 10_000) -> list[float]:
    """Let the limiter run over ticks of the given lengths; the instants of the permits taken."""
    now, sent = 100.0, []
    for step in steps:
        now += step
        permits = min(limiter.available(now), greed)
        if permits:
            limiter.take(now, permits)
            sent += [now] * permits
    return sent


ticks = st.lists(st.floats(min_value=0, max_value=0.4, allow_nan=False), min_size=1, max_size=400)


@given(cps=st.floats(min_value=0.2, max_value=900), steps=ticks)
def test_no_rolling_second_is_above_the_cap(cps: float, steps: list[float]) -> None:
    sent = run(RateLimiter(cps), steps)
    assert fullest_second(sent) <= max(1, int(cps))


@given(cps=st.floats(min_value=0.05, max_value=0.99), steps=ticks)
def test_below_one_a_second_the_gap_is_kept(cps: float, steps: list[float]) -> None:
    sent = run(RateLimiter(cps), steps * 5)
    assert all(later - earlier >= 1 / cps for earlier, later in itertools.pairwise(sent))


@given(
    first=st.integers(1, 500),
    second=st.integers(1, 500),
    steps=ticks,
)
def test_a_changed_rate_forgets_nothing(first: int, second: int, steps: list[float]) -> None:
    limiter = RateLimiter(first)
    now, sent = 50.0, []
    for number, step in enumerate(steps):
        now += step
        if number == len(steps) // 2:
            limiter.set_rate(second)
        permits = limiter.available(now)
        if permits:
            limiter.take(now, permits)
            sent += [now] * permits
    assert fullest_second(sent) <= max(first, second)


@pytest.mark.parametrize("cps", [1, 3, 30, 100, 999, 1200])
def test_nearly_all_of_the_rate_is_used(cps: int) -> None:
    sent = run(RateLimiter(cps), [0.01] * 3000)
    rate = (len(sent) - 1) / (sent[-1] - sent[0])
    assert rate >= 0.98 * cps


@pytest.mark.parametrize("cps", [30, 100, 1000])
def test_traffic_is_smooth_below_a_tenth_of_a_second(cps: int) -> None:
    """What may be late is a group that waited to leave together, or 90 ms of traffic."""
    sent = run(RateLimiter(cps), [0.01] * 500)
    settled = [at for at in sent if at > sent[0] + 1]
    assert fullest_second(settled, 0.1) <= cps * 0.1 + max(5, cps * 0.09)


@pytest.mark.parametrize("late_s", [0.0, 0.003, 0.02])
@pytest.mark.parametrize("cps", [1, 5, 11, 15, 20, 30, 45, 60, 80, 100, 266])
def test_who_waits_to_leave_together_loses_nothing(cps: int, late_s: float) -> None:
    """As the sender does: it sleeps for what `next_in` says, and a little longer each time."""
    limiter, now, sent, looks = RateLimiter(cps), 100.0, [], 0
    while now < 160.0:
        looks += 1
        permits = limiter.available(now)
        if permits:
            limiter.take(now, permits)
            sent += [now] * permits
        now += max(0.001, limiter.next_in(now, 50)) + late_s
    assert fullest_second(sent) <= cps
    assert looks <= 60 * max(min(cps, 11), cps / 6) + 2
    if late_s < 0.01 and cps >= 15:
        assert (len(sent) - 1) / (sent[-1] - sent[0]) >= 0.98 * cps


def test_a_late_tick_is_made_up_for_only_so_far() -> None:
    limiter = RateLimiter(100)
    limiter.take(10.0, limiter.available(10.0))
    assert limiter.available(15.0) == 9


def test_a_rate_must_be_above_zero() -> None:
    with pytest.raises(ValueError, match="above zero"):
        RateLimiter(0)


def test_the_reserve_is_for_urgent_calls() -> None:
    seats = Seats(10, reserve=2)
    for _ in range(8):
        seats.take()
    assert (seats.free(), seats.free(urgent=True)) == (0, 2)
    seats.give()
    assert seats.free() == 1


def test_a_seat_is_given_back_once() -> None:
    with pytest.raises(RuntimeError, match="nobody held"):
        Seats(5).give()


@pytest.mark.parametrize(
    ("setting", "share", "expected"),
    [(30, 0.0, 29), (30, 0.1, 26), (2, 0.5, 1), (1, 0.0, 1), (1000, 0.1, 899)],
)
def test_a_switch_gets_less_than_its_own_setting(setting: int, share: float, expected: int) -> None:
    assert permitted_rate(setting, share) == expected
    assert permitted_sessions(setting, share) == expected


@pytest.mark.parametrize(
    ("cps", "cap", "burst", "gap"),
    [
        (100, 100, 9, 0.01012),
        (12, 12, 2, 1.012 / 12),
        (11, 11, 1, 0.092),
        (2.5, 2, 1, 0.506),
        (0.5, 1, 1, 2.012),
    ],
)
def test_the_figures_of_a_rate(cps: float, cap: int, burst: int, gap: float) -> None:
    limiter = RateLimiter(cps)
    assert (limiter.cap, limiter.available(10.0)) == (cap, burst)
    limiter.take(10.0, burst)
    assert limiter.available(10.0 + gap - 1e-6) == 0
    assert limiter.available(10.0 + gap) == 1


def test_the_next_permit_is_due_a_gap_after_the_last_and_lateness_is_kept_up_to_the_burst() -> None:
    limiter = RateLimiter(100)
    limiter.take(10.0)
    assert limiter.available(10.0) == 8
    limiter.take(10.0, 3)
    assert limiter.available(10.0) == 5
    assert limiter.available(10.0 + 4 * 0.01012) == 9
    limiter.take(20.0, 9)
    assert limiter.available(20.0 + 2 * 0.01012) == 2


def test_the_window_is_a_second_and_a_margin() -> None:
    limiter = RateLimiter(3)
    for at in (10.0, 10.4, 10.8):
        limiter.take(at)
    assert limiter.use(11.0059) == 1.0
    assert limiter.use(11.0061) == 2 / 3


def test_below_one_a_second_the_window_is_longer() -> None:
    limiter = RateLimiter(0.25)
    limiter.take(10.0)
    assert limiter.available(14.0119) == 0
    assert limiter.available(14.0121) == 1


def test_use_is_the_share_of_the_window_that_was_taken() -> None:
    limiter = RateLimiter(10)
    assert limiter.use(10.0) == 0.0
    limiter.take(10.0)
    limiter.take(10.5, 2)
    assert limiter.use(10.9) == 0.3
    assert limiter.use(11.1) == 0.2
    assert limiter.use(12.0) == 0.0


def test_what_is_expected_soon() -> None:
    limiter = RateLimiter(100)
    assert limiter.expected(10.0, 0.5) == 59  # 9 now, 49.4 later
    limiter.take(10.0, 9)
    assert limiter.expected(10.0, 0.5) == 50
    assert limiter.expected(10.0, 0.0) == 1
    assert RateLimiter(0.1).expected(10.0, 0.0) == 1


def test_a_higher_rate_lets_out_what_the_window_still_has() -> None:
    limiter = RateLimiter(2)
    limiter.take(10.0)
    limiter.take(10.6)
    assert limiter.available(10.9) == 0
    limiter.set_rate(100)
    assert limiter.cps == 100
    assert limiter.use(10.9) == 0.02


def test_after_a_lower_rate_the_window_of_what_was_let_out_is_waited_for() -> None:
    limiter = RateLimiter(100)
    limiter.take(10.0, 3)
    limiter.set_rate(2)
    assert limiter.next_in(10.1) == pytest.approx(0.906)
    assert (limiter.available(11.0059), limiter.available(11.0061)) == (0, 1)


def test_seats_in_figures() -> None:
    seats = Seats(3, reserve=5)
    assert (seats.limit, seats.reserve, seats.used) == (3, 2, 0)
    assert (seats.free(), seats.free(urgent=True)) == (1, 3)
    for used in (1, 2, 3, 4):
        seats.take()
        assert seats.used == used
    assert (seats.free(), seats.free(urgent=True)) == (0, 0)
    seats.give()
    assert seats.used == 3
    assert (Seats(5).reserve, Seats(1, 1).reserve, Seats(0, 1).reserve) == (0, 0, 0)
    last = Seats(1)
    last.take()
    last.give()
    assert last.used == 0


@given(cps=st.floats(min_value=0.2, max_value=900), steps=ticks, greed=st.integers(1, 500))
def test_the_next_permit_is_there_when_it_is_said_to_be(cps: float, steps: list[float], greed: int) -> None:
    limiter = RateLimiter(cps)
    run(limiter, steps, greed)
    now = 100.0 + sum(steps)
    wait = limiter.next_in(now)
    assert limiter.available(now + wait + 1e-6) >= 1
    assert wait < 1e-6 or limiter.available(now + wait - min(1e-4, wait / 2)) == 0
    assert (wait == 0) <= (limiter.available(now) >= 1)


@given(
    cps=st.floats(min_value=0.2, max_value=900),
    steps=ticks,
    greed=st.integers(1, 500),
    wanted=st.integers(1, 40),
)
def test_calls_that_wait_leave_together_without_a_permit_lost(
    cps: float, steps: list[float], greed: int, wanted: int
) -> None:
    limiter = RateLimiter(cps)
    run(limiter, steps, greed)
    now = 100.0 + sum(steps)
    together = max(1, min(wanted, 7, int(max(1, math.floor(cps)) * 0.14)))
    wait = limiter.next_in(now, wanted)
    room = limiter.cap - sum(1 for at in limiter._sent if at > now + wait - limiter._window)
    assert limiter.available(now + wait + 1e-6) >= min(together, room) >= 1
    assert wait < 1e-6 or limiter.available(now + wait - min(1e-4, wait / 2)) < together
    assert wait >= limiter.next_in(now) - 1e-9


@pytest.mark.parametrize("cps", [100, 270, 1200])
def test_a_burst_is_spread_and_does_not_come_back_every_second(cps: int) -> None:
    limiter, now, sent = RateLimiter(cps), 100.0, []
    while now < 130.0:
        permits = limiter.available(now)
        limiter.take(now, permits)
        sent += [now] * permits
        now += max(0.01, limiter.next_in(now, 100)) + 1e-6
        if 110.0 <= now < 110.01:
            now += 0.08  # held up once, and made up for
    calm = [at for at in sent if at > 125.0]
    gaps = [later - earlier for earlier, later in itertools.pairwise(calm)]
    assert max(gaps) < 0.075  # seven calls at a time at 100 a second
    seconds = [sum(at <= each < at + 1.0 for each in calm) for at in calm if at + 1.0 < 130.0]
    assert min(seconds) >= 0.97 * cps
    assert fullest_second(sent) <= cps


def test_sending_together_keeps_the_rate() -> None:
    limiter, now, sent = RateLimiter(60), 100.0, 0
    while now < 160.0:
        permits = limiter.available(now)
        limiter.take(now, permits)
        sent += permits
        now += limiter.next_in(now, 100) + 1e-6
    assert sent >= 0.98 * 60 * 60
