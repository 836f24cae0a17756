"""What looks like a telephone number and is none: national and postal codes, amounts, fillers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from engine.fold import digits_in

FILLERS = frozenset({"+989000000000", "+989999999999"})
"""Numbers that are typed where the real one is not known.  Others that look so, as 09123456789, are somebody's."""
_FEW = 5
_MOST = 0.8
_TEN = re.compile(r"\d{10}")
_POSTAL = re.compile(r"[13-9]{4}[1346-9]\d{5}")


def are_codes(cells: Sequence[str]) -> bool:
    """Whether cells of ten digits without a leading 0 are codes rather than landlines.

    Nearly all national codes end with the right check digit, but only one landline in eleven.  Serial numbers grow
    by one from line to line.  Postal codes never contain 0 or 2 among their first digits.  At least five cells are
    needed to decide, for postal codes twenty.
    """
    digits = [text for text in map(digits_in, cells) if _TEN.fullmatch(text)]
    if len(digits) < _FEW:
        return False
    if sum(map(is_national_code, digits)) >= _MOST * len(digits):
        return True
    # Consecutive numbers: of invoices, contracts, members.
    steps = [int(after) - int(before) for before, after in pairwise(digits)]
    if sum(step == 1 for step in steps) >= _MOST * len(steps):
        return True
    return (
        len(digits) >= 4 * _FEW
        and all(map(_POSTAL.fullmatch, digits))
        and len(set(digits)) > len(digits) // 2
    )


def are_national_codes(cells: Iterable[str]) -> bool:
    """Whether cells of eight to ten digits are national codes, whose leading zeros a spreadsheet may have dropped.

    At least five cells that do not begin like a mobile are needed: of other numbers about one in ten passes the check.
    """
    found = [text.zfill(10) for text in map(digits_in, cells) if 8 <= len(text) <= 10]
    found = [text for text in found if not text.startswith("9")]
    return len(found) >= _FEW and sum(map(is_national_code, found)) >= _MOST * len(found)


def are_amounts(cells: Iterable[str]) -> bool:
    """Whether numbers without a leading 0 are amounts of money: only one telephone number in a thousand ends with 000."""
    found = list(map(digits_in, cells))
    return sum(text.endswith("000") for text in found) >= max(3, 0.3 * len(found))


def is_national_code(digits: str) -> bool:
    """Whether ten digits end with the check digit of a national code."""
    total = sum(int(digit) * (10 - place) for place, digit in enumerate(digits[:9])) % 11
    return int(digits[9]) == (total if total < 2 else 11 - total) and len(set(digits)) > 1
