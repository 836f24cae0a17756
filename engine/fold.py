"""Texts as people see them: lookalikes made equal, digits of any script, and invisible characters shown.

Headers of lists, the ``{column}`` of texts and search fields are compared this way.
"""

from __future__ import annotations

import re
import unicodedata

_MARKS = ("Cf", "Mn", "Cc")
_DROPPED = re.compile(r"[\W_ـ]+")
_LETTERS = str.maketrans(
    {
        "ي": "ی", "ى": "ی", "ے": "ی", "ك": "ک", "ڪ": "ک", "ة": "ه", "ہ": "ه", "ە": "ه", "ھ": "ه", "ۀ": "ه",
        "ٱ": "ا", "ـ": "",
    }
)  # fmt: skip
_LINE_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
_JOINERS = "\u200c\u200d"


def fold(text: str) -> str:
    """Return `text` with only its letters and digits, in one spelling.

    Case, spaces, punctuation, ZWNJ, direction marks, BOM, tatweel and diacritics are removed.  Arabic letters become
    Persian ones and digits of any script become ASCII.
    """
    if text.isascii():
        return _DROPPED.sub("", text.casefold())
    letters = unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS)
    kept = "".join(char for char in letters if unicodedata.category(char) not in _MARKS)
    return _DROPPED.sub("", to_ascii_digits(kept))


def to_ascii_digits(text: str) -> str:
    """Return `text` with the decimal digits of any script (Persian, Arabic, full width …) as 0 to 9."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text)


def digits_in(text: str) -> str:
    """Return only the digits of `text`, as 0 to 9."""
    return "".join(filter(str.isdecimal, to_ascii_digits(text)))


def visible(text: str) -> str:
    """Return `text` with each invisible character written as ‹U+200F›, a line break as ↵.

    A joiner between two letters, as Persian writes it, stays, and so does a plain space.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _LINE_BREAK.sub("↵", text)
    out = []
    for at, char in enumerate(text):
        is_joint = char in _JOINERS and text[at - 1 : at].isalpha() and text[at + 1 : at + 2].isalpha()
        is_seen = unicodedata.category(char) not in ("Cf", "Cc", "Zs", "Zl", "Zp") or char == " "
        out.append(char if is_seen or is_joint else f"‹U+{ord(char):04X}›")
    return "".join(out)
