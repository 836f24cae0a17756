"""A cell of a CSV file that every spreadsheet shows as it was written and none computes.

What strangers put into a list, a name or a ticket is opened in a spreadsheet by somebody else.  A text that could be
taken for a formula gets an apostrophe before it, wherever a spreadsheet could see the beginning of a cell: behind blanks,
tabs, marks without width, quotes, and behind what parts cells or rows elsewhere than here (Excel of a country whose
separator is ``;`` splits our commas' files there and takes quotes literally).  Amounts such as ``-5,000`` are none and
stay as they are; digits of which a spreadsheet would lose some (``09…``, card numbers) are written as ``="0912…"``.
"""

from __future__ import annotations

import re
import unicodedata

# What looks like one of them in another width is taken for it by some (``＝``, ``﹣``); U+2212 is a minus in some locales.
_STARTS = "=+-@\u2212"
_may_start = re.compile("[=+\\-@\u2212\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20\u207a\u208a]").search
_PARTS = re.compile("([;|\t\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029\u061b])")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp", "Mn", "Me"})
_FILLERS = frozenset('"\u115f\u1160\u2800\u3164\uffa0')
_AMOUNT = re.compile(r"[+-]?(?:[1-9][0-9]{0,10}|0|[1-9][0-9]{0,2}(?:,[0-9]{3}){1,4})(?:\.[0-9]{1,6})?%?")
_LOSES_DIGITS = re.compile(r"[+]?0[0-9]+|[+]?[0-9]{12,}")


def safe_cell(text: str) -> str:
    """A text as a CSV file holds it: no spreadsheet takes it for a formula, or for a number of which it shows less."""
    bare = text.strip()
    if _LOSES_DIGITS.fullmatch(bare):
        return f'="{bare}"'
    if not _may_start(text):  # nearly all of a million
        return text
    return "".join(_guarded(part) for part in _PARTS.split(text))


def _guarded(part: str) -> str:
    """What a spreadsheet could take for a cell, with an apostrophe before it if it could be a formula."""
    first = next((char for char in part if not _is_unseen(char)), "")
    if not first or unicodedata.normalize("NFKC", first)[0] not in _STARTS or _AMOUNT.fullmatch(part.strip()):
        return part
    return f"'{part}"


def _is_unseen(char: str) -> bool:
    return char in _FILLERS or unicodedata.category(char) in _UNSEEN
