"""Tags around a sound (ID3, APE, Lyrics3); several may stand before and after it."""

from __future__ import annotations

from typing import Protocol


class Bytes(Protocol):
    """A file in memory."""

    def __getitem__(self, part: slice) -> bytes: ...

    def __len__(self) -> int: ...


_BACKWARDS = 4_096  # bytes of zero padding after a tag


def length_at(data: Bytes, at: int) -> int:
    """Return the length of the tag that begins at `at`; 0 if there is none."""
    head = data[at : at + 32]
    if (
        head[:3] == b"ID3"
        and len(head) >= 10
        and head[3] < 0x10
        and not any(byte & 0x80 for byte in head[6:10])
    ):
        size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
        return 10 + size + (10 if head[5] & 0x10 else 0)
    if head[:8] == b"APETAGEX" and len(head) == 32:
        size = int.from_bytes(head[12:16], "little")
        return (
            32 + size if head[23] & 0x20 else 32
        )  # a header's size covers the whole tag; a lone footer is only its end
    if head[:11] == b"LYRICSBEGIN":
        end = data[at : at + 200_000].find(b"LYRICS200")
        return end + 9 if end > 0 else 0
    if head[:4] == b"TAG+":
        return 227
    if head[:3] == b"TAG":
        return 128
    return 0


def start_of_sound(data: Bytes) -> int:
    """Return where the leading tags, with zero padding, end."""
    at = 0
    while length := length_at(data, at):
        if at + length > len(data):
            break
        at += length
        padding = data[at : at + _BACKWARDS]
        zeros = len(padding) - len(padding.lstrip(b"\0"))
        if zeros and (length_at(data, at + zeros) or zeros < len(padding)):
            at += zeros
    return at


def end_of_sound(data: Bytes, start: int) -> int:
    """Return where the trailing tags begin."""
    end = len(data)
    while length := _length_before(data, end):
        if end - length < start:
            break
        end -= length
    return end


def _length_before(data: Bytes, end: int) -> int:
    """Return the length of the tag that ends at `end`; 0 if there is none."""
    if data[max(0, end - 128) : end][:3] == b"TAG" and end >= 128:
        return 128
    if data[max(0, end - 227) : end][:4] == b"TAG+":
        return 227
    foot = data[max(0, end - 32) : end]
    if foot[:8] == b"APETAGEX" and len(foot) == 32:
        return int.from_bytes(foot[12:16], "little") + (32 if foot[23] & 0x80 else 0)
    if foot[-9:] == b"LYRICS200" and foot[-15:-9].isdigit():
        return int(foot[-15:-9]) + 15
    if foot[-10:-7] == b"3DI":
        size = foot[-4] << 21 | foot[-3] << 14 | foot[-2] << 7 | foot[-1]
        return size + 20
    return 0
