"""Find the header of a list: one row among the first ones, or two, the lower of which parts a name of the upper."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from engine.services.lists.columns import SHORT_LIST, Rows, holds_number, is_number
from engine.services.lists.names import is_exact, points_of
from engine.services.numbering.numbers import normalise
from engine.services.numbering.reasons import Reason

HEADER_ROWS = 10
"""The header stands among so many first rows."""
_TELLS = 100  # points of a header that names telephones
_EXAMPLE = re.compile(r"[(\[]|مثال|نمونه|مانند|e\.g|example|sample", re.IGNORECASE)


def header_row(rows: Rows) -> int | None:
    """Return the position (from 0) of the header among the first ten rows; None if there is none.

    The rows above it are titles.  The header is the row that says most about telephone numbers and other columns and
    comes before all data; if no row says anything, it is the fullest row of words without a number above it, as such
    a number would be lost as a title.
    """
    usual = _usual_fill(rows)
    best, best_points, has_number = None, 0, False
    for place, row in enumerate(rows[:HEADER_ROWS]):
        filled = [cell for cell in row if cell]
        is_sparse = len(filled) < min(2, usual)
        if any(map(holds_number, filled)):
            if _is_letterhead(filled, rows[place + 1 : HEADER_ROWS]):
                continue
            if not is_sparse or len(filled) == 1 == len(row):
                break
            has_number = True
            continue
        has_number = has_number or any(normalise(cell) is Reason.BESIDE_WORDS for cell in filled)
        points = _points_of_one(row, rows[place + 1 :]) if is_sparse else _header_points(filled, place)
        if has_number and not is_sparse and points < _TELLS:
            continue
        if 0 < points >= best_points:  # of two equal rows the upper one is a title
            best, best_points = place, points
    return best


def _is_letterhead(filled: list[str], below: Rows) -> bool:
    """Whether the numbers of a row are the sender's ("Tel: 021…"), printed above the header.

    The word is in the number's cell or in the cell before it.
    """
    for place, cell in enumerate(filled):
        is_labelled = any(map(str.isalpha, cell)) or (place > 0 and points_of(filled[place - 1]) > 0)
        if holds_number(cell) and not is_labelled:
            return False
    telling = (cell for row in below for cell in row if cell and (is_exact(cell) or is_number(cell)))
    return is_exact(next(telling, ""))


def _points_of_one(row: Sequence[str], below: Rows) -> int:
    """How likely a row with one cell is the header of the numbers below it; 0: it is a title."""
    at = next((index for index, cell in enumerate(row) if cell), 0)
    name = row[at] if row else ""
    if is_exact(name):
        return 2
    under = [other[at] for other in below[:SHORT_LIST] if at < len(other)]
    return int(points_of(name) > 0 and any(map(is_number, under)))


def _header_points(filled: list[str], place: int) -> int:
    """How likely a row without numbers is a header; 0: it is not one."""
    telling = [
        cell
        for cell in filled
        if points_of(cell) > 0 and len(cell) <= 60 and (not _has_own_number(cell) or _EXAMPLE.search(cell))
    ]
    if telling:  # a title may also name telephones
        return _TELLS + 20 * len(filled) + 4 * any(map(is_exact, telling)) + max(map(points_of, telling))
    if any(sum(map(str.isdigit, cell)) >= 5 for cell in filled):
        return 0
    words = sum(any(map(str.isalpha, cell)) for cell in filled)
    return 2 * len(filled) - place if filled and words * 2 >= len(filled) else 0


def _usual_fill(rows: Rows) -> int:
    counts = Counter(sum(map(bool, row)) for row in rows[: HEADER_ROWS + SHORT_LIST])
    return max(counts, key=lambda fill: (counts[fill], fill), default=1)


def _has_own_number(cell: str) -> bool:
    """Whether a number stands beside the words («تلفن آقای …: 0912…»): a name of a column has at most an example."""
    return normalise(cell) is Reason.BESIDE_WORDS


class Header(NamedTuple):
    """The first and the last row of a header (positions from 0), and the names that they give to the columns."""

    first: int
    last: int
    names: Sequence[str]


def find_header(rows: Rows) -> Header | None:
    """The header among the first rows: one row, or two; None if there is none.

    «تلفن» may stand above «ثابت» and «همراه», and «نام» beside it above a blank cell, or in one cell with it.
    """
    place = header_row(rows)
    if place is None:
        return None
    row = rows[place]
    if place + 1 < len(rows) and _parts(rows[place + 1], row):
        return Header(place, place + 1, _joined(row, rows[place + 1]))
    if place and sum(map(bool, rows[place - 1])) > 1 and not any(map(holds_number, rows[place - 1])):
        return Header(place - 1, place, _filled(rows[place - 1], row))
    return Header(place, place, row)


def _parts(lower: Sequence[str], upper: Sequence[str]) -> bool:
    """Whether a row stands below a header's blank cells, names telephones, and holds no data.

    The lower row names the columns of a group from the group's own column on.  Data have something below a lone name.
    """
    filled = [place for place, cell in enumerate(lower) if cell]
    if any(sum(map(str.isdigit, lower[place])) >= 3 for place in filled):
        return False
    width = max(len(upper), len(lower))
    groups = [place for place in range(width - 1) if _cell(upper, place) and not _cell(upper, place + 1)]
    lone = [place for place in range(width) if _cell(upper, place) and place not in groups]
    parts = any(place and not _cell(upper, place) for place in filled)
    leaves = any(_cell(upper, place) and not _cell(lower, place) for place in range(len(upper)))
    of_telephones = [place for place in groups if points_of(upper[place]) > 0]
    names_some = any(is_exact(lower[place]) for place in filled)
    begins = all(_cell(lower, place) for place in of_telephones)
    is_data = not names_some and any(_cell(lower, place) not in ("", upper[place]) for place in lone)
    return parts and leaves and begins and (names_some or of_telephones != []) and not is_data


def _joined(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    """The lower names, with the group's where only both together tell; the upper ones above blank cells."""
    found = []
    for place in range(max(len(upper), len(lower))):
        name, group = _cell(lower, place), _group(upper, place)
        if not name:
            found.append(_cell(upper, place))
        else:
            found.append(f"{group} {name}" if points_of(group) > 0 >= points_of(name) else name)
    return found


def _filled(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    width = max(len(upper), len(lower))
    return [_cell(lower, place) or _cell(upper, place) for place in range(width)]


def _group(upper: Sequence[str], place: int) -> str:
    """The name that stands above a cell, in a merged cell perhaps."""
    return next((upper[at] for at in range(min(place, len(upper) - 1), -1, -1) if upper[at]), "")


def _cell(row: Sequence[str], place: int) -> str:
    return row[place] if place < len(row) else ""
