"""Prepares Persian text for speech: one spelling of letters, and numbers in words.  Pure.

Speech engines misread Arabic code points, thousands separators and signs.  ``۲۵۰٬۰۰۰ ریال`` becomes
«دویست و پنجاه هزار ریال».  A number that is a name rather than a quantity (with a leading zero, or more than 15
digits) is spoken digit by digit.
"""

from __future__ import annotations

import re
import unicodedata

from engine.errors import BadInput
from engine.fold import to_ascii_digits
from engine.sentences import Amount

MAX_CHARS = 1_000
"""Of a text as it was written (the web service's own limit)."""

ZERO_WIDTH_JOINER = "\u200c"
_ONES = (
    "صفر", "یک", "دو", "سه", "چهار", "پنج", "شش", "هفت", "هشت", "نه", "ده", "یازده", "دوازده", "سیزده",
    "چهارده", "پانزده", "شانزده", "هفده", "هجده", "نوزده",
)  # fmt: skip
_TENS = ("", "", "بیست", "سی", "چهل", "پنجاه", "شصت", "هفتاد", "هشتاد", "نود")
_HUNDREDS = ("", "صد", "دویست", "سیصد", "چهارصد", "پانصد", "ششصد", "هفتصد", "هشتصد", "نهصد")
_SCALES = ("", "هزار", "میلیون", "میلیارد", "هزار میلیارد")
AND = "و"
MAX_NUMBER = 10**15

_LETTERS = str.maketrans(
    {
        "\u064a": "\u06cc", "\u0649": "\u06cc", "\u0643": "\u06a9", "\u0640": "", "\u06c0": "\u0647\u200c\u06cc",
        "\u06aa": "\u06a9", "\u00ad": "", "\u200d": "",
        "٪": " درصد ", "%": " درصد ", "٫": ".", "٬": ",", "\u00a0": " ", "\u202f": " ",
    }
)  # fmt: skip
_NUMBER = re.compile(
    r"(?<![\w.])(?P<minus>-)?(?P<whole>\d{1,3}(?:,\d{3})+|\d+)(?:\.(?P<part>\d{1,6}))?(?![\d])", re.ASCII
)
_SPACES = re.compile(r"[^\S\r\n]+")
_BREAKS = re.compile(r"\s*[\r\n]\s*")
_JOINERS = re.compile(r"\u200c+")
_LOOSE_JOINERS = re.compile(r"\u200c?(\s)\u200c?")


def number_words(number: int) -> str:
    """A whole number in Persian words.  Raises BadInput for more than 15 digits."""
    if number < 0:
        return "منفی " + number_words(-number)
    if number >= MAX_NUMBER:
        raise BadInput("%(n)s is too large to be spoken as a number.", n=Amount(number))
    if number == 0:
        return _ONES[0]
    groups = []
    scale = 0
    while number:
        number, group = divmod(number, 1000)
        if group:
            # «هزار», not «یک هزار»
            words = "" if group == 1 and scale == 1 else _group_words(group)
            groups.append(f"{words} {_SCALES[scale]}".strip())
        scale += 1
    return f" {AND} ".join(reversed(groups))


def _group_words(group: int) -> str:
    hundreds, rest = divmod(group, 100)
    words = [_HUNDREDS[hundreds]] if hundreds else []
    if rest >= 20:
        words.append(_TENS[rest // 10])
        rest %= 10
    if rest:
        words.append(_ONES[rest])
    return f" {AND} ".join(words)


def digits_words(digits: str) -> str:
    """Digits one by one, with a pause between groups of three."""
    names = [_ONES[int(digit)] for digit in digits]
    return "، ".join(" ".join(names[at : at + 3]) for at in range(0, len(names), 3))


def tidy(text: str) -> str:
    """Normalise a text: Persian letters, ASCII digits, no invisible marks, single spaces.

    Texts that sound the same become equal, so that they share a message.
    """
    text = to_ascii_digits(unicodedata.normalize("NFC", text)).translate(_LETTERS)
    text = "".join(
        char for char in text if char in "\r\n\t" + ZERO_WIDTH_JOINER or unicodedata.category(char)[0] != "C"
    )
    text = _BREAKS.sub("\n", _SPACES.sub(" ", text))
    text = _LOOSE_JOINERS.sub(r"\1", _JOINERS.sub(ZERO_WIDTH_JOINER, text))
    return text.strip(ZERO_WIDTH_JOINER + " \n")


def spoken(text: str) -> str:
    """A text for a speech engine: normalised, with numbers in words."""
    return _NUMBER.sub(_say, tidy(text)).replace("\n", "، ")


def check_text(text: str) -> str:
    """The stripped text.  Raises BadInput when it is empty, too long, or has nothing to speak."""
    text = text.strip()
    if len(text) > MAX_CHARS:
        raise BadInput(
            "The text has %(n)s characters; a message may have %(most)s.",
            n=Amount(len(text)),
            most=Amount(MAX_CHARS),
        )
    if not any(char.isalnum() for char in text):
        raise BadInput("The text is empty: there is nothing to be spoken.")
    return text


def _say(found: re.Match[str]) -> str:
    whole = found["whole"].replace(",", "")
    if len(whole) > 15 or (whole.startswith("0") and len(whole) > 1):
        return digits_words(whole) + (f" ممیز {digits_words(found['part'])}" if found["part"] else "")
    words = ("منفی " if found["minus"] else "") + number_words(int(whole))
    if not found["part"]:
        return words
    part = found["part"].rstrip("0")
    if not part:
        return words
    zeros = len(part) - len(part.lstrip("0"))
    tail = " ".join([_ONES[0]] * zeros + [number_words(int(part))])
    return f"{words} ممیز {tail}"
