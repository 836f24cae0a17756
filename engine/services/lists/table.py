"""A file as rows of cells: the common interface of text files and workbooks."""

from __future__ import annotations

from collections.abc import Iterator

from engine.sentences import Sentence
from engine.services.lists.choices import SheetFacts


class Table:
    """A file as rows.  `rows()` may be called once; it yields blank rows too, so that lines can be counted."""

    form = ""
    encoding = ""
    delimiter: str | None = None

    def __init__(self, filename: str) -> None:
        self.filename = filename
        self.sheets: list[SheetFacts] = []
        self.hidden_lines: set[int] = set()  # of the rows that were yielded
        self.hidden_columns: set[int] = set()  # places from 0
        self.may_cross_out = False  # cells may have a line through them; those of the rows that were yielded:
        self.crossed: dict[int, set[int]] = {}  # by line, places from 0
        self.passed_over = 0  # lines that are not rows, such as ``sep=;`` and repeated headers
        self.is_contacts = False  # an address book: a person's numbers are side by side, the main one first

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the number of a line (from 1) and its cells."""
        raise NotImplementedError

    def hiding_crossed_out(
        self, rows: Iterator[tuple[int, list[str]]], number: int
    ) -> Iterator[tuple[int, list[str]]]:
        """The rows; those whose cell at `number`, or whose every cell, is crossed out are hidden ones from here on."""
        for line, cells in rows:
            places = self.crossed.pop(line, ())
            if places and (
                number in places or all(place in places for place, cell in enumerate(cells) if cell)
            ):
                self.hidden_lines.add(line)
            yield line, cells

    def notes(self) -> list[Sentence]:
        """The remarks about the file, once it has been read."""
        return []

    def detach(self) -> None:
        """Detach from the file without closing it: it belongs to the caller."""
