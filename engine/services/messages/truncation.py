"""Whether a sound file is all there: what its container says of its own end.

Decoders play what there is of a file that was cut short, often without a word,
and half a message would go out to everybody.
"""

from __future__ import annotations

from typing import BinaryIO

from engine.errors import BadInput

_OPEN_LENGTH = 0x7FFF_0000
"""Programs that write to a pipe leave the length of a WAV file open: zero or the largest there is."""
_LARGEST_PAGE = 27 + 255 + 255 * 255
_ASF_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_ASF_BROADCAST = 0x01


def refuse_cut_off(file: BinaryIO, size: int, shown: str) -> None:
    """Raise BadInput for a WAV, OGG, AIFF or WMA file of `size` bytes that ends before its own end."""
    file.seek(0)
    start = file.read(12)
    missing = 0
    if start[:4] == b"RIFF" and start[8:] == b"WAVE":
        missing = _missing_of_wav(file, size)
    elif start[:4] == b"OggS":
        file.seek(max(0, size - 2 * _LARGEST_PAGE))
        if not _ends_stream(file.read()):
            raise BadInput(f"{shown} is cut short: its last page is missing.")
    elif start[:4] == b"FORM":
        missing = 8 + int.from_bytes(start[4:8], "big") - size
    elif start.startswith(b"\x30\x26\xb2\x75"):
        missing = _missing_of_asf(file, size)
    if missing > 0:
        raise BadInput(f"{shown} is cut short: {missing:,} bytes of its sound are missing.")


def _missing_of_wav(file: BinaryIO, size: int) -> int:
    position = 12
    while position + 8 <= size:
        file.seek(position)
        header = file.read(8)
        length = int.from_bytes(header[4:], "little")
        if header[:4] == b"data":
            return position + 8 + length - size if length < _OPEN_LENGTH else 0
        position += 8 + length + (length & 1)
    return 0


def _ends_stream(end: bytes) -> bool:
    """Whether the last bytes of a file hold the stream's last page, whole (RFC 3533)."""
    page = end.rfind(b"OggS")
    if page < 0 or page + 27 > len(end):
        return False
    lacing = end[page + 27 : page + 27 + end[page + 26]]
    is_whole = len(lacing) == end[page + 26] and page + 27 + len(lacing) + sum(lacing) <= len(end)
    return is_whole and bool(end[page + 5] & 0x04)


def _missing_of_asf(file: BinaryIO, size: int) -> int:
    """What lacks of the length in the «file properties», which a live recording leaves open."""
    file.seek(0)
    header = file.read(65_536)
    at = header.find(_ASF_FILE_PROPERTIES)
    properties = header[at : at + 92]
    if at < 0 or len(properties) < 92 or properties[88] & _ASF_BROADCAST:
        return 0
    return int.from_bytes(properties[40:48], "little") - size
