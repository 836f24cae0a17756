"""Ten-digit codes that look like landlines but are not: national and postal codes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

_FEW = 5
_MOST = 0.8
_TEN = re.compile(r"\d{10}")
_POSTAL = re.compile(r"[13-9]{4}[1346-9]\d{5}")


def are_codes(cells: Sequence[str]) -> bool:
    """Say whether cells of ten digits, without a 0 before them, are codes rather than landlines.

    Nearly all national codes end with the right check digit, of landlines one in eleven does; serial numbers
    grow by one from line to line; the first
    digits of postal codes are never 0 or 2.  Five cells at least are needed to tell, of postal codes twenty.
    """
    digits = [
        text for cell in cells if _TEN.fullmatch(text := "".join(str(int(c)) for c in cell if c.isdecimal()))
    ]
    if len(digits) < _FEW:
        return False
    if sum(map(is_national_code, digits)) >= _MOST * len(digits):
        return True
    # Numbers that were given one after the other: of bills, of contracts, of members.
    steps = [int(after) - int(before) for before, after in pairwise(digits)]
    if sum(step == 1 for step in steps) >= _MOST * len(steps):
        return True
    return (
        len(digits) >= 4 * _FEW
        and all(map(_POSTAL.fullmatch, digits))
        and len(set(digits)) > len(digits) // 2
    )


def is_national_code(digits: str) -> bool:
    """Say whether ten digits end with the check digit of a national code."""
    total = sum(int(digit) * (10 - place) for place, digit in enumerate(digits[:9])) % 11
    return int(digits[9]) == (total if total < 2 else 11 - total) and len(set(digits)) > 1
