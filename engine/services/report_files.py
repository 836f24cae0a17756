"""Result files: CSV that Excel opens in Persian, and XLSX; streamed, guarded, whole or not at all.

What customers put into a list comes back in its report and is opened in a
spreadsheet by somebody else. A text that begins like a formula therefore gets
an apostrophe before it in a CSV file, and in a workbook every text is written
as text. Numbers to call come as ``0…`` (``numbers.display``) and need neither.
"""

from __future__ import annotations

import csv
import errno
import io
import math
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import xlsxwriter
import xlsxwriter.exceptions
import xlsxwriter.format
import xlsxwriter.worksheet

from engine.errors import BadInput, StoreUnavailable
from engine.services.whole_file import whole_file

Cell = str | int | float | bool | None
Target = str | Path | BinaryIO

SHEET_ROWS = 1_048_576
"""Rows of a sheet, its header included; what is more goes on in the next sheet."""
_CELL_CHARS = 32_767
_CHUNK_ROWS = 1_000
_EXACT = 10**15
"""From here on a spreadsheet rounds a whole number: it is written as text."""
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def write_report(path: str | Path, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> int:
    """Write ``path`` as CSV or XLSX, whichever its name says; return the number of rows.

    The file appears when it is whole. Raises BadInput for another name or a
    folder that cannot be written, StoreUnavailable when the disk is full.
    """
    suffix = Path(path).suffix.lower()
    if suffix == ".csv":
        return write_csv(path, columns, rows)
    if suffix == ".xlsx":
        return write_xlsx(path, columns, rows)
    raise BadInput(f"A report is written as .csv or .xlsx, not as «{Path(path).name}».")


def write_csv(target: Target, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> int:
    """Write a CSV file to a path (whole or not at all) or a binary stream; return the number of rows."""
    count = 0

    def counted() -> Iterator[Sequence[Cell]]:
        nonlocal count
        for count, row in enumerate(rows, start=1):  # noqa: B007 (it is the result)
            yield row

    def write(file: BinaryIO) -> None:
        for chunk in csv_chunks(columns, counted()):
            file.write(chunk)

    _write(target, write)
    return count


def csv_chunks(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """Yield a CSV file in pieces, for a download: UTF-8 with BOM, commas, CR LF."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow([_guarded(name) for name in columns])
    for number, row in enumerate(rows, start=1):
        writer.writerow([_guarded(cell) if type(cell) is str else cell for cell in row])
        if number % _CHUNK_ROWS == 0:
            yield buffer.getvalue().encode("utf-8", "replace")
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode("utf-8", "replace")


def write_xlsx(
    target: Target,
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    is_right_to_left: bool = False,
    sheet_rows: int = SHEET_ROWS,
) -> int:
    """Write a workbook to a path (whole or not at all) or a binary stream; return the number of rows.

    Rows leave memory as they are written. Each sheet has ``sheet_rows`` rows at
    most and repeats the header; temporary files lie beside the target.
    """
    beside = Path(target).parent if isinstance(target, (str, Path)) else None
    count = 0

    def write(file: BinaryIO) -> None:
        nonlocal count
        with tempfile.TemporaryDirectory(prefix=".report-", dir=beside) as folder:
            count = _fill_workbook(file, columns, rows, is_right_to_left, sheet_rows, folder)

    _write(target, write)
    return count


def _fill_workbook(
    file: BinaryIO,
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    is_right_to_left: bool,
    sheet_rows: int,
    folder: str,
) -> int:
    packed = Path(folder) / "report.xlsx"
    book = xlsxwriter.Workbook(str(packed), {"constant_memory": True, "tmpdir": folder, "use_zip64": True})
    bold = book.add_format({"bold": True})
    sheet: xlsxwriter.worksheet.Worksheet | None = None
    count, at = 0, 0
    try:
        for row in rows:
            if sheet is None or at >= sheet_rows:
                sheet, at = _add_sheet(book, columns, bold, is_right_to_left), 1
            for index, cell in enumerate(row):
                _write_cell(sheet, at, index, cell)
            at += 1
            count += 1
        if sheet is None:
            _add_sheet(book, columns, bold, is_right_to_left)
    finally:
        # Also when ``rows`` breaks off: the sheets' temporary files are open.
        _close(book)
    with packed.open("rb") as made:
        shutil.copyfileobj(made, file, 1 << 20)
    return count


def _add_sheet(
    book: xlsxwriter.Workbook,
    columns: Sequence[str],
    bold: xlsxwriter.format.Format,
    is_right_to_left: bool,
) -> xlsxwriter.worksheet.Worksheet:
    sheet = book.add_worksheet()
    if is_right_to_left:
        sheet.right_to_left()
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, max(0, len(columns) - 1), 16)
    for index, name in enumerate(columns):
        sheet.write_string(0, index, name[:_CELL_CHARS], bold)
    return sheet


def _write_cell(sheet: xlsxwriter.worksheet.Worksheet, row: int, column: int, cell: Cell) -> None:
    if cell is None or cell == "":
        return
    if isinstance(cell, bool):
        sheet.write_boolean(row, column, cell)
    elif isinstance(cell, (int, float)) and math.isfinite(cell) and abs(cell) < _EXACT:
        sheet.write_number(row, column, cell)
    else:
        sheet.write_string(row, column, str(cell)[:_CELL_CHARS])


def _close(book: xlsxwriter.Workbook) -> None:
    try:
        book.close()
    except xlsxwriter.exceptions.FileCreateError as error:
        cause = error.args[0] if error.args else error
        raise (cause if isinstance(cause, OSError) else OSError(errno.EIO, str(error))) from None


def _guarded(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return "'" + text if text.startswith(_FORMULA_STARTS) else text


def _write(target: Target, write: Callable[[BinaryIO], None]) -> None:
    """Let ``write`` fill a stream, or a file that takes its name when it is whole."""
    name = target if isinstance(target, (str, Path)) else "the report"
    try:
        if isinstance(target, (str, Path)):
            with whole_file(target) as file:
                write(file)
        else:
            write(target)
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StoreUnavailable(f"The disk is full: {name} was not written.") from error
        raise BadInput(f"{name} cannot be written: {error.strerror or error}.") from error
