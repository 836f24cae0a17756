"""Pictures for tests, made byte by byte: a size that is claimed needs no pixels."""

from __future__ import annotations

import struct
import zlib


def chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG file."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int = 1, height: int = 1, *before: bytes) -> bytes:
    """A grey PNG of one bit a pixel, with chunks `before` its pixels; of a large one the pixels are missing."""
    rows = zlib.compress(bytes((1 + (width + 7) // 8) * height) if width * height < 1_000_000 else b"", 9)
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + b"".join(before)
        + chunk(b"IDAT", rows)
        + chunk(b"IEND", b"")
    )


def jpeg(width: int = 8, height: int = 8, scans: int = 1, progressive: bool = False) -> bytes:
    """A grey JPEG of a claimed size, whose scans hold nothing."""
    frame = struct.pack(">BHHBBBB", 8, height, width, 1, 1, 0x11, 0)
    marked = b"\xff\xc2" if progressive else b"\xff\xc0"
    scan = b"\xff\xda" + struct.pack(">HBBBBBB", 8, 1, 1, 0, 0, 63, 0) + b"\x00"
    tables = b"\xff\xdb" + struct.pack(">HB", 67, 0) + bytes([1] * 64)
    start = b"\xff\xe0" + struct.pack(">H5sHBHHBB", 16, b"JFIF\0", 0x0101, 0, 1, 1, 0, 0)
    return b"\xff\xd8" + start + tables + marked + struct.pack(">H", 11) + frame + scan * scans + b"\xff\xd9"


def gif(width: int = 1, height: int = 1, frames: int = 1, frame: tuple[int, int] | None = None) -> bytes:
    """A GIF whose frames are all of one colour, each of the size `frame` if one is given."""
    own = frame or (width, height)
    one = b"\x21\xf9\x04\0\0\0\0\0" + b"\x2c" + struct.pack("<HHHHB", 0, 0, *own, 0) + b"\x02\x02\x4c\x01\0"
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6) + one * frames + b"\x3b"


def webp(width: int = 1, height: int = 1) -> bytes:
    """A lossless WebP of a claimed size (up to 16,384 on a side)."""
    bits = (width - 1) | (height - 1) << 14
    data = b"\x2f" + struct.pack("<I", bits) + bytes(12)
    body = b"WEBPVP8L" + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body
