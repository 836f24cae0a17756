"""WAV files as programs really write them: wrong, unknown or 64-bit sizes, missing padding, joined files.

The chunk sizes are compared with the data. The sound is then decoded behind a corrected header.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engine.sentences import Sentence
from engine.services.messages.sounds import tags
from engine.services.messages.sounds.whole import SHORT_S, Slices, joined, lacks_bytes, unreadable

OPEN_LENGTH = 0x7FFF_0000
"""Programs that write to a pipe cannot know the length; they store 0 or the largest number."""
MPEG_INSIDE = 0x0055
_SURE_S = 0.5
"""From this duration on, a sound ends where the header consistently says that it ends."""
_ALWAYS_MISSING = 64  # bytes: some programs count the header itself
_NEXT_FILE = re.compile(rb"(?:RIFF|RF64|BW64|RIFX).{4}WAVE(?:fmt |ds64|JUNK|bext|LIST|fact)", re.DOTALL)
_NAME = re.compile(rb"[A-Za-z0-9 _+\-.]{4}")
_LISTED = 1 << 16  # bytes at the end searched for an INFO chunk


@dataclass(frozen=True, slots=True)
class WavPart:
    """One sound of the file: its format, and the place of its samples in bytes."""

    order: str  # byte order, as in `struct`
    format: bytes
    fact: bytes
    at: int
    size: int
    ignored: int  # bytes after it that its header does not count

    @property
    def kind(self) -> int:
        return int(struct.unpack(self.order + "H", self.format[:2])[0])

    def file(self, data: Any) -> Slices:
        """Return the part as a file with a corrected header."""
        pieces = _piece(self.order, b"fmt ", self.format) + (
            _piece(self.order, b"fact", self.fact) if self.fact else b""
        )
        size = 4 + len(pieces) + 8 + self.size
        head = (
            (b"RIFX" if self.order == ">" else b"RIFF")
            + struct.pack(self.order + "I", size)
            + b"WAVE"
            + pieces
        )
        head += b"data" + struct.pack(self.order + "I", self.size)
        return Slices(head, memoryview(data)[self.at : self.at + self.size])


def is_wav(start: bytes) -> bool:
    """Whether a file with this start is a WAV file."""
    return start[:4] in (b"RIFF", b"RF64", b"BW64", b"RIFX") and start[8:12] == b"WAVE"


def parts(data: Any, start: int, shown: str) -> Iterator[WavPart]:
    """Yield the sounds of the file in order.  Raises BadInput if it is truncated or not valid WAV."""
    at: int | None = start
    while at is not None:
        part, at = _part(data, at, shown)
        yield part


def _part(data: Any, start: int, shown: str) -> tuple[WavPart, int | None]:
    """Return the sound of the file at `start`, and where the next joined file begins."""
    order = ">" if data[start : start + 4] == b"RIFX" else "<"
    format_ = fact = b""
    wide = 0  # 64-bit length of the sound
    for name, at, length in _pieces(data, start + 12, order):
        if name == b"ds64":
            wide = int.from_bytes(data[at + 8 : at + 16], "little")
        elif name == b"fmt ":
            format_ = data[at : at + min(length, 4_096)]
        elif name == b"fact":
            fact = data[at : at + min(length, 64)]
        elif name == b"data":
            if len(format_) < 14:
                raise unreadable(shown, Sentence("its format is missing"))
            if length == 0xFFFF_FFFF and wide:
                length = wide
            a_second = _bytes_a_second(format_, order)
            size, following = _extent(data, at, length, a_second, order, shown)
            ignored = 0
            if size > length >= _SURE_S * a_second and _ends_with(data, start, at + length, order):
                ignored, size = size - length, length
            return WavPart(order, format_, fact, at, size, ignored), following
    raise unreadable(shown, Sentence("no sound is in it"))


def _pieces(data: Any, at: int, order: str) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, place and length of each chunk; the padding byte after an odd length may be missing."""
    while at + 8 <= len(data):
        name = data[at : at + 4]
        length = int(struct.unpack(order + "I", data[at + 4 : at + 8])[0])
        yield name, at + 8, length
        at += 8 + length
        if length & 1 and not (
            _NAME.fullmatch(data[at : at + 4]) and not _NAME.fullmatch(data[at + 1 : at + 5])
        ):
            at += 1


