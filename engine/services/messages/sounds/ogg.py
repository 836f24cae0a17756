"""OGG files: finds the streams of joined files, and checks that each has all of its pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.errors import BadInput
from engine.services.messages.sounds import tags

_FIRST, _LAST = 0x02, 0x04
_FOREIGN = 65_536  # most bytes between two pages that are skipped


def links(data: Any, start: int, end: int, shown: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each stream in the file.  Raises BadInput if pages are missing."""
    begins = start
    at = start
    was_first = True
    numbers: dict[bytes, int] = {}
    open_streams: set[bytes] = set()
    while at < end:
        if data[at : at + 4] != b"OggS":
            at = _behind_foreign(data, at, end, shown)
            continue
        head = data[at : at + 27]
        lacing = data[at + 27 : at + 27 + head[26]] if len(head) == 27 else b""
        size = 27 + len(lacing) + sum(lacing)
        if len(head) < 27 or len(lacing) < head[26] or at + size > end:
            raise _last_page_missing(shown)
        serial, number = head[14:18], int.from_bytes(head[18:22], "little")
        is_first = bool(head[5] & _FIRST)
        if is_first and not was_first:
            if open_streams:
                raise _last_page_missing(shown)
            yield begins, at
            begins = at
            numbers.clear()
        if is_first:
            open_streams.add(serial)
        elif serial in numbers and number != numbers[serial] + 1:
            raise BadInput("%(name)s is damaged: some of its pages are missing.", name=shown)
        numbers[serial] = number
        if head[5] & _LAST:
            open_streams.discard(serial)
        was_first = is_first
        at += size
    if open_streams:
        raise _last_page_missing(shown)
    yield begins, end


def _behind_foreign(data: Any, at: int, end: int, shown: str) -> int:
    """Return the start of the next page after a tag or foreign bytes."""
    if length := tags.length_at(data, at):
        return at + length
    found = int(data.find(b"OggS", at, end))
    behind = found if found >= 0 else end
    if behind - at > _FOREIGN:
        raise BadInput("%(name)s is damaged: some of its pages are missing.", name=shown)
    return behind


def _last_page_missing(shown: str) -> BadInput:
    return BadInput("%(name)s is cut short: its last page is missing.", name=shown)
