"""Sets of half-open spans ``[start, end)`` over integers.

A *set* is a sorted tuple of ``(start, end)`` pairs that do not overlap, do not touch and are not empty, so that equal
sets compare equal.  Functions take any iterable for `Iterable` and such a set for `Spans`; all return sets.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

Span = tuple[int, int]
Spans = tuple[Span, ...]


def merge(spans: Iterable[Span]) -> Spans:
    """The set that covers everything that any of `spans` covers; empty spans are dropped.

    Raises ValueError for a span that ends before it starts (callers check their input).
    """
    merged: list[Span] = []
    for start, end in sorted(spans):
        if end < start:
            raise ValueError(f"a span ends at {end}, before its start at {start}")
        if start == end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def union(a: Spans, b: Spans) -> Spans:
    """Everything that `a` or `b` covers."""
    if not b:
        return a
    return merge((*a, *b)) if a else b


def intersect(a: Spans, b: Spans) -> Spans:
    """Everything that both `a` and `b` cover."""
    both: list[Span] = []
    i = j = 0
    while i < len(a) and j < len(b):
        start = max(a[i][0], b[j][0])
        end = min(a[i][1], b[j][1])
        if start < end:
            both.append((start, end))
        if a[i][1] == end:
            i += 1
        else:
            j += 1
    return tuple(both)


def subtract(a: Spans, b: Spans) -> Spans:
    """Everything that `a` covers and `b` does not."""
    if not a or not b:
        return a
    left: list[Span] = []
    j = 0
    for start, end in a:
        while j < len(b) and b[j][1] <= start:
            j += 1
        k = j
        while k < len(b) and b[k][0] < end:
            if start < b[k][0]:
                left.append((start, b[k][0]))
            start = max(start, b[k][1])
            k += 1
        if start < end:
            left.append((start, end))
    return tuple(left)


def clip(spans: Spans, start: int, end: int) -> Spans:
    """The part of a set that lies in ``[start, end)``."""
    return intersect(spans, ((start, end),)) if start < end else ()


def total(spans: Spans) -> int:
    """How many integers the set covers: its length in seconds."""
    return sum(end - start for start, end in spans)


def covering(spans: Spans, at: int) -> Span | None:
    """The member of the set that contains `at`, or None."""
    index = bisect_right(spans, at, key=lambda span: span[0]) - 1
    if index >= 0 and at < spans[index][1]:
        return spans[index]
    return None
