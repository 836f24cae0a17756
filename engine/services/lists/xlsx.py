"""Rows of an XLSX workbook, looked at hard before it is opened.

python-calamine reads a sheet into memory as a full rectangle, so a file of a
few kilobytes could ask for gigabytes: by compression (a zip bomb), or by one
cell in the last corner of the sheet. Both are found here first, by reading the
compressed parts in blocks; entities (XML bombs) are refused.
"""

from __future__ import annotations

import datetime
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import python_calamine

from engine.errors import BadInput

MAX_UNPACKED = 400_000_000
"""Bytes of all parts of a workbook together, unpacked."""
MAX_CELLS = 10_000_000
"""Cells of the rectangle from A1 to the last cell; 32 bytes each in memory."""
MAX_PARTS = 2_000

_BLOCK = 1 << 20
_OVERLAP = 64
_COLUMN = re.compile(rb"\br\s*=\s*[\"']([A-Za-z]+)[0-9]")
_ROW = re.compile(rb"\br\s*=\s*[\"'][A-Za-z]*([0-9]+)")
# What zipfile raises for damaged files, beside its own error.
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    LookupError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
)
_UNREADABLE = (python_calamine.CalamineError, ValueError, KeyError, OSError)
_DECLARATION = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


class XlsxTable:
    """The rows of the first visible sheet that has any. ``rows()`` may be called once."""

    encoding = "xlsx"
    delimiter = None

    def __init__(self, file: BinaryIO, filename: str) -> None:
        self.filename = filename
        inspect_workbook(file, filename)
        file.seek(0)
        try:
            workbook = python_calamine.CalamineWorkbook.from_filelike(file)
            self._sheet = self._first_sheet(workbook)
        except BaseException as error:
            # For some damaged files calamine's Rust panics: a BaseException of a module
            # that cannot be imported by name.
            if not isinstance(error, _UNREADABLE) and type(error).__module__ != "pyo3_runtime":
                raise
            raise BadInput(f"{filename} cannot be read as an XLSX workbook: {_first_line(error)}.") from None

    def _first_sheet(self, workbook: python_calamine.CalamineWorkbook) -> python_calamine.CalamineSheet:
        visible = [
            sheet.name
            for sheet in workbook.sheets_metadata
            if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet
            and sheet.visible == python_calamine.SheetVisibleEnum.Visible
        ]
        for name in visible:
            sheet = workbook.get_sheet_by_name(name)
            if sheet.height:
                return sheet
        raise BadInput(f"{self.filename} is empty: none of its sheets has a cell.")

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the number of the row in the sheet (from 1) and its cells as text."""
        for line, cells in enumerate(self._sheet.iter_rows(), start=1):
            yield line, [cell if type(cell) is str else _text(cell) for cell in cells]

    def detach(self) -> None:
        """Nothing to let go of: calamine has read what it needs."""


def inspect_workbook(
    file: BinaryIO, filename: str, *, max_unpacked: int = MAX_UNPACKED, max_cells: int = MAX_CELLS
) -> None:
    """Raise BadInput unless ``file`` is an XLSX of a size that can be opened.

    Every part is unpacked in blocks and counted: what the zip directory says
    of the sizes is a first check, and a directory that lies fails its checksum.
    """
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            if "xl/workbook.xml" not in names:
                raise BadInput(
                    f"{filename} is a zip file but no XLSX workbook; save the list as XLSX or CSV."
                )
            unpacked = sum(part.file_size for part in parts)
            if unpacked > max_unpacked or len(parts) > MAX_PARTS or len(names) != len(parts):
                raise BadInput(
                    f"{filename} unpacks to {unpacked:,} bytes in {len(parts):,} parts, more than a list "
                    f"may have ({max_unpacked:,} bytes); save it as CSV."
                )
            for part in parts:
                if part.filename.lower().endswith((".xml", ".rels")):
                    _inspect_part(archive, part, filename, max_cells)
    except _DAMAGED as error:
        raise BadInput(f"{filename} is damaged or cut short: {_first_line(error)}.") from None


def _inspect_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo, filename: str, max_cells: int) -> None:
    is_sheet = part.filename.lower().startswith("xl/worksheets/")
    last_column = last_row = 1
    tail = b""
    with archive.open(part) as stream:
        while block := stream.read(_BLOCK):
            if not tail and block[:2] in (b"\xff\xfe", b"\xfe\xff"):
                raise BadInput(f"{filename} is written in UTF-16, which no spreadsheet does: save it as CSV.")
            window = tail + block
            if _DECLARATION.search(window):
                raise BadInput(f"{filename} declares XML entities in {part.filename}, which no list needs.")
            if is_sheet:
                columns = set(_COLUMN.findall(window))
                last_column = max(last_column, *map(_column_number, columns), 1)
                last_row = max(last_row, *(int(row[:8]) for row in _ROW.findall(window)), 1)
            tail = window[-_OVERLAP:]
    if last_column * last_row > max_cells:
        raise BadInput(
            f"{part.filename} of {filename} reaches to row {last_row:,}, column {last_column:,}: "
            f"more than {max_cells:,} cells; delete what is empty or save it as CSV."
        )


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters[:4].upper():
        number = number * 26 + letter - 64
    return number


def _text(cell: object) -> str:
    """Return a cell as a person would have typed it: 9123456789.0 is 9123456789."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(" ", "seconds")
    return "" if cell is None else str(cell)


def _first_line(error: BaseException) -> str:
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return first[:120].rstrip(".")  # zipfile quotes names of parts, which may be kilobytes of rubbish
