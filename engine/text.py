"""Texts made safe to show and store: no control characters, no path in a file name, no password in an address."""

from __future__ import annotations

import re
import unicodedata

MAX_NAME = 80
_USER_OF_URL = re.compile(r"//\S*@")
_SECRET_OF_QUERY = re.compile(r"([?&;](?:\w*password|\w*secret|\w*token|\w*key)=)[^&;\s]*", re.IGNORECASE)
_SEPARATORS = re.compile(r"[/\\]")


def one_line(text: str) -> str:
    """A name or title on one line, without control characters and marks that turn the line around.

    The zero-width non-joiner stays: Persian is written with it.
    """
    spaced = (" " if char.isspace() else char for char in text)
    kept = (char for char in spaced if unicodedata.category(char)[0] != "C" or char == "\u200c")
    return " ".join("".join(kept).split())


def shown_name(name: str, otherwise: str) -> str:
    """The last part of a name, without control characters and marks that turn the line around; `otherwise` if nothing is left."""
    last = _SEPARATORS.split(name[-4096:])[-1]
    kept = one_line(last)
    if len(kept) > MAX_NAME:
        kept = kept[: MAX_NAME - 12] + "…" + kept[-11:]
    return kept if kept.strip(". ") else otherwise


def without_passwords(text: str) -> str:
    """A text with user names and passwords removed from its addresses."""
    return _SECRET_OF_QUERY.sub(r"\1…", _USER_OF_URL.sub("//…@", text))
