"""Reads workbooks that are not XLSX (XLS, XLSB, ODS): the job of a worker (`engine.workers`).

python-calamine reads a sheet into memory as a full rectangle, so a file of a few kilobytes could ask
for gigabytes, and for some files it panics: it reads where there are limits, and nowhere else.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from itertools import islice

import python_calamine

from engine.errors import BadInput
from engine.workers.job import Answer

_ROWS = 500  # of an answer


def read(path: str, name: str, form: str) -> Iterator[Answer]:
    """Yield for each sheet a dict with its name and whether it is hidden, then its rows, some hundred at a time.

    BadInput says why a workbook cannot be read; a row is a list of texts.
    """
    try:
        yield from _sheets(path)
    except MemoryError:
        raise
    except BaseException as error:
        # For some damaged files calamine's Rust panics: a BaseException of a module that cannot be imported by name.
        if not isinstance(error, Exception) and type(error).__module__ != "pyo3_runtime":
            raise
        why = (str(error).strip().splitlines() or [type(error).__name__])[0][:120].rstrip(".")
        if "password" in why.lower() or "encrypt" in why.lower():
            raise BadInput(
                "%(file)s is protected with a password; open it, remove the password, and save it as XLSX or CSV.",
                file=name,
            ) from None
        raise BadInput(
            "%(file)s cannot be read as an %(form)s workbook: %(why)s; save it as XLSX or CSV.",
            file=name, form=form.upper(), why=why,
        ) from None  # fmt: skip


def _sheets(path: str) -> Iterator[Answer]:
    workbook = python_calamine.CalamineWorkbook.from_path(path)
    for sheet in workbook.sheets_metadata:
        if sheet.typ != python_calamine.SheetTypeEnum.WorkSheet:
            continue
        yield Answer(
            {"name": sheet.name, "is_hidden": sheet.visible != python_calamine.SheetVisibleEnum.Visible}
        )
        rows = workbook.get_sheet_by_name(sheet.name).iter_rows()
        while part := list(islice(rows, _ROWS)):
            yield Answer([[cell if type(cell) is str else _text(cell) for cell in row] for row in part])


def _text(cell: object) -> str:
    """Return a cell as a person sees it: 9123456789.0 is 9123456789."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.datetime):
        return cell.date().isoformat() if cell.time() == datetime.time() else cell.isoformat(" ", "seconds")
    return "" if cell is None else str(cell)
