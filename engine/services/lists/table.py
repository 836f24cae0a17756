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
        self.passed_over = 0  # lines that are not rows, such as ``sep=;`` and repeated headers
        self.is_contacts = False  # an address book: a person's numbers are side by side, the main one first

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the number of a line (from 1) and its cells."""
        raise NotImplementedError

    def notes(self) -> list[Sentence]:
        """The remarks about the file, once it has been read."""
        return []

    def detach(self) -> None:
        """Detach from the file without closing it: it belongs to the caller."""
