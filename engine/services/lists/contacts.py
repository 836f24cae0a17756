"""Columns of an address book as Google Contacts exports it: ``Phone 1 - Label``, ``Phone 1 - Value``, in Persian too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.fold import fold
from engine.services.lists.names import CONTACT_VALUES, NO_VOICE


def is_contact_value(name: str) -> bool:
    """Whether a column is called as those with the numbers are."""
    words = name.casefold().split()
    if len(words) != 4 or not words[1].isdecimal():
        return False
    return (words[0], words[3]) in CONTACT_VALUES


def with_fax_named(
    rows: Iterator[tuple[int, list[str]]], values: Sequence[int]
) -> Iterator[tuple[int, list[str]]]:
    """The rows, in which a number whose label (the cell before it) says Work Fax has that label before it.

    So it is no telephone number, and a result shows why.
    """
    for line, cells in rows:
        for place in values:
            label = cells[place - 1] if 0 < place < len(cells) else ""
            if label and cells[place] and any(word in fold(label) for word in NO_VOICE):
                cells[place] = f"Fax ({label}): {cells[place]}"
        yield line, cells
