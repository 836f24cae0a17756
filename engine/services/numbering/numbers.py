"""Normalise what people write to one telephone number, or to the reason why it is refused.

An accepted number is stored as E.164 (``+98…``) and shown and dialled as ``0…``.  ``phonenumbers`` (region IR)
decides which numbers exist.  Plain spellings, nearly all of a large list, take a fast path: one regular expression
built from the library's own patterns, so that an update of the library changes both paths (a property test holds
them equal).

A number reaches a dial string only through ``dial_digits``: digits and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType
from phonenumbers.data.region_IR import PHONE_METADATA_IR

from engine.errors import BadInput
from engine.services.numbering.identity_codes import is_national_code
from engine.services.numbering.provinces import PROVINCES
from engine.services.numbering.reasons import Reason
from engine.services.numbering.spelling import (
    beside_words,
    has_extension,
    is_amount,
    is_date,
    joined,
    parts_of,
    plain,
    runs_on,
    undecorated,
    with_digits,
)

MAX_TEXT = 256
"""Characters of a cell that are looked at; a longer one holds no number."""


class LineKind(StrEnum):
    """What sort of line a number is."""

    MOBILE = "mobile"
    LANDLINE = "landline"
    OTHER = "other"
    """Non-geographic, company-wide, or abroad."""


_IS_MOBILE = LineKind.MOBILE
_IS_LANDLINE = LineKind.LANDLINE


class NormalNumber(NamedTuple):
    """A number that may be called: E.164, its kind, and the area code (``021``) if it is a landline."""

    e164: str
    kind: LineKind
    area: str | None = None


@dataclass(frozen=True, slots=True)
class NumberRules:
    """Which numbers are read from what somebody wrote."""

    area: str | None = None
    """The area code (``021``) that completes local numbers of eight digits."""
    abroad: bool = False
    """Whether numbers outside Iran are accepted."""
    fillers: bool = False
    """Whether 09000000000 and the like are accepted, which stand in lists for «no number»."""

    def read(self, text: str) -> NormalNumber | Reason:
        """The number that `text` spells, or the reason why it is refused."""
        return normalise(text, default_area=self.area, allow_abroad=self.abroad)


IN_IRAN = NumberRules()

assert PHONE_METADATA_IR.mobile
assert PHONE_METADATA_IR.fixed_line
_MOBILE = PHONE_METADATA_IR.mobile.national_number_pattern
_LANDLINE = PHONE_METADATA_IR.fixed_line.national_number_pattern
_fast = re.compile(
    rf"(?:\+98|0098|98|0)?(?:(?P<mobile>{_MOBILE})|(?P<landline>(?=[1-8]\d{{9}}\Z)(?:{_LANDLINE})))",
    re.ASCII,
).fullmatch
_TO_PLAIN = {
    **{zero + digit: str(digit) for zero in (0x6F0, 0x660) for digit in range(10)},
    **dict.fromkeys(
        map(ord, " -\u00a0\u200c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2069\ufeff")
    ),
}
"""Persian and Arabic digits to ASCII, and gone are the marks that stand between digits in most lists."""

_SPELLING = re.compile(r"[(\[ ]*\+?[\d ().\[\]/-]*", re.ASCII)
_FORMULA_TEXT = re.compile(r'="([^"]*)"')
_WHOLE_FLOAT = re.compile(r"(\d{7,15})[.,]0{1,2}", re.ASCII)
_SCIENTIFIC = re.compile(r"(\d)(?:[.,/](\d{1,14}))?[eE](\+?)(\d{1,2})", re.ASCII)
# Texts that take the slow path: a leading minus, a date, a second ending, codes.
_with_care = re.compile(
    r"^\s*-|-\s*\d{1,2}\s*-|\d{7}\D+\d{1,3}\D*$|^\D*(?:\d{3}\D+\d{3}\D+\d{4}|\d{5}\D+\d{5}|\d{3}\D+\d{6}\D+\d)\D*$"
).search
_NORTH_AMERICAN = re.compile(
    r"(?:1[ .-]*)?(?:\([2-8]\d\d\)[ .-]*\d{3}[ .-]*\d{4}|[2-8]\d\d[ .-]+\d{3}[ .-]+\d{4})", re.ASCII
)
"""``(415) 555-2671``, ``415-555-2671``: nobody in Iran parts a landline so."""
_AS_CODES = re.compile(r"\d{5}[ -]+\d{5}|\d{3}[ -]+\d{6}[ -]+\d", re.ASCII)
"""``11419-89336``, ``214-256789-7``: so are postal codes and national codes parted, and no telephone number."""
_CODE_TWICE = re.compile(r"(?:00)?(?:98(?:00)?)+(?=980?9\d{9}$)", re.ASCII)
_CHARGED_MORE = (PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST)


def normalise(
    text: str,
    *,
    default_area: str | None = None,
    allow_abroad: bool = False,
) -> NormalNumber | Reason:
    """Return the number that ``text`` spells, or the reason why it is refused.

    ``default_area`` (``021`` or ``21``, see ``check_area``) completes a local number of eight digits.  Numbers
    abroad are refused unless the operator allows them (toll fraud); premium, short and emergency numbers always.
    """
    match = _fast(text)
    if match is None and len(text) <= MAX_TEXT and not _with_care(text):
        match = _fast(text.translate(_TO_PLAIN))
    if match is not None:
        # A million rows come this way.  tuple.__new__ avoids the NamedTuple's constructor, and the two constants avoid the
        # look-up of an enum member; together half of the time.
        national = match[match.lastindex or 0]
        if match.lastgroup == "mobile":
            return tuple.__new__(NormalNumber, ("+98" + national, _IS_MOBILE, None))
        return tuple.__new__(NormalNumber, ("+98" + national, _IS_LANDLINE, "0" + national[:2]))
    return _normalise_slowly(text, default_area, allow_abroad)


def numbers_in(text: str) -> list[str]:
    """The numbers in a cell that was refused as `Reason.SEVERAL` or `BESIDE_WORDS`, as written; each goes to `normalise`."""
    if one := beside_words(plain(text[:MAX_TEXT])):
        return [one]
    parts = parts_of(plain(text[:MAX_TEXT]))
    return [] if runs_on(undecorated(parts[-1]) if parts else "") else parts


def usual_numbers(texts: Sequence[str]) -> tuple[list[int], list[str]]:
    """The Iranian numbers among `texts` in usual spellings, as integers (98912…), and all other texts.

    Finds what `normalise` finds but creates no object for each, for looking up a whole list at once.
    """
    found = list(map(_fast, texts))
    usual = [int("98" + match[match.lastindex or 0]) for match in found if match]
    return usual, [text for text, match in zip(texts, found, strict=True) if not match]


def check_area(text: str) -> str:
    """Return an area code as ``021`` from ``021``, ``21`` or ``۰۲۱``, or raise BadInput."""
    digits = plain(text).strip()
    area = "0" + digits.removeprefix("0")
    if area not in PROVINCES:
        raise BadInput("«%(text)s» is not an area code of Iran: use one such as 021 or 031.", text=text[:20])
    return area


def display(e164: str) -> str:
    """Return the number as people read it: ``0…`` for Iran, ``00…`` for abroad."""
    return dial_digits(e164)


def dial_digits(e164: str) -> str:
    """Return the part of a dial string for ``e164``: digits only, as dialled inside Iran.

    Raises BadInput for anything that is not E.164, so that no comma, quote or line break reaches a switch,
    whatever is in the store.
    """
    digits = e164[1:]
    if not (e164[:1] == "+" and digits.isascii() and digits.isdigit() and 6 <= len(digits) <= 15):
        raise BadInput("«%(text)s» is not a number in E.164, so it cannot be dialled.", text=e164[:20])
    return "0" + digits[2:] if digits.startswith("98") else "00" + digits


def _normalise_slowly(text: str, default_area: str | None, allow_abroad: bool) -> NormalNumber | Reason:
    """Read any spelling: convert it to plain characters, refuse what is not one number, ask phonenumbers."""
    if len(text) > MAX_TEXT:
        return Reason.NOT_A_NUMBER
    whole = plain(text).strip()
    if wrapped := _FORMULA_TEXT.fullmatch(whole):
        whole = wrapped[1].strip()
    spelt = _spelt(whole)
    if isinstance(spelt, Reason):
        return spelt
    digits = "".join(filter(str.isdigit, spelt))
    refusal = _refusal(whole, spelt, digits)
    if refusal is not None:
        return refusal
    return _in_a_country(spelt, _CODE_TWICE.sub("", digits), default_area, allow_abroad)


def _spelt(whole: str) -> str | Reason:
    """Remove decoration around a number, and undo what spreadsheets do to it."""
    if has_extension(whole):
        return Reason.EXTENSION
    spelt = with_digits(undecorated(whole))
    if not spelt:
        return Reason.NOT_A_NUMBER if whole.strip("'") else Reason.EMPTY
    if is_date(spelt):
        return Reason.DATE
    if float_ := _WHOLE_FLOAT.fullmatch(spelt):
        spelt = float_[1]
    elif scientific := _SCIENTIFIC.fullmatch(spelt):
        exact = _exact_digits(scientific)
        if exact is None:
            return Reason.ROUNDED
        spelt = exact
    return joined(spelt)


def _refusal(whole: str, spelt: str, digits: str) -> Reason | None:
    """Why a text is not one telephone number: an amount, several numbers, words, a code; None if it may be one."""
    if is_amount(spelt):
        return Reason.NOT_A_NUMBER
    if len(digits) > 13 and _holds_several(whole):
        return Reason.SEVERAL
    if digits and runs_on(spelt):
        return Reason.SEVERAL if len(parts_of(whole)) > 1 else Reason.ENDINGS
    if not digits or not _SPELLING.fullmatch(spelt):
        if whole.lstrip("'").startswith("="):
            return Reason.FORMULA
        return Reason.BESIDE_WORDS if digits and beside_words(whole) else Reason.NOT_A_NUMBER
    if _AS_CODES.fullmatch(spelt) and not digits.startswith("0"):
        return Reason.MAY_BE_CODE
    return None


def _in_a_country(
    spelt: str, digits: str, default_area: str | None, allow_abroad: bool
) -> NormalNumber | Reason:
    """Remove ``+98``, ``0098``, ``98`` or ``0``, or add the default area; then check the number in its country."""
    if "+" in spelt and not digits.startswith("0"):
        international = digits
    elif digits.startswith("00"):
        if spelt == digits and len(digits) == 10 and is_national_code(digits):
            return Reason.NOT_A_NUMBER
        international = digits[2:]
    elif digits.startswith("98") and len(digits) > 10:
        international = digits
    else:
        international = ""
    if international:
        if not international.startswith("98"):
            return _abroad(international, allow_abroad)
        return _in_iran(international[2:].removeprefix("0"))
    if digits.startswith("0"):
        return _in_iran(digits[1:])
    if len(digits) == 8:
        if default_area is None:
            return Reason.NO_AREA_CODE
        if digits[0] in "01":  # no exchange begins with these
            return Reason.UNASSIGNED
        return _in_iran(default_area.removeprefix("0") + digits)
    found = _in_iran(digits)
    if _NORTH_AMERICAN.fullmatch(spelt) and not (type(found) is NormalNumber and found.kind is _IS_MOBILE):
        return Reason.FOREIGN_FORM
    if found is Reason.TOO_SHORT and 3 <= len(digits) <= 5:
        return Reason.SHORT_NUMBER  # 110, 115, 1818 …
    return found


def _exact_digits(scientific: re.Match[str]) -> str | None:
    """Return all digits of ``9.123456789E9``, or None when the spelling may have lost some.

    Programs write a bare exponent (``E9``) and leave out only trailing zeros.  Spreadsheets write ``E+09`` and round
    to the width of the cell, so there every digit must be present: a guess would ring a stranger.
    """
    first, decimals, sign, exponent = scientific[1], scientific[2] or "", scientific[3], scientific[4]
    decimals = decimals[: int(exponent)] + decimals[int(exponent) :].rstrip("0")
    missing = int(exponent) - len(decimals)
    guessable = 3 if not sign and not exponent.startswith("0") else 0
    if not 0 <= missing <= guessable:
        return None
    return first + decimals + "0" * missing


def _holds_several(plain_text: str) -> bool:
    parts = parts_of(plain_text)
    return (
        all(map(_SPELLING.fullmatch, parts)) and sum(sum(map(str.isdigit, part)) >= 8 for part in parts) > 1
    )


def _abroad(international: str, allow_abroad: bool) -> NormalNumber | Reason:
    if international.startswith("0"):
        return Reason.UNASSIGNED
    if len(international) < 6:
        return Reason.TOO_SHORT
    if len(international) > 15:
        return Reason.TOO_LONG
    if not allow_abroad:
        return Reason.ABROAD
    try:
        number = phonenumbers.parse("+" + international)
    except phonenumbers.NumberParseException:
        return Reason.UNASSIGNED
    kind = phonenumbers.number_type(number)
    if kind == PhoneNumberType.UNKNOWN:
        return Reason.UNASSIGNED
    if kind in _CHARGED_MORE:
        return Reason.PREMIUM
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return NormalNumber(e164, LineKind.MOBILE if kind == PhoneNumberType.MOBILE else LineKind.OTHER)


def _in_iran(national: str) -> NormalNumber | Reason:
    """Check a national significant number (without ``+98`` or ``0``)."""
    if len(national) > 10:
        return Reason.TOO_LONG
    if len(national) < 3:
        return Reason.TOO_SHORT
    if national.startswith("0"):
        return Reason.UNASSIGNED if len(national) == 10 else Reason.TOO_SHORT
    if len(national) == 10 and national.startswith("942"):
        return Reason.ADVERTISING_RANGE
    if len(national) == 10 and national.startswith("909"):
        return Reason.PREMIUM  # audiotex numbers of Iran, which phonenumbers does not list
    number = PhoneNumber(country_code=98, national_number=int(national))
    kind = phonenumbers.number_type(number)
    if kind == PhoneNumberType.UNKNOWN:
        return Reason.UNASSIGNED if len(national) == 10 else Reason.TOO_SHORT
    if len(national) < 10:
        return Reason.SHORT_NUMBER
    e164 = "+98" + national
    if kind == PhoneNumberType.MOBILE:
        return NormalNumber(e164, LineKind.MOBILE)
    area = "0" + national[:2]
    if area in PROVINCES:
        return NormalNumber(e164, LineKind.LANDLINE, area)
    return NormalNumber(e164, LineKind.OTHER)
