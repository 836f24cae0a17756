"""Fair shares between accounts and campaigns."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.dialing.shares import Demand, allot

demands = st.lists(
    st.builds(
        Demand,
        campaign_id=st.integers(1, 10_000),
        account_id=st.integers(1, 4),
        weight=st.integers(1, 10),
        want=st.integers(0, 300),
    ),
    max_size=12,
    unique_by=lambda demand: demand.campaign_id,
)


@given(places=st.integers(0, 500), wanted=demands, turn=st.integers(0, 50))
def test_all_places_are_given_and_nobody_gets_more_than_it_wants(
    places: int, wanted: list[Demand], turn: int
) -> None:
    given_ = allot(places, wanted, turn)
    assert sum(given_.values()) == min(places, sum(d.want for d in wanted))
    assert all(given_.get(d.campaign_id, 0) <= d.want for d in wanted)


def test_places_are_divided_by_weight() -> None:
    wanted = [Demand(1, 1, 1, 1000), Demand(2, 1, 3, 1000)]
    assert allot(100, wanted) == {1: 25, 2: 75}


def test_an_account_with_many_campaigns_gets_no_more_than_one_with_one() -> None:
    many = [Demand(n, 1, 1, 1000) for n in range(1, 10)]
    given_ = allot(100, [*many, Demand(50, 2, 1, 1000)])
    assert given_[50] == 50


def test_what_one_leaves_goes_to_the_others() -> None:
    assert allot(100, [Demand(1, 1, 1, 10), Demand(2, 2, 1, 1000)]) == {1: 10, 2: 90}


def test_with_fewer_places_than_campaigns_everybody_has_a_turn() -> None:
    wanted = [Demand(n, n, 1, 5) for n in range(1, 5)]
    served = {n for turn in range(4) for n, places in allot(1, wanted, turn).items() if places}
    assert served == {1, 2, 3, 4}
