"""The records of binary workbooks: XLSB ([MS-XLSB]) and Excel 5 to 2003 ([MS-XLS])."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

import olefile

from engine.services.lists.opc import Package

MOST_BYTES = 100_000_000  # of a file or part that is searched


class Forms(NamedTuple):
    """The kinds of the records that tell how cells look, and where in them that is written."""

    row: int
    row_number: str  # as `struct` calls it
    row_flag: tuple[int, int]  # byte and bit of «hidden»
    columns: int
    column_range: str
    column_flag: tuple[int, int]
    format: int
    format_of: Callable[[bytes], tuple[int, str]]  # its number and its code
    font: int
    style: int
    style_at: int  # of its font and its format, each of two bytes
    font_first: bool
    begins_cell_styles: int | None  # None: all styles are of cells
    ends_cell_styles: int | None
    font_place: Callable[[int], int]  # of the font with that index
    cells: frozenset[int]
    is_number: Callable[[int, bytes], bool]  # whether such a cell holds one: texts are shown as they are
    cells_of: Callable[[int, bytes, int], Iterator[tuple[int, int, int]]]  # row, place, style


def binary_records(package: Package, part: str) -> Iterator[tuple[int, bytes]]:
    """The records of a part of an XLSB workbook: kind, content."""
    with package.reading(), package.open(part) as stream:
        data = stream.read(MOST_BYTES)
    at = 0
    while at < len(data):
        kind = data[at]
        at += 1
        if kind & 0x80:
            kind = kind & 0x7F | data[at] << 7
            at += 1
        size = shift = 0
        while True:
            byte = data[at]
            at += 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80 or shift == 28:
                break
        yield kind, data[at : at + size]
        at += size


def workbook_stream(file: BinaryIO) -> bytes:
    """The stream «Workbook» of a compound file (Excel 95: «Book»).  Raises OSError when there is none."""
    file.seek(0)
    with olefile.OleFileIO(file) as found:
        name = next((one for one in ("Workbook", "Book") if found.exists(one)), "Workbook")
        return bytes(found.openstream(name).read(MOST_BYTES))


def old_records(data: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """The records of one part of the stream; nested parts (charts) are skipped."""
    depth = 0
    while at + 4 <= len(data):
        kind, size = struct.unpack_from("<HH", data, at)
        at += 4
        depth += kind == 0x809
        if depth == 1:
            yield kind, data[at : at + size]
        at += size
        depth -= kind == 0x0A
        if depth <= 0:
            return


def _binary_format(content: bytes) -> tuple[int, str]:
    number, length = struct.unpack_from("<HI", content)
    return number, content[6 : 6 + 2 * length].decode("utf-16-le")


def _old_format(content: bytes) -> tuple[int, str]:
    """A format of Excel 97 to 2003, or one of Excel 5 and 95, whose length has one byte."""
    number, length, flags = struct.unpack_from("<HHB", content)
    if len(content) == 3 + content[2]:
        return number, content[3:].decode("latin-1")
    is_wide = flags & 1
    return number, content[5 : 5 + length * (1 + is_wide)].decode("utf-16-le" if is_wide else "latin-1")


_MULTIPLE_NUMBERS = 0xBD


def _binary_cells(_: int, content: bytes, row: int) -> Iterator[tuple[int, int, int]]:
    place, style = struct.unpack_from("<II", content)
    yield row, place, style & 0xFFFFFF


def _old_cells(kind: int, content: bytes, _: int) -> Iterator[tuple[int, int, int]]:
    row, place, style = struct.unpack_from("<HHH", content)
    if kind != _MULTIPLE_NUMBERS:
        yield row, place, style
        return
    for at in range(4, len(content) - 2, 6):
        (style,) = struct.unpack_from("<H", content, at)
        yield row, place, style
        place += 1


def _is_old_number(kind: int, content: bytes) -> bool:
    """A number, or a formula's result that is one."""
    return kind in (0x203, 0x27E, _MULTIPLE_NUMBERS) or (kind == 0x06 and content[12:14] != b"\xff\xff")


BINARY = Forms(
    row=0,
    row_number="<I",
    row_flag=(11, 0x10),
    columns=60,
    column_range="<II",
    column_flag=(16, 1),
    format=44,
    format_of=_binary_format,
    font=43,
    style=47,
    style_at=2,
    font_first=False,
    begins_cell_styles=617,
    ends_cell_styles=618,
    font_place=lambda index: index,
    # Numbers, texts, and results of formulas; blank cells and errors show no number.
    cells=frozenset({2, 5, 6, 7, 8, 9}),
    is_number=lambda kind, _: kind in (2, 5, 9),
    cells_of=_binary_cells,
)
OLD = Forms(
    row=0x208,
    row_number="<H",
    row_flag=(12, 0x20),
    columns=0x7D,
    column_range="<HH",
    column_flag=(8, 1),
    format=0x41E,
    format_of=_old_format,
    font=0x31,
    style=0xE0,
    style_at=0,
    font_first=True,
    begins_cell_styles=None,
    ends_cell_styles=None,
    font_place=lambda index: index - (index > 4),  # there is no font with the index 4
    cells=frozenset({0x203, 0x27E, _MULTIPLE_NUMBERS, 0x06, 0xFD, 0x204}),
    is_number=_is_old_number,
    cells_of=_old_cells,
)
