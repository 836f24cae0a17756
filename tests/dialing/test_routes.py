"""A campaign's or a destination's use of a gateway is given up when all its numbers fail alike."""

from __future__ import annotations

import pytest

from engine.dialing import routes as module
from engine.dialing.health import CAMPAIGN, GROUP, GatewayHealth
from engine.dialing.routes import Route, Routes, keys_of

KIND = "UNALLOCATED_NUMBER/404"
DOUBTFUL, LOST, MOST_ROUTES = 6, 16, 5_000


def fail(route: Route, count: int, now: float = 0.0, kind: str = KIND, first: int = 0) -> bool:
    lost = False
    for number in range(first, first + count):
        route.placed()
        lost = route.bad(str(number), kind, now, now)
    return lost


def test_what_a_call_has_in_common_with_others() -> None:
    assert keys_of(7, "989121234567") == ((CAMPAIGN, 7), (GROUP, "98912"))


def test_six_in_a_row_are_doubtful_and_sixteen_are_lost() -> None:
    route = Route()
    assert not fail(route, DOUBTFUL - 1)
    assert not route.is_doubtful
    assert not fail(route, 1, first=100)
    assert route.is_doubtful
    assert not fail(route, LOST - DOUBTFUL - 1, first=200)
    assert (route.is_lost, route.room(0.0)) == (False, None)
    assert fail(route, 1, first=300)
    assert (route.is_lost, route.is_doubtful, route.room(0.0), route.kind) == (True, True, 0, KIND)


def test_the_same_number_again_and_another_way_of_failing_begin_no_streak() -> None:
    route = Route()
    for _ in range(30):
        route.bad("1", KIND, 0.0, 0.0)
    assert not route.is_doubtful
    fail(route, LOST - 1)
    assert not fail(route, LOST - 1, kind="USER_BUSY/486", first=50)
    assert not route.is_lost
    assert fail(route, 1, kind="USER_BUSY/486", first=90)


def test_some_bad_numbers_among_many_calls_that_ring_are_no_loss() -> None:
    route = Route()
    for number in range(40):
        fail(route, 1, first=number)
        for _ in range(9):
            route.placed()
    assert not route.is_doubtful


def test_a_call_that_rang_later_ends_the_doubt_and_an_earlier_one_does_not() -> None:
    route = Route()
    fail(route, 11, now=5.0)
    route.good(placed_m=4.9)
    assert route.is_doubtful
    route.good(placed_m=5.0)
    assert not route.is_doubtful
    assert not fail(route, LOST - 1, now=6.0)


def test_a_lost_route_is_tried_with_one_call_at_a_time_ever_more_rarely() -> None:
    route = Route()
    fail(route, LOST, now=0.0)
    now = 0.0
    for wait in (15, 30, 60, 120, 120):
        assert route.reopens_m == now + wait
        assert route.room(now + wait - 0.1) == 0
        now += wait
        assert route.room(now) == 1
        route.claimed(now)
        assert route.room(now + 59.9) == 0
        assert not route.bad("x", KIND, now, now)
    now += 200
    route.claimed(now)
    assert route.room(now + 59.9) == 0
    assert route.room(now + 60.0) == 1  # a probe of which nothing was heard


def test_it_is_used_again_when_a_probe_rings() -> None:
    route = Route()
    fail(route, LOST)
    route.claimed(30.0)
    route.good(placed_m=30.0)
    assert (route.is_lost, route.is_doubtful, route.room(30.0)) == (False, False, None)
    fail(route, LOST, now=40.0)
    assert route.reopens_m == 55.0


def test_a_claim_of_a_route_in_use_is_no_probe() -> None:
    route = Route()
    route.claimed(0.0)
    fail(route, LOST)
    assert route.room(30.0) == 1


@pytest.fixture
def health() -> GatewayHealth:
    return GatewayHealth()


def test_the_trunks_own_faults_count_only_while_it_serves_others(health: GatewayHealth) -> None:
    routes, keys = Routes(health), keys_of(1, "98912000")
    for number in range(50):
        assert routes.bad(keys, str(number), "X/503", 0.0, 0.0, is_trunks=True) == []
    assert not routes.is_doubtful(keys)
    health.good("5", keys_of(2, "98912000"), 0.0, 0.0)  # another campaign, the same destination
    lost = [routes.bad(keys, str(number), "X/503", 0.0, 0.0, is_trunks=True) for number in range(LOST)]
    assert lost[-1] == [(CAMPAIGN, 1)]
    assert not any(lost[:-1])
    assert routes.lost((CAMPAIGN, 1)) is not None
    assert routes.lost((GROUP, "98912")) is None
    assert routes.is_doubtful(keys)
    assert not routes.is_doubtful(keys_of(2, "98912000"))


def test_on_a_trunk_that_fails_others_alike_nothing_is_said_of_a_list(health: GatewayHealth) -> None:
    routes, keys = Routes(health), keys_of(1, "98912000")
    for number in range(6):
        health.good(str(number), keys_of(2, "98935000"), 0.0, 0.0)
    for number in range(6, 8):  # a quarter of the others
        health.fault(str(number), keys_of(2, "98935000"), 0.0, 0.0)
    for number in range(LOST):
        assert routes.bad(keys, str(number), "X/503", 0.0, 0.0, is_trunks=True) == []


def test_numbers_that_do_not_exist_count_in_any_case(health: GatewayHealth) -> None:
    routes, keys = Routes(health), keys_of(1, "98912000")
    for number in range(LOST):
        routes.placed(keys)
        routes.bad(keys, str(number), KIND, 0.0, 0.0, is_trunks=False)
    assert {key for key in keys if routes.lost(key)} == set(keys)
    routes.claimed(keys, 30.0)
    assert [route.room(31.0) for route in routes.of(keys)] == [0, 0]
    routes.good(keys, 30.0)
    assert not any(routes.lost(key) for key in keys)


def test_the_number_of_routes_is_bounded(health: GatewayHealth) -> None:
    routes = Routes(health)
    for number in range(LOST):
        routes.bad(keys_of(1, "98912000"), str(number), KIND, 0.0, 0.0, is_trunks=False)
    for campaign in range(2, MOST_ROUTES + 10):
        routes.bad(keys_of(campaign, "98935000"), "1", KIND, 0.0, 0.0, is_trunks=False)
    assert module.MOST_ROUTES == MOST_ROUTES
    assert len(routes._routes) < MOST_ROUTES
    assert routes.lost((CAMPAIGN, 1)) is not None
