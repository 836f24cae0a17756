"""A gateway that fails is slowed, left alone, probed and used again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.dialing.health import FLOOR, Breaker, GatewayHealth


def feed(health: GatewayHealth, faults: list[bool], start: float = 0.0, every_s: float = 0.1) -> float:
    now = start
    for is_fault in faults:
        now += every_s
        health.note(is_fault, now)
        health.tick(now)
    return now


def test_a_few_faults_prove_nothing() -> None:
    health = GatewayHealth()
    feed(health, [True] * 5)
    assert (health.state, health.factor, health.is_failing) == (Breaker.CLOSED, 1.0, False)


def test_congestion_halves_the_rate_and_good_calls_let_it_climb() -> None:
    health = GatewayHealth()
    now = feed(health, [False, False, True] * 30)
    slowed = health.factor
    assert FLOOR <= slowed <= 0.5
    assert health.is_failing
    now = feed(health, [False] * 600, now)
    assert health.factor == 1.0


def test_a_dead_gateway_is_left_alone_then_probed_then_used() -> None:
    health = GatewayHealth()
    now = feed(health, [True] * 8)
    assert (health.state, health.room(now)) == (Breaker.OPEN, 0)
    health.tick(now + 5.1)
    assert (health.state, health.room(now + 5.1)) == (Breaker.PROBING, 1)
    health.probe_sent(now + 5.2)
    assert health.room(now + 5.3) == 0
    for second in range(3):
        health.note(False, now + 6 + second)
    assert (health.state, health.room(now + 9)) == (Breaker.CLOSED, None)
    assert health.factor <= 0.1


def test_a_failed_probe_waits_longer() -> None:
    health = GatewayHealth()
    now = feed(health, [True] * 8)
    health.tick(now + 5.1)
    health.note(True, now + 6)
    assert health.state is Breaker.OPEN
    assert health.reopens_m >= now + 6 + 10


def test_a_probe_without_an_end_does_not_shut_it_for_ever() -> None:
    health = GatewayHealth()
    now = feed(health, [True] * 8)
    health.tick(now + 6)
    health.probe_sent(now + 6)
    assert health.room(now + 67) == 1


@given(st.lists(st.tuples(st.booleans(), st.floats(0.001, 3)), max_size=300))
def test_the_share_is_always_within_its_bounds(ends: list[tuple[bool, float]]) -> None:
    health, now = GatewayHealth(), 0.0
    for is_fault, step in ends:
        now += step
        health.tick(now)
        health.note(is_fault, now)
        assert FLOOR <= health.factor <= 1.0
        assert health.room(now) in (None, 0, 1)


def test_a_trunk_that_dies_after_a_good_time_is_left_alone_at_once() -> None:
    health = GatewayHealth()
    for step in range(1000):
        health.note(is_fault=False, now_m=step / 60)
    for step in range(1000, 1030):
        health.placed()
        health.note(is_fault=True, now_m=step / 60)
        health.note(is_fault=False, now_m=step / 60, placed_m=10.0)  # calls of before go on ending well
    assert health.state is Breaker.OPEN


def test_half_of_the_calls_failing_at_once_while_the_others_last_is_no_death() -> None:
    health = GatewayHealth()
    for step in range(600):  # the good ones end ten seconds later
        now = step / 60
        health.placed()
        if step % 2:
            health.note(is_fault=True, now_m=now, placed_m=now)
        health.note(is_fault=False, now_m=now, placed_m=now - 10)
    assert health.state is Breaker.CLOSED
    assert health.factor < 1.0


def test_calls_of_before_are_no_probes() -> None:
    health = GatewayHealth()
    now = feed(health, [True] * 8)
    health.tick(now + 5.1)
    for _ in range(10):
        health.note(is_fault=False, now_m=now + 5.2, placed_m=now - 1)
    assert (health.state, health.room(now + 5.2)) == (Breaker.PROBING, 1)
