"""Fair shares between accounts and campaigns."""

from __future__ import annotations

from collections import Counter
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dialing.shares import WHOLE, Demand, FairShares, GatewayParts, Places, Portion, part_of

ONE = ((1, 1),)


def one_trunk(places: int) -> Places:
    return Places({1: places}, {1: places})


def demand(campaign_id: int, account_id: int, weight: int = 1, want: int = 1000, **more: int) -> Demand:
    return Demand(campaign_id, account_id, weight, want, ONE, **more)


demands = st.lists(
    st.builds(
        Demand,
        campaign_id=st.integers(1, 10_000),
        account_id=st.integers(1, 4),
        weight=st.integers(1, 10),
        want=st.integers(0, 300),
        ways=st.lists(st.tuples(st.integers(1, 3), st.integers(1, 2)), max_size=4).map(tuple),
        account_weight=st.integers(1, 10),
    ),
    max_size=12,
    unique_by=lambda demand: demand.campaign_id,
)
free = st.dictionaries(st.integers(1, 3), st.integers(0, 300))


@given(rounds=st.lists(demands, min_size=1, max_size=4), gateways=free, switches=free)
def test_no_place_is_given_twice_or_left_while_somebody_wants_it(
    rounds: list[list[Demand]], gateways: dict[int, int], switches: dict[int, int]
) -> None:
    shares = FairShares()
    for wanted in rounds:
        places = Places(dict(gateways), dict(switches))
        given_ = shares.divide(places, wanted)
        assert (places.gateways, places.switches) == (gateways, switches)  # nothing is taken yet
        assert sum(given_.values()) <= places.total(way for d in wanted for way in d.ways)
        for one in wanted:
            assert given_.get(one.campaign_id, 0) <= min(one.want, places.total(one.ways))
    ways = {way for d in wanted for way in d.ways}
    if len(ways) == 1:
        assert sum(given_.values()) == min(places.total(ways), sum(d.want for d in wanted if d.ways))


def test_places_are_divided_by_weight() -> None:
    assert FairShares().divide(one_trunk(100), [demand(1, 1), demand(2, 1, 3)]) == {1: 25, 2: 75}


def test_an_account_with_many_campaigns_gets_no_more_than_one_with_one() -> None:
    many = [demand(n, 1) for n in range(1, 10)]
    assert FairShares().divide(one_trunk(100), [*many, demand(50, 2)])[50] == 50


def test_what_one_leaves_goes_to_the_others() -> None:
    assert FairShares().divide(one_trunk(100), [demand(1, 1, want=10), demand(2, 2)]) == {1: 10, 2: 90}


def test_weights_hold_where_a_round_has_one_place() -> None:
    wanted = [demand(n, n, account_weight=n) for n in (1, 2, 3)]
    shares, had = FairShares(), Counter[int]()
    for _ in range(60):
        had.update(shares.divide(one_trunk(1), wanted))
    assert had == {1: 10, 2: 20, 3: 30}


def test_who_comes_anew_neither_waits_for_the_others_nor_they_for_it() -> None:
    shares = FairShares()
    for _ in range(50):
        shares.divide(one_trunk(10), [demand(1, 1)])
    had: Counter[int] = Counter()
    for _ in range(10):
        had.update(shares.divide(one_trunk(2), [demand(1, 1), demand(2, 2)]))
    assert had == {1: 10, 2: 10}


def test_campaigns_of_other_gateways_do_not_take_each_others_places() -> None:
    places = Places({1: 100, 2: 3}, {1: 1000})
    own = [Demand(1, 1, 1, 1000, ((1, 1),))]
    heavy = [Demand(n, 2, 100, 1000, ((2, 1),), 100) for n in range(2, 12)]
    given_ = FairShares().divide(places, [*heavy, *own])
    assert given_[1] == 100
    assert sum(given_.values()) == 103


def test_a_gateway_on_two_switches_has_its_places_once() -> None:
    places = Places({1: 10}, {1: 100, 2: 100})
    assert FairShares().divide(places, [Demand(1, 1, 1, 1000, ((1, 1), (1, 2)))]) == {1: 10}


