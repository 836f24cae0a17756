"""A first look at a sheet: whether it has telephone numbers, to choose among the sheets of a workbook."""

from __future__ import annotations

from typing import NamedTuple

from engine.services.lists.columns import MAX_COLUMNS, Rows, find_columns, look_at
from engine.services.lists.headers import find_header
from engine.services.lists.names import points_of


class FirstLook(NamedTuple):
    """Whether the first rows of a sheet have a column that would be chosen, and whether its name says telephones."""

    has_numbers: bool
    is_named: bool


def first_look(rows: Rows) -> FirstLook:
    """Judge the first rows of a sheet, without blank ones."""
    rows = [[cell.strip() for cell in row] for row in rows]
    header = find_header(rows)
    width = max(map(len, rows), default=0)
    cells = rows if header is None else rows[header.last + 1 :]
    above = () if header is None else header.names
    names = [*above, *[""] * (width - len(above))]
    looks = [look_at(index, cells, None) for index in range(min(width, MAX_COLUMNS))]
    chosen = find_columns(names[:MAX_COLUMNS], header is not None, looks, ())
    with_numbers = [index for index in chosen if looks[index].numbers]
    return FirstLook(with_numbers != [], any(points_of(names[index]) > 0 for index in with_numbers))
