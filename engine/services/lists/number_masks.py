"""Number formats of a spreadsheet that put digits or signs of a telephone number before a cell's value.

A cell that shows 031-38776655 may hold 38776655, in a format such as ``"031-"00000000``.
"""

from __future__ import annotations

import re
from functools import cache

MAX_FORMAT = 255
"""Characters of a number format, as a spreadsheet takes."""
_TOKEN = re.compile(r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_.|\*.|(?P<place>[0#?])|(?P<sign>[-+()/ ])')
_CONDITION = re.compile(r"\[(<=|<|>=|>)(\d+)\]")
_BRACKETS = re.compile(r"\[[^\]]*\]")
_ALLOWED = re.compile(r"[\d\s()+/-]*", re.ASCII)


def is_mask(code: str) -> bool:
    """Whether a format shows digits or signs that are not in the value, and nothing else."""
    return any(
        tokens is not None and (any(kind == "text" for kind, _ in tokens) or tokens.count(("place", "0")) > 1)
        for tokens in map(_tokens, code.split(";")[:2])
    )


def masked(number: int, code: str) -> str:
    """A whole number, not negative, as the format shows it; its digits where that cannot be told."""
    tokens = _tokens(_section(number, code.split(";")))
    if tokens is None:
        return str(number)
    places = [mark for kind, mark in tokens if kind == "place"]
    digits = str(number)
    missing = max(0, len(places) - len(digits))
    filled = ["0" if mark == "0" else "" for mark in places[:missing]]
    surplus = max(0, len(digits) - len(places))
    if places and not missing:
        filled = [digits[: surplus + 1], *digits[surplus + 1 :]]
    else:
        filled += digits
    values = iter(filled)
    return "".join(next(values, "") if kind == "place" else text for kind, text in tokens).strip()


def _section(number: int, sections: list[str]) -> str:
    """The part of a format that counts for a number: by its condition, or the first one."""
    condition = _CONDITION.search(sections[0])
    if condition is None:
        return sections[0]
    sign, bound = condition[1], int(condition[2])
    holds = {"<": number < bound, "<=": number <= bound, ">": number > bound, ">=": number >= bound}[sign]
    return sections[0] if holds or len(sections) == 1 else sections[1]


@cache
def _tokens(section: str) -> list[tuple[str, str]] | None:
    """The parts of a format, (place, 0) or (text, what it shows); None: it is none of digits and their signs alone."""
    section, at = _BRACKETS.sub("", section), 0
    tokens: list[tuple[str, str]] = []
    while at < len(section):
        found = _TOKEN.match(section, at)
        if found is None:
            return None
        at = found.end()
        text = found["quoted"] or found["escaped"] or found["sign"]
        if found["place"]:
            tokens.append(("place", found["place"]))
        elif text:
            if not _ALLOWED.fullmatch(text):
                return None
            tokens.append(("text", text))
    return tokens if any(kind == "place" for kind, _ in tokens) else None