def _extent(
    data: Any, at: int, claimed: int, a_second: int, order: str, shown: str
) -> tuple[int, int | None]:
    """Return how many bytes of sound begin at `at`, and where another file follows."""
    left = len(data) - at
    if claimed >= OPEN_LENGTH or (claimed == 0 and left and not _is_chain(data, at, order)):
        return _to_the_end(data, at)
    if claimed > left:
        missing = claimed - left
        if missing > max(_ALWAYS_MISSING, SHORT_S / 2 * a_second):
            raise lacks_bytes(shown, missing)
        return left, None
    behind = at + claimed
    for place in (behind, behind + 1) if claimed & 1 else (behind,):
        if _NEXT_FILE.match(data[place : place + 16]):
            return claimed, place
        if _is_chain(data, place, order) and _has_more_sound(data, place, order):
            raise joined(shown)  # two data chunks: never play only the first
        if _is_chain(data, place, order) or tags.length_at(data, place):
            return claimed, _file_behind(data, place, shown)
    rest = data[behind : behind + 1_000_000]
    if len(data) - behind <= max(_ALWAYS_MISSING, SHORT_S / 2 * a_second) or not rest.strip(b"\0"):
        return claimed, None
    return _to_the_end(data, at)  # the header says less than is there


def _ends_with(data: Any, start: int, end: int, order: str) -> bool:
    """Whether the RIFF size of the file at `start` confirms that its sound ends at `end`.

    It does if the file ends there, or after the well-formed chunks that follow.
    """
    (size,) = struct.unpack(order + "I", data[start + 4 : start + 8])
    last = start + 8 + size
    for name, at, length in _pieces(data, end + (end - start & 1), order):
        if at - 8 >= last or not _NAME.fullmatch(name):
            break
        end = at + length
    return last in (end, end + 1)


def _to_the_end(data: Any, at: int) -> tuple[int, int | None]:
    """Take everything up to the next file, or to the trailing tag, as sound."""
    found = _NEXT_FILE.search(data, at)
    if found:
        return found.start() - at, found.start()
    end = tags.end_of_sound(data, at)
    tail = data[max(at, end - _LISTED) : end]
    label = tail.rfind(b"LIST")
    if label >= 0 and tail[label + 8 : label + 12] == b"INFO":
        (length,) = struct.unpack("<I", tail[label + 4 : label + 8])
        if label + 8 + length in (len(tail), len(tail) - 1):
            end -= len(tail) - label
    return end - at, None


def _is_chain(data: Any, at: int, order: str) -> bool:
    """Whether well-formed chunks, or another WAV file, follow up to the end."""
    if at >= len(data):
        return True
    if not _NAME.fullmatch(data[at : at + 4]):
        return False
    end = at
    for name, place, length in _pieces(data, at, order):
        if not _NAME.fullmatch(name):
            return bool(tags.length_at(data, place - 8))
        if _NEXT_FILE.match(data[place - 8 : place + 8]):
            return True
        end = place + length
        if end > len(data) + 1:
            return False
    return len(data) - end <= 8


def _has_more_sound(data: Any, at: int, order: str) -> bool:
    """Whether any chunk before the next file is another data chunk."""
    for name, place, length in _pieces(data, at, order):
        if not _NAME.fullmatch(name) or _NEXT_FILE.match(data[place - 8 : place + 8]):
            return False
        if name == b"data" and length:
            return True
    return False


def _file_behind(data: Any, at: int, shown: str) -> int | None:
    """Return where another WAV file follows.  Raises BadInput if it stands too far away to be sure."""
    found = _NEXT_FILE.search(data, at)
    if found is None:
        return None
    if found.start() - at > 1 << 20:
        raise joined(shown)
    return found.start()


def _bytes_a_second(format_: bytes, order: str) -> int:
    return int(struct.unpack(order + "I", format_[8:12])[0])


def _piece(order: str, name: bytes, content: bytes) -> bytes:
    return name + struct.pack(order + "I", len(content)) + content + b"\0" * (len(content) & 1)
