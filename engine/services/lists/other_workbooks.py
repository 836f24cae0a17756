"""Old and open workbooks (XLS, XLSB, ODS), read by calamine.

It reads a sheet into memory as a full rectangle, so a file of a few kilobytes could need gigabytes, and some files
make it panic.  So this runs only in a worker with limits.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import BinaryIO

import python_calamine

from engine.errors import BadInput
from engine.sentences import Sentence
from engine.services.lists.choices import SheetFacts
from engine.services.lists.number_masks import masked
from engine.services.lists.opc import first_line
from engine.services.lists.sheet_look import first_look
from engine.services.lists.shown_cells import ShownCells, shown_cells
from engine.services.lists.table import Table
from engine.services.lists.xlsx import chosen_sheet, sheet_notes

_PEEKED_ROWS = 60
_SPAN = re.compile(r"PT(\d{1,10})H(\d\d)M(\d\d)(?:[.,]\d+)?S", re.ASCII)


class OtherWorkbook(Table):
    """The rows of the requested sheet, or of the first visible sheet with numbers.

    `form` is xls, xlsb or ods.  Calamine reports values and not how they are shown; `shown_cells` does.
    """

    def __init__(self, file: BinaryIO, filename: str, form: str, wanted: str = "") -> None:
        super().__init__(filename)
        self.form = self.encoding = form
        self._shown, self._begins = ShownCells.nothing(), 0
        with self._reading():
            file.seek(0)
            self._book = python_calamine.CalamineWorkbook.from_filelike(file)
            for sheet in self._book.sheets_metadata:
                if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet:
                    is_hidden = sheet.visible != python_calamine.SheetVisibleEnum.Visible
                    self.sheets.append(self._peek(sheet.name, is_hidden))
        chosen = self.sheets[chosen_sheet(self.sheets, wanted, filename)]
        chosen.is_read = True
        self._chosen = chosen.name
        shown = shown_cells(file, filename, form, self._book.sheet_names.index(chosen.name))
        self._tells_hidden = shown is not None
        if shown is not None:
            first = self._book.get_sheet_by_name(chosen.name).start or (
                0,
                0,
            )  # calamine leaves out blank columns before it
            self._shown, self._begins = shown, first[1]
            self.hidden_columns = {place - first[1] for place in shown.columns if place >= first[1]}
            self.may_cross_out = bool(shown.crossed)

    def _peek(self, name: str, is_hidden: bool) -> SheetFacts:
        filled = (row for row in self._rows_of(name) if any(row))
        first = list(islice(filled, _PEEKED_ROWS))
        sample = [cell[:60] for cell in first[0][:6]] if first else []
        look = first_look(first)
        return SheetFacts(
            name,
            len(first) + sum(1 for _ in filled),
            look.has_numbers,
            is_hidden=is_hidden,
            sample=sample,
            is_named=look.is_named,
        )

    def _rows_of(self, name: str) -> Iterator[list[str]]:
        for row in self._book.get_sheet_by_name(name).iter_rows():
            yield [_of_open_format(cell) if type(cell) is str else _text(cell) for cell in row]

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Turn the errors of reading a damaged workbook into one sentence."""
        try:
            yield
        except (MemoryError, BadInput):
            raise
        except BaseException as error:
            # Some damaged files make calamine's Rust panic: a BaseException of a module that cannot be imported by name.
            if not isinstance(error, Exception) and type(error).__module__ != "pyo3_runtime":
                raise
            why = first_line(error)
            if "password" in why.lower() or "encrypt" in why.lower():
                raise BadInput(
                    "%(file)s is protected with a password; open it, remove the password, and save it as XLSX or CSV.",
                    file=self.filename,
                ) from None
            raise BadInput(
                "%(file)s cannot be read as an %(form)s workbook: %(why)s; save it as XLSX or CSV.",
                file=self.filename, form=self.form.upper(), why=why,
            ) from None  # fmt: skip

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        shown, begins = self._shown, self._begins
        with self._reading():
            for line, row in enumerate(self._rows_of(self._chosen), start=1):
                if line in shown.rows and any(row):
                    self.hidden_lines.add(line)
                for place, code in shown.masks.get(line, {}).items():
                    if _is_whole_number(row, place - begins):
                        row[place - begins] = masked(int(row[place - begins]), code)
                for place, text in shown.texts.get(line, {}).items():
                    if _is_whole_number(row, place - begins):
                        row[place - begins] = text
                if line in shown.crossed:
                    self.crossed[line] = {place - begins for place in shown.crossed[line]}
                yield line, row

    def notes(self) -> list[Sentence]:
        """The remarks about the sheet that was read, and about hidden rows when they are unknown."""
        if self._tells_hidden:
            return sheet_notes(self.sheets)
        unknown = Sentence(
            "Hidden rows of %(form)s workbooks cannot be detected, so all rows were read; save it as XLSX to leave them out.",
            form=self.form.upper(),
        )
        return [*sheet_notes(self.sheets), unknown]


def _is_whole_number(row: list[str], at: int) -> bool:
    return 0 <= at < len(row) and row[at].isdecimal()


def _of_open_format(text: str) -> str:
    """A span of time as ODS writes it (``PT30H00M00S``) as a person sees it; any other text as it is."""
    span = _SPAN.fullmatch(text) if text.startswith("PT") else None
    return f"{int(span[1])}:{span[2]}:{span[3]}" if span else text


def _text(cell: object) -> str:
    """Return a cell as a person sees it: 9123456789.0 is 9123456789, a span of time is 30:00:00."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.datetime):
        return cell.date().isoformat() if cell.time() == datetime.time() else cell.isoformat(" ", "seconds")
    if isinstance(cell, datetime.timedelta):
        minutes, seconds = divmod(round(cell.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return "" if cell is None else str(cell)
