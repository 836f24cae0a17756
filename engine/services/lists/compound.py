"""The workbook inside an old Office file: a compound file is a small file system, of which one stream is wanted.

Raises ValueError, struct.error or IndexError for what is damaged.
"""

from __future__ import annotations

import struct

_END = 0xFFFFFFFA  # this and above are marks, not sectors
_NAMES = ("Workbook", "Book")


def workbook_stream(data: bytes) -> bytes:
    """The bytes of the stream «Workbook» (of Excel 95: «Book»)."""
    shift, small_shift = struct.unpack_from("<HH", data, 30)
    size, small_size = 1 << shift, 1 << small_shift
    (directory,) = struct.unpack_from("<I", data, 48)
    cutoff, small_table = struct.unpack_from("<II", data, 56)
    first_more, more = struct.unpack_from("<II", data, 68)

    def sector(number: int) -> bytes:
        return data[(number + 1) * size : (number + 2) * size]

    tables = list(struct.unpack_from("<109I", data, 76))
    for _ in range(min(more, len(data) // size)):
        *found, first_more = struct.unpack(f"<{size // 4}I", sector(first_more))
        tables += found
    following = [
        one for table in tables if table < _END for one in struct.unpack(f"<{size // 4}I", sector(table))
    ]

    def chain(start: int, links: list[int]) -> list[int]:
        found: list[int] = []
        while start < _END:
            found.append(start)
            if len(found) > len(links):
                raise ValueError("a chain of sectors is a circle")
            start = links[start]
        return found

    def whole(start: int) -> bytes:
        return b"".join(map(sector, chain(start, following)))

    entries = whole(directory)
    root = b""
    for at in range(0, len(entries) - 127, 128):
        entry = entries[at : at + 128]
        (length,) = struct.unpack_from("<H", entry, 64)
        name = entry[: max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
        start, stream_size = struct.unpack_from("<II", entry, 116)
        if entry[66] == 5:
            root = whole(start)
        if name.casefold() not in map(str.casefold, _NAMES) or entry[66] != 2:
            continue
        if stream_size >= cutoff:
            return whole(start)[:stream_size]
        table = whole(small_table)
        links = list(struct.unpack(f"<{len(table) // 4}I", table))
        parts = (root[one * small_size : (one + 1) * small_size] for one in chain(start, links))
        return b"".join(parts)[:stream_size]
    raise ValueError("it has no workbook")
