"""Find the header of a list and the column with the numbers, by names and by content."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

from engine.services.lists.choices import Candidate
from engine.services.lists.contacts import is_contact_value
from engine.services.lists.names import NUMBER, PHONE, is_exact, points_of
from engine.services.numbering.identity_codes import are_amounts, are_codes, are_national_codes
from engine.services.numbering.numbers import LineKind, NormalNumber, normalise, numbers_in, usual_numbers
from engine.services.numbering.reasons import Reason

MAX_COLUMNS = 256
HEADER_ROWS = 10
"""The header stands among so many first rows."""

_SHOWN = 3
_ENOUGH = 1.0  # the score from which a column is chosen automatically
_TELLS = 100  # points of a header that names telephones
_SHORT_LIST = 12  # rows that are read to find the width of a table
_NEVER = -10.0  # a column of national codes, whatever its name says
_LANDLINE_POINTS, _LOCAL_POINTS, _BARE_POINTS, _CODE_POINTS, _MOBILE_POINTS = 1.5, 1.0, 0.5, -2.0, 4.0

_FIRST_MOBILE, _LAST_MOBILE = 989_000_000_000, 990_000_000_000
_Rows = Sequence[Sequence[str]]


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


def header_row(rows: _Rows) -> int | None:
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
        if any(map(_holds_number, filled)):
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


def _is_letterhead(filled: list[str], below: _Rows) -> bool:
    """Whether the numbers of a row are the sender's ("Tel: 021…"), printed above the header.

    The word is in the number's cell or in the cell before it.
    """
    for place, cell in enumerate(filled):
        is_labelled = any(map(str.isalpha, cell)) or (place > 0 and points_of(filled[place - 1]) > 0)
        if _holds_number(cell) and not is_labelled:
            return False
    telling = (cell for row in below for cell in row if cell and (is_exact(cell) or _is_number(cell)))
    return is_exact(next(telling, ""))


def _points_of_one(row: Sequence[str], below: _Rows) -> int:
    """How likely a row with one cell is the header of the numbers below it; 0: it is a title."""
    at = next((index for index, cell in enumerate(row) if cell), 0)
    name = row[at] if row else ""
    if is_exact(name):
        return 2
    under = [other[at] for other in below[:_SHORT_LIST] if at < len(other)]
    return int(points_of(name) > 0 and any(map(_is_number, under)))


def _header_points(filled: list[str], place: int) -> int:
    """How likely a row without numbers is a header; 0: it is not one."""
    telling = [cell for cell in filled if points_of(cell) > 0 and len(cell) <= 60]
    if telling:  # a title may also name telephones
        return _TELLS + 20 * len(filled) + 4 * any(map(is_exact, telling)) + max(map(points_of, telling))
    if any(sum(map(str.isdigit, cell)) >= 5 for cell in filled):
        return 0
    words = sum(any(map(str.isalpha, cell)) for cell in filled)
    return 2 * len(filled) - place if filled and words * 2 >= len(filled) else 0


def _usual_fill(rows: _Rows) -> int:
    counts = Counter(sum(map(bool, row)) for row in rows[: HEADER_ROWS + _SHORT_LIST])
    return max(counts, key=lambda fill: (counts[fill], fill), default=1)


def _is_number(cell: str) -> bool:
    return isinstance(normalise(cell), NormalNumber)


def _holds_number(cell: str) -> bool:
    found = normalise(cell)
    return isinstance(found, NormalNumber) or (
        found is Reason.SEVERAL and any(map(_is_number, numbers_in(cell)))
    )


def is_numbers_only(sample: _Rows) -> bool:
    """Whether nearly every cell is certainly a telephone number, so that the delimiter separates recipients."""
    cells = [cell for row in sample for cell in row if cell]
    numbers = sum(_kind(cell, None) in ("mobile", "landline") for cell in cells)
    return len(cells) > len(sample) and numbers >= 0.9 * len(cells)


def look_at(index: int, sample: _Rows, default_area: str | None) -> Look:
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
    like_bare = sum(not _holds_number(cell) for cell in filter(_is_ten_digits, short))
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


def holds_mobile(cells: Iterable[str]) -> bool:
    """Whether one of a row's cells is a mobile, spelt as usual."""
    numbers, _ = usual_numbers(list(filter(None, cells)))
    return any(_FIRST_MOBILE <= number < _LAST_MOBILE for number in numbers)


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
        told + look.points if index not in hidden else -1.0
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


class FirstLook(NamedTuple):
    """Whether the first rows of a sheet have a column that would be chosen, and whether its name says telephones."""

    has_numbers: bool
    is_named: bool


def first_look(rows: _Rows) -> FirstLook:
    """Judge the first rows of a sheet, without blank ones."""
    rows = [[cell.strip() for cell in row] for row in rows]
    header = header_row(rows)
    cells = rows if header is None else rows[header + 1 :]
    width = max(map(len, rows), default=0)
    names = [rows[header][i] if header is not None and i < len(rows[header]) else "" for i in range(width)]
    looks = [look_at(index, cells, None) for index in range(min(width, MAX_COLUMNS))]
    chosen = find_columns(names[:MAX_COLUMNS], header is not None, looks, ())
    with_numbers = [index for index in chosen if looks[index].numbers]
    return FirstLook(with_numbers != [], any(points_of(names[index]) > 0 for index in with_numbers))


def row_of_numbers(rows: _Rows) -> int | None:
    """Return the position of the row with the numbers in a transposed table; None if the table is not transposed.

    In a transposed table the name of the numbers is followed by more numbers than the table has rows.
    """
    for place, row in enumerate(rows[:_SHORT_LIST]):
        name, *others = [cell for cell in row if cell] or [""]
        numbers = sum(map(_is_number, others))
        if points_of(name) > 0 and numbers >= max(3, len(rows), 0.8 * len(others)) and not _is_number(name):
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
