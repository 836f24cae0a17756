"""National code of a person, national id of a firm: their check digits.  Pure.

Person (کد ملی): 10 digits, the last makes the weighted sum (10…2) fit modulo 11.
Firm (شناسه ملی): 11 digits; the last one follows from the others and the tenth.
"""

from __future__ import annotations

from engine.errors import BadInput
from engine.fold import to_ascii_digits

_FIRM_WEIGHTS = (29, 27, 23, 19, 17, 29, 27, 23, 19, 17)


def national_code(text: str) -> str:
    """A person's national code as 10 ASCII digits; BadInput when it is none.

    Persian and Arabic digits, blanks and dashes are accepted, and the zeros that
    spreadsheets drop in front (down to 8 digits).
    """
    digits = _digits(text)
    if not 8 <= len(digits) <= 10:
        raise BadInput("A national code has 10 digits.")
    digits = digits.zfill(10)
    total = sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False))
    rest = total % 11
    if len(set(digits)) == 1 or int(digits[9]) != (rest if rest < 2 else 11 - rest):
        raise BadInput("This national code does not exist: its check digit is wrong.")
    return digits


def national_id(text: str) -> str:
    """A firm's national id as 11 ASCII digits; BadInput when it is none."""
    digits = _digits(text)
    if len(digits) != 11:
        raise BadInput("The national id of a firm has 11 digits.")
    shift = int(digits[9]) + 2
    total = sum((int(digit) + shift) * weight for digit, weight in zip(digits, _FIRM_WEIGHTS, strict=False))
    if digits[3:9] == "000000" or int(digits[10]) != total % 11 % 10:
        raise BadInput("This national id does not exist: its check digit is wrong.")
    return digits


_BETWEEN = dict.fromkeys(map(ord, " -\u200c\u200e\u200f\u00a0"))


def _digits(text: str) -> str:
    digits = to_ascii_digits(text.strip()).translate(_BETWEEN)
    if digits and not digits.isdecimal():
        raise BadInput("A national number has digits only.")
    return digits
