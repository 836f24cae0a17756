"""A file's name as it may be shown: what people call it, never a path, nothing that plays tricks."""

from __future__ import annotations

import re
import unicodedata

MAX_NAME = 80
_SEPARATORS = re.compile(r"[/\\]")


def shown_name(name: str, otherwise: str) -> str:
    """The last part of a name, without control characters and marks that turn the line around; `otherwise` if nothing is left."""
    last = _SEPARATORS.split(name[-4096:])[-1]
    kept = "".join(char for char in last if unicodedata.category(char)[0] != "C" or char == "\u200c")
    kept = " ".join(kept.split())
    if len(kept) > MAX_NAME:
        kept = kept[: MAX_NAME - 12] + "…" + kept[-11:]
    return kept if kept.strip(". ") else otherwise
