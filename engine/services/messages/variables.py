"""The values that a variable of an approved text may hold: staff approve only the text, so values must be short.

A variable is a name, an amount, a date or digits (``{x:name}``); without a kind it may be any of these.  The fixed
text must be a minimum share of what is spoken.  Accounts that need no approval (`permissions.OWN_VOICE`) have no
such limits.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from engine.agreement.dates import GREGORIAN_MONTHS_EN, JALALI_MONTHS_FA, WEEKDAYS_EN, WEEKDAYS_FA
from engine.fold import to_ascii_digits

MIN_FIXED = 0.3  # share of the spoken letters and digits
MAX_WORDS = 5  # of a name


class VariableKind(StrEnum):
    """The kind of a variable, written ``{name:kind}``."""

    ANY = ""
    NAME = "name"
    AMOUNT = "amount"
    DATE = "date"
    DIGITS = "digits"


LONGEST = {
    VariableKind.NAME: 40,
    VariableKind.AMOUNT: 20,
    VariableKind.DATE: 24,
    VariableKind.DIGITS: 20,
}  # characters
USUAL = {
    VariableKind.ANY: 12,
    VariableKind.NAME: 12,
    VariableKind.AMOUNT: 8,
    VariableKind.DATE: 8,
    VariableKind.DIGITS: 8,
}  # letters, before a list is known
_AMOUNT = re.compile(r"-?[0-9][0-9.,٬٫]{0,19}")
_DIGITS = re.compile(r"[0-9][0-9 /-]{0,19}")
_DATE = re.compile(r"[0-9][0-9/.: -]{0,23}")
_DATE_WORDS = frozenset(
    word.casefold()
    for word in (*JALALI_MONTHS_FA, *WEEKDAYS_FA, "پنج\u200cشنبه", "ساعت", *GREGORIAN_MONTHS_EN, *WEEKDAYS_EN)
)
_IN_NAMES = " .-'’\u200c"


def fits(kind: VariableKind, value: str) -> bool:
    """Whether a variable of this kind may hold `value`."""
    if kind is VariableKind.ANY:
        return any(fits(each, value) for each in LONGEST)
    value = to_ascii_digits(value.strip())
    if not value or len(value) > LONGEST[kind]:
        return False
    if kind is VariableKind.NAME:
        return len(value.split()) <= MAX_WORDS and all(
            char in _IN_NAMES or unicodedata.category(char)[0] in "LM" for char in value
        )
    if kind is VariableKind.DATE:
        numbers = " ".join(word for word in value.split() if word.casefold() not in _DATE_WORDS)
        return _DATE.fullmatch(numbers) is not None
    return (_AMOUNT if kind is VariableKind.AMOUNT else _DIGITS).fullmatch(value) is not None


def spoken_length(text: str) -> int:
    """How many letters and digits of a text are spoken."""
    return sum(char.isalnum() for char in text)
