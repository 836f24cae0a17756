"""Which rows are written together: all of them, once, few pages of the index at a time, in an order that can be repeated."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from engine.services.campaigns.list_parts import SHARE, WINDOW_PARTS, ListPart, ListRow, parts_of
from engine.store.numbering import LAST_BITS

SIZE = 10


def chunks_of(numbers: list[int]) -> list[ListPart]:
    rows = [ListRow(line, f"+{number}", True, "", "") for line, number in enumerate(numbers, start=1)]
    starts = range(0, len(rows), SIZE)
    return [ListPart(rows[at : at + SIZE], numbers[at : at + SIZE]) for at in starts]


@given(st.integers(0, 3_000), st.randoms(use_true_random=False))
def test_every_row_comes_once_with_its_number(count, random):
    numbers = random.sample(range(98_910_000_000, 98_919_000_000), count)
    parts = list(parts_of(iter(chunks_of(numbers)), SIZE))
    rows = [row for part in parts for row in part.rows]
    assert sorted(row.line for row in rows) == list(range(1, count + 1))
    for part in parts:
        assert 1 <= len(part.rows) <= SIZE
        assert [row.number for row in part.rows] == [f"+{number}" for number in part.numbers]
        assert [row.line for row in part.rows] == sorted(row.line for row in part.rows)
    assert parts == list(parts_of(iter(chunks_of(numbers)), SIZE))


def test_a_list_keeps_its_order_until_an_index_is_large():
    numbers = [98_910_000_000 + at * 4_567_891 % 9_000_000 for at in range(3_000)]
    parts = list(parts_of(iter(chunks_of(numbers)), SIZE))
    lines = [row.line for part in parts for row in part.rows]
    assert lines[: SIZE * SHARE] == list(range(1, SIZE * SHARE + 1))
    assert lines != sorted(lines)
    moved = max(abs(line - at) for at, line in enumerate(lines, start=1))
    assert moved < SIZE * WINDOW_PARTS


def test_a_part_of_a_large_list_is_a_piece_of_the_index():
    numbers = [98_910_000_000 + at * 4_567_891 % 9_000_000 for at in range(3_000)]
    last = list(parts_of(iter(chunks_of(numbers)), SIZE))[-WINDOW_PARTS * 2 : -WINDOW_PARTS]
    keys = [sorted((number & LAST_BITS, number) for number in part.numbers) for part in last]
    pieces = sorted((key[0], key[-1]) for key in keys)
    overlaps = sum(before[1] > after[0] for before, after in itertools.pairwise(pieces))
    assert overlaps <= WINDOW_PARTS  # of two windows, each in one piece a part
    widths = [key[-1][0] - key[0][0] for key in keys]
    assert max(widths) < LAST_BITS / 2


def test_reading_and_writing_go_side_by_side():
    """A part comes out for each chunk that goes in, once parts are ready: never a whole window at once."""
    taken = 0

    def counted():
        nonlocal taken
        for chunk in chunks_of([98_910_000_000 + at for at in range(3_000)]):
            taken += 1
            yield chunk

    for written, _ in enumerate(parts_of(counted(), SIZE)):
        assert taken <= written + 2 * WINDOW_PARTS + 1
