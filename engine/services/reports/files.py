"""Result files, streamed: CSV that Excel opens in Persian, and XLSX.  A file appears whole or not at all.

Texts of customers come back in a report that somebody else opens in a spreadsheet, so no cell may become a formula:
a workbook stores every text as text, and CSV cells are guarded by `engine.csv_cells`.  Lists are read from either.
"""

from __future__ import annotations

import csv
import errno
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO

from engine.atomic_file import whole_file
from engine.csv_cells import safe_cell
from engine.errors import BadInput, StoreUnavailable
from engine.services.reports.xlsx_stream import SHEET_ROWS, Cell, workbook_chunks

Target = str | Path | BinaryIO

_CHUNK_ROWS = 1_000
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def write_report(path: str | Path, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> int:
    """Write ``path`` as CSV or XLSX, whichever its name says; return the number of rows.

    The file appears when it is whole.  Raises BadInput for another suffix or a folder that cannot be written,
    StoreUnavailable when the disk is full.
    """
    suffix = Path(path).suffix.lower()
    if suffix == ".csv":
        return write_csv(path, columns, rows)
    if suffix == ".xlsx":
        return write_xlsx(path, columns, rows)
    raise BadInput("A report is written as .csv or .xlsx, not as «%(name)s».", name=Path(path).name)


def write_csv(target: Target, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> int:
    """Write a CSV file to a path (whole or not at all) or a binary stream; return the number of rows."""
    return _write_counted(target, columns, rows, csv_chunks)


def csv_chunks(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """Yield a CSV file in pieces, for a download: UTF-8 with BOM, commas, CR LF."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow([safe_cell(name) for name in columns])
    for number, row in enumerate(rows, start=1):
        writer.writerow([safe_cell(cell) if type(cell) is str else cell for cell in row])
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

    Rows leave memory as they are written.  Each sheet has at most ``sheet_rows`` rows and repeats the header.
    """
    chunks = partial(workbook_chunks, is_right_to_left=is_right_to_left, sheet_rows=sheet_rows)
    return _write_counted(target, columns, rows, chunks)


def _write_counted(
    target: Target,
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    chunks: Callable[[Sequence[str], Iterable[Sequence[Cell]]], Iterator[bytes]],
) -> int:
    count = 0

    def counted() -> Iterator[Sequence[Cell]]:
        nonlocal count
        for count, row in enumerate(rows, start=1):  # noqa: B007 - it is the result
            yield row

    def write(file: BinaryIO) -> None:
        for chunk in chunks(columns, counted()):
            file.write(chunk)

    _write(target, write)
    return count


def _write(target: Target, write: Callable[[BinaryIO], None]) -> None:
    """Let ``write`` fill a stream, or a file that gets its name when it is complete."""
    name = target if isinstance(target, (str, Path)) else "the report"
    try:
        if isinstance(target, (str, Path)):
            with whole_file(target) as file:
                write(file)
        else:
            write(target)
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StoreUnavailable("The disk is full: %(name)s was not written.", name=name) from error
        raise BadInput(
            "%(name)s cannot be written: %(why)s.", name=name, why=error.strerror or error
        ) from error
