"""Find the column with the numbers, by names and by content."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from engine.services.lists.choices import Candidate
from engine.services.lists.contacts import is_contact_value
from engine.services.lists.names import NUMBER, PHONE, is_of_others, points_of
from engine.services.numbering.identity_codes import are_amounts, are_codes, are_national_codes
from engine.services.numbering.numbers import LineKind, NormalNumber, normalise, numbers_in, usual_numbers
from engine.services.numbering.reasons import Reason

MAX_COLUMNS = 256

_SHOWN = 3
_OF_A_GROUP = 3  # mobiles in one line; fewer may be one person's
_ENOUGH = 1.0  # the score from which a column is chosen automatically
SHORT_LIST = 12
"""Rows that are read to find the shape of a table."""
_NEVER = -10.0  # a column of national codes, whatever its name says
_LANDLINE_POINTS, _LOCAL_POINTS, _BARE_POINTS, _CODE_POINTS, _MOBILE_POINTS = 1.5, 1.0, 0.5, -2.0, 4.0

_OTHERS_POINTS = 0.9  # less than any difference between names: it decides between equals, and forbids nothing
_FIRST_MOBILE, _LAST_MOBILE = 989_000_000_000, 990_000_000_000
Rows = Sequence[Sequence[str]]


class Look(NamedTuple):
    """Counts of a column: filled cells, mobiles, landlines with 0 or +98, bare and local landlines, other numbers."""

    filled: int
    mobiles: int
    landlines: int
    bare: int
    local: int
    points: float
    sample: list[str]
    has_national_codes: bool = False

    @property
    def numbers(self) -> int:
        return self.mobiles + self.landlines + self.bare + self.local


def is_number(cell: str) -> bool:
    """Whether a cell is one telephone number."""
    return isinstance(normalise(cell), NormalNumber)


def holds_number(cell: str) -> bool:
    """Whether a cell is a telephone number, or several."""
    found = normalise(cell)
    return isinstance(found, NormalNumber) or (
        found is Reason.SEVERAL and any(map(is_number, numbers_in(cell)))
    )


def is_numbers_only(sample: Rows) -> bool:
    """Whether nearly every cell is certainly a telephone number, so that the delimiter separates recipients."""
    cells = [cell for row in sample for cell in row if cell]
    kinds = [_kind(cell, None) for cell in cells]
    if len(cells) > len(sample) and sum(kind in ("mobile", "landline") for kind in kinds) >= 0.9 * len(cells):
        return True
    # The members of a group, pasted in one line: some are names, as telephones know them.
    mobiles = kinds.count("mobile")
    return len(sample) == 1 and mobiles >= _OF_A_GROUP and mobiles * 2 > len(cells)


def look_at(index: int, sample: Rows, default_area: str | None) -> Look:
    """Judge a column by its cells; the points go from -2 (codes) to 4 (only mobiles)."""
    filled, kinds, shown = 0, Counter[str](), list[str]()
    bare, local, short = list[str](), list[str](), list[str]()
    for row in sample:
        if index >= len(row) or not row[index]:
            continue
        filled += 1
        cell = row[index]
        if len(shown) < _SHOWN:
            shown.append(cell[:60])
        kind = _kind(cell, default_area)
        kinds[kind] += 1
        is_short = cell.isdecimal() and 8 <= len(cell) <= 10
        if kind == "bare":
            bare.append(cell)
        elif kind == "local" or (is_short and kind != "landline"):
            (local if kind == "local" else short).append(cell)
    # When many cells of ten digits belong to no area, none of the column are telephone numbers.
    like_bare = sum(not holds_number(cell) for cell in filter(_is_ten_digits, short))
    is_of_codes = like_bare > 0.2 * (len(bare) + like_bare) or are_codes(bare) or are_amounts(bare)
    has_national_codes = are_national_codes([*bare, *short, *local])
    bare_points = _CODE_POINTS if is_of_codes or has_national_codes else _BARE_POINTS
    local_points = _CODE_POINTS if are_amounts(local) or has_national_codes else _LOCAL_POINTS
    mobiles = kinds["mobile"]
    if are_amounts(cell for cell in short if _kind(cell, None) == "mobile"):
        mobiles = 0
    points = (
        _MOBILE_POINTS * mobiles
        + _LANDLINE_POINTS * kinds["landline"]
        + local_points * kinds["local"]
        + bare_points * kinds["bare"]
    ) / max(1, filled)
    if has_national_codes and len(bare) + len(short) + len(local) > 0.8 * filled:
        points = _NEVER
    return Look(
        filled,
        kinds["mobile"],
        kinds["landline"],
        kinds["bare"],
        kinds["local"],
        points,
        shown,
        has_national_codes,
    )


def _kind(cell: str, default_area: str | None) -> str:
    found = normalise(cell)
    if found is Reason.SEVERAL:
        return next((kind for part in numbers_in(cell) if (kind := _kind(part, default_area))), "")
    if isinstance(found, NormalNumber):
        if found.kind is LineKind.MOBILE:
            return "mobile"
        return "bare" if is_bare(cell) else "landline"
    if default_area and isinstance(normalise(cell, default_area=default_area), NormalNumber):
        return "local"
    return ""


def _is_ten_digits(cell: str) -> bool:
    return len(cell) == 10 and cell.isdecimal() and int(cell[0]) not in (0, 9)


def is_bare(cell: str) -> bool:
    """Whether a cell has ten digits without a leading 0 or +98, like national and postal codes."""
    digits = [int(char) for char in cell if char.isdecimal()]
    return len(digits) == 10 and digits[0] != 0


def holds_other_number(names: Sequence[str], cells: Sequence[str], number: int) -> bool:
    """Whether a row has a number in a column that was not chosen: a mobile, or any where the name says telephone.

    `cells` are those of the columns but the one at `number`.
    """
    filled = [(names[at + (at >= number)], cell) for at, cell in enumerate(cells) if cell]
    numbers, _ = usual_numbers([cell for name, cell in filled if points_of(name) >= 0])
    return any(_FIRST_MOBILE <= number < _LAST_MOBILE for number in numbers) or any(
        points_of(name) >= PHONE and is_number(cell) for name, cell in filled
    )


def without_bare(read: Callable[[str], NormalNumber | Reason], text: str) -> NormalNumber | Reason:
    """A cell's number; ten digits that only might be a landline are not called among mobiles or codes."""
    found = read(text)
    if type(found) is NormalNumber and found.kind is LineKind.LANDLINE and is_bare(text):
        return Reason.MAY_BE_CODE
    return found


