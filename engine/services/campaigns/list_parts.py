"""Which rows of a list are written together, so that each transaction touches few pages of the index of numbers.

The unique index of the numbers of a campaign is ordered by the last bits of the numbers
(`engine.store.numbering`).  Five thousand numbers in no order would touch more than half of the
pages of a large index, and each page is written and synced with the transaction.  So rows are
collected until they are a tenth of what has been written, and divided into parts by that order.
The last bits are spread evenly over operators and towns, so calls still go everywhere at once.
Within a part, rows keep the order of the list; so do the first hundred thousand rows as a whole.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from engine.store.numbering import LAST_BITS

SHARE = 10  # rows wait until they are this part of what has been written …
WINDOW_PARTS = 10  # … or so many parts


class ListRow(NamedTuple):
    """A row of a list as it becomes a recipient: `number` as E.164, or what was written when it is none."""

    line: int
    number: str
    is_mobile: bool
    variables: str  # JSON array in the order of the campaign's columns, or empty
    reason: str  # why it is set aside, or empty


class ListPart(NamedTuple):
    """Rows for one transaction, and the number of each as an integer (0 where there is none)."""

    rows: list[ListRow]
    numbers: list[int]


def parts_of(chunks: Iterable[ListPart], size: int) -> Iterator[ListPart]:
    """All rows of `chunks` in parts of up to `size`; the same parts each time for the same list.

    One part is yielded for each chunk read, so that reading and writing can go on side by side.
    """
    ready: deque[ListPart] = deque()
    waiting: list[ListPart] = []
    dealt = 0
    for chunk in chunks:
        waiting.append(chunk)
        if ready:
            yield ready.popleft()
        count = sum(len(each.rows) for each in waiting)
        if not ready and count >= min(max(dealt // SHARE, 1), WINDOW_PARTS * size):
            ready.extend(_deal(waiting, size))
            dealt += count
            waiting = []
    yield from ready
    if waiting:
        yield from _deal(waiting, size)


def _deal(chunks: list[ListPart], size: int) -> Iterator[ListPart]:
    if len(chunks) == 1 and len(chunks[0].rows) <= size:
        yield chunks[0]
        return
    rows = [row for chunk in chunks for row in chunk.rows]
    numbers = np.concatenate([np.array(chunk.numbers, np.int64) for chunk in chunks])
    order = np.lexsort((numbers, numbers & LAST_BITS))
    for at in range(0, len(rows), size):
        chosen = np.sort(order[at : at + size])
        yield ListPart(list(map(rows.__getitem__, chosen.tolist())), numbers[chosen].tolist())
