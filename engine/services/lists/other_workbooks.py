"""Old and open workbooks (XLS, XLSB, ODS): read by a worker, kept on disk, given row by row."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from typing import BinaryIO

import orjson

from engine.sentences import Sentence
from engine.services.lists.choices import SheetFacts
from engine.services.lists.columns import holds_numbers
from engine.services.lists.table import Table
from engine.services.lists.xlsx import chosen_sheet, sheet_notes
from engine.workers import pool
from engine.workers.job import Job

_JOB = Job("engine.services.lists.workbook_worker:read")
_PEEKED_ROWS = 60


class OtherWorkbook(Table):
    """The rows of the sheet that was asked for, or of the first visible one with numbers.

    Which rows are hidden is not told by these formats' reader; `form` is xls, xlsb or ods.
    """

    def __init__(self, file: BinaryIO, filename: str, form: str, wanted: str = "") -> None:
        super().__init__(filename)
        self.form = self.encoding = form
        self._rows = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `detach`
        try:
            begins = self._keep(file)
            chosen = chosen_sheet(self.sheets, wanted, filename)
        except BaseException:
            self._rows.close()
            raise
        self._begin = begins[chosen]
        self.sheets[chosen].is_read = True

    def _keep(self, file: BinaryIO) -> list[int]:
        """Have the worker read all sheets and keep their rows, a JSON list a line; where those of each begin."""
        begins: list[int] = []
        first: list[list[str]] = []

        def conclude() -> None:
            if self.sheets:
                self.sheets[-1].has_numbers = holds_numbers(first)
                self.sheets[-1].sample = [cell[:60] for cell in first[0][:6]] if first else []
                self._rows.write(b"\n")
                first.clear()

        with tempfile.NamedTemporaryFile() as copy:
            file.seek(0)
            shutil.copyfileobj(file, copy)
            copy.flush()
            with closing(
                pool.stream(_JOB, copy.name, self.filename, self.form, what=self.filename)
            ) as answers:
                for value, _ in answers:
                    if isinstance(value, dict):
                        conclude()
                        self.sheets.append(SheetFacts(value["name"], 0, False, is_hidden=value["is_hidden"]))
                        begins.append(self._rows.tell())
                        continue
                    for row in value:
                        self._rows.write(orjson.dumps(row) + b"\n")
                        if any(row):
                            self.sheets[-1].rows += 1
                            if len(first) < _PEEKED_ROWS:
                                first.append(row)
        conclude()
        return begins

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        self._rows.seek(self._begin)
        for number, line in enumerate(iter(self._rows.readline, b"\n"), start=1):
            yield number, orjson.loads(line)

    def notes(self) -> list[Sentence]:
        """Which sheet was read; and that rows which are hidden cannot be told."""
        unknown = Sentence(
            "Hidden rows of %(form)s workbooks cannot be told: all rows were read; save it as XLSX to leave them out.",
            form=self.form.upper(),
        )
        return [*sheet_notes(self.sheets), unknown]

    def detach(self) -> None:
        self._rows.close()
