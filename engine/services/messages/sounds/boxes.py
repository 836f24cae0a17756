"""Containers that FFmpeg reads: their names, and whether a file holds exactly one complete container.

FFmpeg silently plays what is left of a truncated file, and only the first of several joined files.
"""

from __future__ import annotations

import re
from typing import Any

from engine.errors import BadInput
from engine.services.messages.sounds.whole import joined, lacks_bytes

_ASF = b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"
_ASF_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_ASF_BROADCAST = 0x01
_LOCKED = re.compile(
    rb"stsd.{12}(?:drms|enca|drmi)"
    + b"|"
    + re.escape(bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e"))
    + b"|"
    + re.escape(bytes.fromhex("14e68a292226174cb935dae07ee9289c")),
    re.DOTALL,
)
"""Marks of copy protection: encrypted sample entries in MP4, encryption objects in WMA."""
_HEADERS = 32_000_000  # bytes searched for such a mark
_EBML = b"\x1a\x45\xdf\xa3"
_MATROSKA_AGAIN = re.compile(rb"\x1a\x45\xdf\xa3.{1,60}(?:webm|matroska)", re.DOTALL)
_SEGMENT, _CLUSTER = 0x18538067, 0x1F43B675
_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
_AMR_NARROW = dict(enumerate((13, 14, 16, 18, 20, 21, 27, 32, 6))) | {15: 1}
_AMR_WIDE = dict(enumerate((18, 24, 33, 37, 41, 47, 51, 59, 61, 6))) | {14: 1, 15: 1}
"""Frame size in bytes by frame type."""
_AMR_FOREIGN = 4_096
_W64_RIFF = bytes.fromhex("726966662e91cf11a5d628db04c10000")
_W64_ENDS = (_W64_RIFF[4:], bytes.fromhex("f3acd3118cd100c04f8edb8a"))
"""How the names of pieces end: of the file, and of what is in it."""
_BOX_NAME = re.compile(rb"[A-Za-z0-9 \xa9]{4}")


def container(data: Any, start: int, name: str) -> str:
    """Return FFmpeg's name of the container at `start`; empty if FFmpeg is not the decoder for it."""
    head = data[start : start + 16]
    if head.startswith(_EBML):
        return "matroska"
    if head[4:8] in _BOXES:
        return "mov"
    if head.startswith(b"#!AMR"):
        return "amr"
    if head.startswith(b"caff"):
        return "caf"
    if head == _W64_RIFF:
        return "w64"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    if head.startswith(_ASF[:8]):
        return "asf"
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "aiff"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "aac"
    # Raw GSM, as telephone exchanges store it, has no header, but each frame begins with 0xD.
    if name.lower().endswith(".gsm") and head and head[0] >> 4 == 0xD:
        return "gsm"
    return ""


def foreign(data: Any, start: int) -> str:
    """The name of a container that is not read: its packets may hold MPEG frames, of which some would be lost."""
    head = data[start : start + 4]
    if head in (b"\0\0\1\xba", b"\0\0\1\xb3"):
        return "MPEG video"
    if head[:3] == b"FLV":
        return "FLV"
    if head == b".RMF":
        return "RealMedia"
    for size, at in ((188, 0), (192, 4)):  # of recorders and of cameras
        packets = [data[start + at + size * each : start + at + size * each + 1] for each in range(5)]
        if packets == [b"G"] * 5:
            return "MPEG-TS video"
    return ""


def check(data: Any, start: int, kind: str, shown: str) -> None:
    """Raise BadInput if the file is copy-protected, truncated, or several files joined."""
    if _LOCKED.search(data, start, start + _HEADERS) if kind in ("mov", "asf") else None:
        raise BadInput(
            "%(name)s is protected against copying (DRM), so only the shop's own player can play it; "
            "send a recording of your own.",
            name=shown,
        )
    if kind == "mov":
        _check_boxes(data, start, shown)
    elif kind == "matroska":
        _check_matroska(data, start, shown)
    elif kind == "aiff":
        end = start + 8 + int.from_bytes(data[start + 4 : start + 8], "big")
        _check_end(data, end, shown)
        if data[end : end + 4] == b"FORM" or data[end + 1 : end + 5] == b"FORM":
            raise joined(shown)
    elif kind == "asf":
        _check_asf(data, start, shown)
    elif kind == "caf":
        _end_of_caf(data, start, shown)
    elif kind == "w64":
        _check_w64(data, start, shown)
    elif kind == "avi":
        _check_avi(data, start, shown)
    elif kind == "amr" and data.find(data[start : start + 6], start + 6) >= 0:
        raise joined(shown)


def end_of(data: Any, start: int, end: int, kind: str, shown: str) -> int:
    """Where the container that begins there ends, as far as FFmpeg has to be told; `end` is before the last tag."""
    if kind == "amr":
        return _end_of_amr(data, start, end)
    return _end_of_caf(data, start, shown) if kind == "caf" else len(data)


def _end_of_amr(data: Any, start: int, end: int) -> int:
    """Return the end of the AMR frames. Zeros, or a few bytes that start no frame, may follow them."""
    is_wide = data[start : start + 9] == b"#!AMR-WB\n"
    sizes = _AMR_WIDE if is_wide else _AMR_NARROW
    at = start + (9 if is_wide else 6)
    while at < end:
        head = data[at]
        size = sizes.get(head >> 3 & 15)
        if head & 0x83 or size is None:
            return at if end - at <= _AMR_FOREIGN or not any(data[at:end]) else end
        if head == 0 and not any(data[at:end]):
            return at
        at += size
    return end


def _check_end(data: Any, end: int, shown: str) -> None:
    if end > len(data):
        raise lacks_bytes(shown, end - len(data))


def _check_boxes(data: Any, at: int, shown: str) -> None:
    seen: set[bytes] = set()
    while at + 8 <= len(data):
        size, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if not _BOX_NAME.fullmatch(name) or 0 < size < 8:
            return  # trailing bytes after the last box are not sound
        if name in (b"ftyp", b"moov") and name in seen:
            raise joined(shown)
        seen.add(name)
        if size == 0:
            return
        at += size
        _check_end(data, at, shown)


def _end_of_caf(data: Any, start: int, shown: str) -> int:
    at = start + 8
    while at + 12 <= len(data) and _BOX_NAME.fullmatch(data[at : at + 4]):
        if data[at : at + 4] == b"caff":
            raise joined(shown)
        size = int.from_bytes(data[at + 4 : at + 12], "big", signed=True)
        if size < 0:
            return len(data)  # the sound goes to the end of the file
        at += 12 + size
        _check_end(data, at, shown)
    return at


def _check_w64(data: Any, start: int, shown: str) -> None:
    at = start + 40
    while at + 24 <= len(data) and data[at + 4 : at + 16] in _W64_ENDS:
        if data[at : at + 16] == _W64_RIFF:
            raise joined(shown)
        size = int.from_bytes(data[at + 16 : at + 24], "little")  # with the 24 bytes of this header
        if size < 24:
            return
        _check_end(data, at + size, shown)
        at += size + -size % 8
    if data[at : at + 16] == _W64_RIFF:
        raise joined(shown)


def _check_avi(data: Any, start: int, shown: str) -> None:
    at = start
    while data[at : at + 4] == b"RIFF" and data[at + 8 : at + 12] in (b"AVI ", b"AVIX"):
        if at > start and data[at + 8 : at + 12] == b"AVI ":
            raise joined(shown)
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + size + size % 2
        _check_end(data, at - size % 2, shown)


def _check_matroska(data: Any, start: int, shown: str) -> None:
    if _MATROSKA_AGAIN.search(data, start + 4):
        raise joined(shown)
    at, depth_end = start, len(data)
    while at < depth_end:
        element, size, at = _element(data, at)
        if element in (_SEGMENT, _CLUSTER):
            # An unfinished recording has no length here; step into its elements then.
            if size is not None:
                _check_end(data, at + size, shown)
                at += size if element == _CLUSTER else 0
        elif element == 0 or size is None:
            return
        else:
            at += size
            _check_end(data, at, shown)


def _element(data: Any, at: int) -> tuple[int, int | None, int]:
    """Return id, length (None: unknown) and start of content of the element at `at`; id 0 if there is none."""
    first = data[at : at + 1]
    width = 9 - first[0].bit_length() if first and first[0] else 9
    if width > 4:
        return 0, 0, at
    element = int.from_bytes(data[at : at + width], "big")
    at += width
    first = data[at : at + 1]
    wide = 9 - first[0].bit_length() if first and first[0] else 9
    if wide > 8:
        return 0, 0, at
    size = int.from_bytes(data[at : at + wide], "big") & ((1 << 7 * wide) - 1)
    return element, None if size == (1 << 7 * wide) - 1 else size, at + wide


def _check_asf(data: Any, start: int, shown: str) -> None:
    """Check the length in the «file properties» object; live recordings leave it open."""
    if data.find(_ASF, start + 16) >= 0:
        raise joined(shown)
    place = data.find(_ASF_FILE_PROPERTIES, start, start + 65_536)
    properties = data[place : place + 92]
    if place >= 0 and len(properties) == 92 and not properties[88] & _ASF_BROADCAST:
        _check_end(data, start + int.from_bytes(properties[40:48], "little"), shown)