def find_columns(
    names: Sequence[str],
    has_header: bool,
    looks: Sequence[Look],
    hidden: Collection[int],
) -> list[int]:
    """Return the column with the numbers, by its name and its content; an empty list if no column qualifies.

    Name and content count equally: a column of mobiles with a neutral name beats a fuller column of «landlines»,
    which may be codes.  A hidden column, or one whose name says something else, is never chosen automatically.
    """
    said = [points_of(name) if has_header else 0 for name in names]
    points = [
        told + look.points - _OTHERS_POINTS * (has_header and is_of_others(names[index]))
        if index not in hidden
        else -1.0
        for index, (told, look) in enumerate(zip(said, looks, strict=True))
    ]
    useful = [index for index, look in enumerate(looks) if look.numbers and points[index] >= _ENOUGH]
    if useful:
        return [max(useful, key=lambda index: (points[index], looks[index].numbers, -index))]
    if (
        any(
            look.numbers and look.points > 0 and said[index] >= 0 and index not in hidden
            for index, look in enumerate(looks)
        )
        and len(names) > 1
    ):
        return []  # there may be numbers, but it is unclear which are telephones
    named = [
        index
        for index, told in enumerate(said)
        if told >= NUMBER
        and index not in hidden
        and not (told < PHONE and are_only_codes(looks[index]))
        and looks[index].points > _NEVER
    ]
    if named:
        return [max(named, key=lambda index: (said[index], -index))]
    if len(names) == 1 and not are_only_codes(looks[0]) and said[0] >= 0 and not hidden:
        return [0]
    return []


def are_only_codes(look: Look) -> bool:
    """Whether a column's numbers are codes or amounts."""
    return look.numbers > 0 and look.points < 0


def row_of_numbers(rows: Rows) -> int | None:
    """Return the position of the row with the numbers in a transposed table; None if the table is not transposed.

    In a transposed table the name of the numbers is followed by more numbers than the table has rows.
    """
    for place, row in enumerate(rows[:SHORT_LIST]):
        name, *others = [cell for cell in row if cell] or [""]
        numbers = sum(map(is_number, others))
        if points_of(name) > 0 and numbers >= max(3, len(rows), 0.8 * len(others)) and not is_number(name):
            return place
    return None


def contact_columns(names: Sequence[str], looks: Sequence[Look]) -> list[int]:
    """Return the columns with numbers of an address book (Google Contacts), the main number first."""
    values = [index for index, name in enumerate(names) if is_contact_value(name)]
    return [index for index in values if looks[index].filled]


def candidates(
    names: Sequence[str], looks: Sequence[Look], chosen: Sequence[int], hidden: Collection[int]
) -> list[Candidate]:
    """Describe each column that may hold the numbers, the chosen ones first."""
    possible = [
        index
        for index, look in enumerate(looks)
        if index in chosen or look.numbers or points_of(names[index]) >= NUMBER
    ]
    order = {index: place for place, index in enumerate(chosen)}
    possible.sort(key=lambda index: (order.get(index, len(order)), index))
    return [
        Candidate(
            names[index],
            index + 1,
            looks[index].filled,
            looks[index].mobiles,
            looks[index].numbers - looks[index].mobiles,
            looks[index].sample,
            index in chosen,
            index in hidden,
        )
        for index in possible[:20]
    ]


def better_mobiles(names: Sequence[str], looks: Sequence[Look], chosen: Sequence[int]) -> int | None:
    """Return a column of mobiles that was not chosen, when the chosen ones have no mobiles; never one named as a code."""
    if any(looks[index].mobiles for index in chosen):
        return None
    full = [
        index
        for index, look in enumerate(looks)
        if look.mobiles * 2 > look.filled > 0 and points_of(names[index]) >= 0
    ]
    return max(full, key=lambda index: looks[index].mobiles, default=None)
