"""Hidden and filtered rows and columns of a sheet, in workbooks whose reader does not report them: ODS, XLSB, XLS."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import BinaryIO, NamedTuple
from xml.parsers import expat

import olefile

from engine.errors import BadInput
from engine.services.lists.opc import Package, local

_MOST_BYTES = 100_000_000  # of a file or part that is searched
_MOST_ROWS, _MOST_COLUMNS = 1_048_576, 256


class HiddenCells(NamedTuple):
    """Numbers of rows (from 1) and places of columns (from 0)."""

    rows: set[int]
    columns: set[int]


class _Layout(NamedTuple):
    """The records of rows and of column ranges: their types, the struct format of their numbers, (byte, bit) of «hidden»."""

    row: int
    row_number: str
    row_flag: tuple[int, int]
    columns: int
    column_range: str
    column_flag: tuple[int, int]


_BINARY = _Layout(0, "<I", (11, 0x10), 60, "<II", (16, 1))  # [MS-XLSB] BrtRowHdr, BrtColInfo
_OLD = _Layout(0x208, "<H", (12, 0x20), 0x7D, "<HH", (8, 1))  # [MS-XLS] Row, ColInfo


def hidden_cells(file: BinaryIO, name: str, form: str, place: int) -> HiddenCells | None:
    """What is hidden in the sheet at `place` (from 0, charts count); None: unknown."""
    with suppress(ValueError, LookupError, struct.error, OSError, expat.ExpatError, BadInput):
        if form == "xls":
            return _of_records(_workbook_stream(file), place)
        file.seek(0)
        package = Package(file, name)
        return _of_open_document(package, place) if form == "ods" else _of_binary(package, place)
    return None


def _of_open_document(package: Package, wanted: int) -> HiddenCells:
    found = HiddenCells(set(), set())
    table, depth, row, column = -1, 0, 0, 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal table, depth, row, column
        what = local(tag)
        if tag == "table:table":
            table += depth == 0
            depth += 1
        if table != wanted or depth != 1:
            return
        is_hidden = attributes.get("table:visibility", "visible") != "visible"
        if what == "table-row":
            count = int(attributes.get("table:number-rows-repeated", "1"))
            if is_hidden:
                found.rows.update(range(row + 1, min(row + count, _MOST_ROWS) + 1))
            row += count
        elif what == "table-column":
            count = int(attributes.get("table:number-columns-repeated", "1"))
            if is_hidden:
                found.columns.update(range(column, min(column + count, _MOST_COLUMNS)))
            column += count

    def end(tag: str) -> None:
        nonlocal depth
        depth -= tag == "table:table"

    package.parse("content.xml", start, end)
    return found


def _of_binary(package: Package, wanted: int) -> HiddenCells | None:
    document = package.document()
    sheets = [content for kind, content in _binary_records(package, document) if kind == 156]
    (length,) = struct.unpack_from("<I", sheets[wanted], 8)
    relation = sheets[wanted][12 : 12 + 2 * length].decode("utf-16-le")
    part = package.related(document)[relation].target
    if package.size(part) > _MOST_BYTES:
        return None
    return _marked(_binary_records(package, part), _BINARY)


def _binary_records(package: Package, part: str) -> Iterator[tuple[int, bytes]]:
    with package.reading(), package.open(part) as stream:
        data = stream.read(_MOST_BYTES)
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


def _workbook_stream(file: BinaryIO) -> bytes:
    """The stream «Workbook» of a compound file (Excel 95: «Book»).  Raises OSError when there is none."""
    file.seek(0)
    with olefile.OleFileIO(file) as found:
        name = next((one for one in ("Workbook", "Book") if found.exists(one)), "Workbook")
        return bytes(found.openstream(name).read(_MOST_BYTES))


def _of_records(data: bytes, wanted: int) -> HiddenCells:
    """Read the records of Excel 5 to 2003: each row has a flag, columns come as ranges."""
    sheets = [content for kind, content in _records(data, 0) if kind == 0x85]
    (begins,) = struct.unpack_from("<I", sheets[wanted])
    return _marked(_records(data, begins), _OLD)


def _marked(records: Iterable[tuple[int, bytes]], layout: _Layout) -> HiddenCells:
    found = HiddenCells(set(), set())
    (row_at, row_bit), (column_at, column_bit) = layout.row_flag, layout.column_flag
    for kind, content in records:
        if kind == layout.row and content[row_at] & row_bit:
            (number,) = struct.unpack_from(layout.row_number, content)
            found.rows.add(number + 1)
        elif kind == layout.columns and content[column_at] & column_bit:
            first, last = struct.unpack_from(layout.column_range, content)
            found.columns.update(range(first, min(last + 1, _MOST_COLUMNS)))
    return found


def _records(data: bytes, at: int) -> Iterator[tuple[int, bytes]]:
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