def test_an_account_gets_no_more_than_it_may_over_its_campaigns() -> None:
    wanted = [demand(1, 1, account_want=6), demand(2, 1, account_want=6), demand(3, 2, want=50)]
    assert FairShares().divide(one_trunk(100), wanted) == {1: 3, 2: 3, 3: 50}


@given(
    total=st.integers(1, 500),
    cps=st.floats(0.1, 500),
    owners=st.lists(st.integers(1, 4), min_size=1, max_size=9),
)
def test_the_portions_of_all_engines_are_the_whole(total, cps, owners):
    everyones = tuple(range(10, 10 + len(owners)))
    portions = [
        Portion(tuple(s for s, owner in zip(everyones, owners, strict=True) if owner == engine), everyones)
        for engine in set(owners)
    ]
    assert sum(portion.of_count(total) for portion in portions) == total
    assert abs(sum(portion.of_rate(cps) for portion in portions) - cps) < 1e-6
    assert (portions[0].of_count(None), portions[0].of_rate(None)) == (None, None)
    assert (WHOLE.of_count(total), WHOLE.of_rate(cps)) == (total, cps)


@pytest.mark.parametrize(
    ("total", "ours", "everyones", "part"),
    [
        (10, (1,), (1, 2, 3), 4),
        (10, (2,), (3, 2, 1), 3),
        (11, (1, 3), (1, 2, 3), 7),
        (2, (3,), (1, 2, 3), 0),
        (9, (), (1, 2), 0),
    ],
)
def test_what_does_not_divide_goes_to_the_lowest(
    total: int, ours: tuple[int, ...], everyones: tuple[int, ...], part: int
) -> None:
    assert part_of(total, ours, everyones) == part
    assert Portion(ours, everyones).of_count(total) == (part if ours else total)
    assert Portion(ours, everyones).of_rate(6.0) == (6.0 * len(ours) / len(everyones) if ours else 6.0)


def test_places_of_trunks() -> None:
    places = Places({1: 5, 2: 7}, {1: 6})
    assert [places.free(way) for way in ((1, 1), (2, 1), (3, 1), (1, 9))] == [5, 6, 0, 0]
    assert places.total([(1, 1), (2, 1), (3, 1)]) == 6
    assert places.total([(1, 1)]) == 5
    assert Places({1: 1}, {1: 9}).total(ONE) == 1, "a single place is one"
    assert places.total([]) == 0
    other = places.copy()
    places.take((2, 1), 2)
    places.take((2, 1))
    assert (places.gateways, places.switches) == ({1: 5, 2: 4}, {1: 3})
    assert (other.gateways, other.switches) == ({1: 5, 2: 7}, {1: 6})
    places.take((1, 1), 3)
    assert places.total([(1, 1), (2, 1)]) == 0  # the switch is full: its gateways' places are none


def test_a_full_trunk_does_not_count_with_the_others() -> None:
    assert Places({1: 0, 2: 4}, {1: 9, 2: 9}).total([(1, 1), (2, 2)]) == 4


def test_the_way_with_most_room_is_taken_first() -> None:
    places = Places({1: 3, 2: 50}, {1: 100})
    wanted = [Demand(1, 1, 1, 3, ((1, 1), (2, 1))), Demand(2, 2, 1, 3, ((1, 1),))]
    assert FairShares().divide(places, wanted) == {1: 3, 2: 3}


def test_a_campaign_of_a_group_that_wants_nothing_more_leaves_the_rest_to_its_sister() -> None:
    assert FairShares().divide(one_trunk(10), [demand(1, 1, want=2), demand(2, 1), demand(3, 2, want=0)]) == {
        1: 2,
        2: 8,
    }


def test_without_a_way_nothing_is_given() -> None:
    assert FairShares().divide(one_trunk(10), [Demand(1, 1, 1, 5, ()), demand(2, 2)]) == {2: 10}
    assert FairShares().divide(one_trunk(0), [demand(1, 1)]) == {}


