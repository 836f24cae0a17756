"""Sets of spans against sets of integers."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.agreement import intervals

span = st.tuples(st.integers(-20, 60), st.integers(0, 15)).map(lambda pair: (pair[0], pair[0] + pair[1]))
spans = st.lists(span, max_size=12)


def members(some):
    return {second for start, end in some for second in range(start, end)}


def is_normal(some):
    return all(a < b for a, b in some) and all(x[1] < y[0] for x, y in pairwise(some))


@given(spans, spans, span, st.integers(-30, 90))
def test_every_operation_agrees_with_sets_of_seconds(a, b, window, at):
    left, right = intervals.merge(a), intervals.merge(b)
    cases = [
        (left, members(a)),
        (intervals.union(left, right), members(a) | members(b)),
        (intervals.intersect(left, right), members(a) & members(b)),
        (intervals.subtract(left, right), members(a) - members(b)),
        (intervals.clip(left, *window), members(a) & set(range(*window))),
    ]
    for got, expected in cases:
        assert is_normal(got)
        assert members(got) == expected
        assert intervals.total(got) == len(expected)
    found = intervals.covering(left, at)
    assert (found is not None) == (at in members(a))
    assert found is None or found in left


def test_a_span_that_ends_before_it_starts_is_refused():
    with pytest.raises(ValueError):
        intervals.merge([(5, 4)])


def test_the_end_of_a_span_lies_outside():
    assert [intervals.covering(((1, 3), (5, 6)), at) for at in range(7)] == [
        None,
        (1, 3),
        (1, 3),
        None,
        None,
        (5, 6),
        None,
    ]
