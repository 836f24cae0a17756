"""A column of area codes or country codes beside the numbers: «۰۲۱» | «۸۸۷۷۶۶۵۵», «44» | «7911123456»."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from engine.fold import fold
from engine.services.lists.names import points_of
from engine.services.numbering.provinces import PROVINCES
from engine.services.numbering.spelling import plain

_MOST = 0.8
_AREA_NAMES = tuple(
    map(
        fold,
        ("areacode", "area", "citycode", "prefix", "dialcode", "کد شهر", "کد شهرستان", "کد استان", "پیش شماره", "پیش کد",
         "کد منطقه", "کد تلفن", "کد مخابرات"),
    )
)  # fmt: skip
_COUNTRY_NAMES = tuple(
    map(fold, ("countrycode", "callingcode", "countryprefix", "کد کشور", "پیش شماره کشور", "کد بین المللی"))
)
_COUNTRY_SHORT, _ANY_CODE = ("cc",), ("code", fold("کد"))
_COUNTRY = re.compile(r"(?:\+|00)?[1-9]\d{0,2}", re.ASCII)
_MOBILE = re.compile(r"0?9\d\d", re.ASCII)
_LOCAL = re.compile(r"[2-9]\d{7}", re.ASCII)
_NOT_DIGITS = re.compile(r"[\s()./-]")

_Rows = Sequence[Sequence[str]]


class Prefixes(NamedTuple):
    """The column (place from 0) whose cells stand before the numbers of another one."""

    place: int
    is_country: bool


def prefixes_of(number: int, names: Sequence[str], rows: _Rows) -> Prefixes | None:
    """The column with the codes of those numbers that stand in column `number`; None: there is none.

    Its name says so and its cells are such codes; or it stands beside local numbers under no name, and each of its
    cells is an area code with its 0.
    """
    for place, name in enumerate(names):
        if place == number:
            continue
        codes = [_digits(row[place]) for row in rows if place < len(row) and row[place]]
        if not codes:
            continue
        folded = fold(name)
        if folded.endswith(_COUNTRY_NAMES) or folded in _COUNTRY_SHORT:
            if _most(bool(_COUNTRY.fullmatch(code)) for code in codes):
                return Prefixes(place, is_country=True)
            continue
        is_beside = abs(place - number) == 1
        is_told = folded.endswith(_AREA_NAMES)
        if not (is_told or (is_beside and (folded in _ANY_CODE or not folded or points_of(name) > 0))):
            continue
        if _most(_is_area(code, is_told) or bool(is_told and _MOBILE.fullmatch(code)) for code in codes) and (
            is_told or _are_local(number, rows)
        ):
            return Prefixes(place, is_country=False)
    return None


def local_numbers_beside_codes(names: Sequence[str], rows: _Rows) -> int | None:
    """The place of a column of local numbers that stands beside one of area codes, where nothing else is a number.

    A merged «تلفن» above both names the codes alone.
    """
    for place in range(len(names)):
        is_named_so = points_of(names[place]) < 0
        if is_named_so or not _are_local(place, rows):
            continue
        found = prefixes_of(place, names, rows)
        if found is not None and not found.is_country:
            return place
    return None


def is_in_two_cells(row: Sequence[str]) -> bool:
    """Whether an area code with its 0 and a local number stand in two cells side by side."""
    digits = list(map(_digits, row))
    return any(
        (one in PROVINCES and _LOCAL.fullmatch(other)) or (other in PROVINCES and _LOCAL.fullmatch(one))
        for one, other in pairwise(digits)
    )


def with_prefix(code: str, is_country: bool, text: str) -> str:
    """A cell's text with the code that stands beside it; as it is when it has one, or is no number."""
    code, digits = _digits(code).lstrip("+0"), _digits(text)
    if not code.isdecimal() or not digits.isdecimal():
        return text
    if is_country:
        is_whole = code == "98" or digits.startswith("00")
        return text if is_whole else f"+{code}{digits.lstrip('0')}"
    if len(digits) == 8 and digits[0] != "0":
        return (
            f"0{code}{digits}" if "0" + code in PROVINCES else f"0{digits}"
        )  # too short: no code is guessed
    return f"0{code}{digits}" if len(digits) == 7 and _MOBILE.fullmatch(code) else text


def _digits(cell: str) -> str:
    return _NOT_DIGITS.sub("", plain(cell))


def _is_area(code: str, is_told: bool) -> bool:
    return code in PROVINCES or (is_told and "0" + code in PROVINCES)


def _are_local(place: int, rows: _Rows) -> bool:
    cells = [_digits(row[place]) for row in rows if place < len(row) and row[place]]
    return cells != [] and _most(bool(_LOCAL.fullmatch(cell)) for cell in cells)


def _most(found: Iterable[bool]) -> bool:
    told = list(found)
    return sum(told) >= _MOST * len(told)