def test_parts_are_a_hundredth_and_sixteen_at_most() -> None:
    """With the weights 1 and 2 the first part goes to the first, and tells how large parts are."""
    for places, first in ((99, 1), (100, 1), (299, 2), (1600, 16), (5000, 16)):
        wanted = [demand(1, 1, want=10_000), demand(2, 2, want=1, account_weight=1_000_000)]
        shares = FairShares()
        shares._accounts = {1: 0.0, 2: 0.0}
        given_ = shares.divide(one_trunk(places), wanted)
        assert given_ == {1: places - 1, 2: 1}
        assert shares._accounts[1] == places - 1
        chunks = FairShares()
        chunks.divide(one_trunk(places), [demand(1, 1), demand(2, 2)])
        assert abs(chunks._accounts[1] - chunks._accounts[2]) <= first


@pytest.mark.parametrize(
    ("places", "given_"),
    [(199, {1: 67, 2: 66, 3: 66}), (200, {1: 68, 2: 66, 3: 66}), (1700, {1: 576, 2: 564, 3: 560})],
)
def test_places_are_given_one_by_one_below_two_hundred_then_by_hundredths(
    places: int, given_: dict[int, int]
) -> None:
    assert FairShares().divide(one_trunk(places), [demand(n, n) for n in (1, 2, 3)]) == given_


def test_who_could_not_be_served_is_owed_fifty_places_at_most() -> None:
    shares = FairShares()
    both = [demand(1, 1), Demand(2, 2, 1, 1000, ((2, 1),), 2)]
    for _ in range(20):
        shares.divide(Places({1: 100, 2: 0}, {1: 1000}), both)  # the second's gateway is full
    given_ = shares.divide(Places({1: 100, 2: 100}, {1: 100}), both)
    assert 65 <= given_[2] <= 90
    assert given_[1] + given_[2] == 100


def test_the_campaigns_of_an_account_are_owed_alike() -> None:
    shares = FairShares()
    both = [demand(1, 1), Demand(2, 1, 1, 1000, ((2, 1),))]
    for _ in range(20):
        shares.divide(Places({1: 100, 2: 0}, {1: 1000}), both)
    given_ = shares.divide(Places({1: 200, 2: 200}, {1: 200}), both)
    assert given_[1] + given_[2] == 200
    assert 40 <= given_[2] - given_[1] <= 60


def test_only_differences_are_kept() -> None:
    shares = FairShares()
    for _ in range(1000):
        shares.divide(one_trunk(10), [demand(1, 1), demand(2, 2)])
    assert max(shares._accounts.values()) <= 10
    assert max(shares._campaigns.values()) <= 10
    shares.divide(one_trunk(10), [demand(3, 3)])
    assert set(shares._accounts) == {3}


@pytest.mark.parametrize("value", [WHOLE, demand(1, 1)])
def test_values_are_frozen_and_hold_nothing_else(value: Any) -> None:
    with pytest.raises((FrozenInstanceError, TypeError)):
        value.ours = value.weight = 7
    assert not hasattr(value, "__dict__")


def test_places_hold_nothing_else() -> None:
    assert not hasattr(one_trunk(1), "__dict__")


class Row:
    """A gateway's row, as far as its parts are asked for."""

    def __init__(self, gateway_id: int, cps: float, channels: int) -> None:
        self.id, self.cps, self.channels = gateway_id, cps, channels


def test_an_engine_that_is_alone_has_all_of_a_gateway() -> None:
    assert GatewayParts().of(Row(1, 2.5, 30)) == (2.5, 30)


def test_of_divided_gateways_an_engine_has_what_it_was_granted() -> None:
    parts = GatewayParts()
    with pytest.raises(AssertionError):
        parts.grant(1, 1, 1)
    parts.divide()
    assert parts.of(Row(1, 10.0, 30)) == (0, 0)
    parts.grant(1, 4, 12)
    assert parts.of(Row(1, 10.0, 30)) == (4.0, 12)
    assert parts.of(Row(2, 10.0, 30)) == (0, 0)
    parts.grant(1, 2, 30)
    assert parts.of(Row(1, 2.5, 30)) == (2.5, 30)  # the whole, also when it is no whole number
    parts.grant(1, 0, 5)
    assert parts.of(Row(1, 0.5, 30)) == (0.0, 5)
