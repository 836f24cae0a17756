"""The reading of a list, in the process that may touch its bytes (`engine.services.lists.worker`).

Memory stays flat: one chunk, and 12 to 24 bytes for each different number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from itertools import chain, islice
from typing import BinaryIO, Self

import numpy as np
import numpy.typing as npt

from engine.errors import BadInput
from engine.fold import visible
from engine.sentences import Amount, Sentence
from engine.services.lists.choices import AS_FOUND, Choices, HiddenRows, ListFacts, Several
from engine.services.lists.columns import MAX_COLUMNS, holds_other_number, without_bare
from engine.services.lists.contacts import with_fax_named
from engine.services.lists.duplicates import SeenNumbers
from engine.services.lists.footers import is_footer, may_be_footer
from engine.services.lists.kinds import open_table
from engine.services.lists.layout import SAMPLE_ROWS, Layout, is_unparted, not_parted
from engine.services.lists.names import column_names
from engine.services.lists.prefixes import with_prefix
from engine.services.lists.rows import Row
from engine.services.lists.table import Table
from engine.services.numbering.identity_codes import FILLERS
from engine.services.numbering.numbers import (
    IN_IRAN,
    NormalNumber,
    NumberRules,
    normalise,
    numbers_in,
    usual_numbers,
)
from engine.services.numbering.reasons import Reason

MAX_CELL = 1_000
"""Characters of a cell that are kept; the rest is cut off."""
CHUNK_CELLS = 100_000
"""A chunk of a list with many columns has fewer rows."""
_SHOWN_EXAMPLES = 3


class Reading:
    """A list that has been opened. Iterate once: each step is a chunk of rows.

    Iterating raises BadInput for a line that cannot be read, and at the end if there was no valid number; discard
    what was read before.  ``counts`` holds the rows read so far by reason (None: to be called).
    """

    def __init__(
        self,
        table: Table,
        filename: str,
        choices: Choices,
        accepted: NumberRules,
        *,
        max_rows: int,
        chunk_rows: int,
        needs_number: bool,
    ) -> None:
        self.filename = filename
        self.counts: Counter[Reason | None] = Counter()
        self._table = table
        self._choices = choices
        self._read_number = (
            partial(normalise, default_area=accepted.area, allow_abroad=accepted.abroad)
            if accepted.area or accepted.abroad
            else normalise
        )
        self._max_rows, self._chunk_rows = max_rows, chunk_rows
        self._needs_number = needs_number
        self._resources = ExitStack()
        self._examples: list[Sentence] = []
        self._unparted: tuple[int, str] | None = None  # the first line that seems to have several cells
        self._filled = self._blank = self._hidden = self._several = self._beside_words = 0
        self._headers = 0  # headers that are repeated between the rows
        self._fillers = frozenset[str]() if accepted.fillers else FILLERS
        self._footers = set[int]()  # lines that are totals or notes of the list's maker
        self._elsewhere = 0  # rows without a number that have one in a column that was not chosen

        rows = self._filled_rows(table.rows())
        sample = list(islice(rows, SAMPLE_ROWS))
        if not sample:
            raise BadInput("%(file)s is empty.", file=filename)
        layout = Layout(sample, table, choices, filename, accepted.area)
        if layout.refusal is not None:
            raise layout.refusal
        self._layout = layout
        self.columns = layout.columns
        self._index, *self._others = layout.chosen
        self._header_rows = [
            (row[self._index], [cell for place, cell in enumerate(row) if place != self._index and cell])
            for row in layout.header
            if self._index < len(row)
        ]
        self._prefixes, self._prefix = None if layout.is_numbers_only else layout.prefixes, ""
        self.number_column = self.columns[self._index]
        self.is_numbers_only = layout.is_numbers_only
        if layout.is_bare_refused:
            self._read_number = partial(without_bare, self._read_number)
        self._rows: Iterator[tuple[int, list[str]]] = chain(sample[layout.begins :], rows)
        if table.may_cross_out:
            self._rows = table.hiding_crossed_out(self._rows, self._index)
        if layout.is_contacts:
            self._rows = with_fax_named(self._rows, layout.chosen)
        if self.is_numbers_only:
            self.columns, self._index = [self.number_column], 0
            self._rows = ((line, [cell]) for line, row in self._rows for cell in row if cell)
        self.variable_columns = self.columns[: self._index] + self.columns[self._index + 1 :]
        self._left_out = frozenset() if self.is_numbers_only else choices.left_out
        self._skipped = table.hidden_lines if choices.hidden_rows == HiddenRows.SKIP else set[int]()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def adopt(self, resources: ExitStack) -> None:
        """Take ownership of what is to be closed with the reader."""
        self._resources = resources

    def close(self) -> None:
        """Detach from the file, which stays open."""
        self._resources.close()

    @property
    def kept_columns(self) -> list[str]:
        """The columns of ``variable_columns`` that are stored so far: the name first, without ignored ones."""
        first = self._choices.name_column - 1
        places = [place for place in range(len(self.columns)) if place not in self._left_out | {self._index}]
        return [self.columns[place] for place in sorted(places, key=lambda place: (place != first, place))]

    def facts(self) -> ListFacts:
        """The facts about the part of the list that has been read."""
        table, layout = self._table, self._layout
        left_out = Counter({"header": len(layout.header), "title": layout.titles, "blank": self._blank})
        left_out["header"] += table.passed_over + self._headers
        rows = self._filled - layout.begins - self._headers
        found = ListFacts(
            form=table.form,
            encoding=table.encoding,
            delimiter=table.delimiter or "",
            header_line=layout.header_line,
            columns=[self.number_column, *(layout.columns[index] for index in self._others)],
            names=layout.columns,
            rows=layout.first_rows,
            candidates=layout.candidates,
            sheets=table.sheets,
            hidden_columns=layout.hidden_columns,
            hidden_rows=self._hidden if self._skipped is table.hidden_lines else len(table.hidden_lines),
            several=self._several,
            beside_words=self._beside_words,
            elsewhere=self._elsewhere,
            lines=self._filled + self._blank + table.passed_over,
            left_out=+left_out,
            more=sum(self.counts.values()) - rows,
        )
        found.notes = [*table.notes(), *layout.notes(found, self._choices)]
        return found

    def __iter__(self) -> Iterator[list[Row]]:
        seen = SeenNumbers()
        for chunk, at, numbers in self._chunks():
            self._mark_duplicates(chunk, at, numbers, seen)
            self.counts.update([row.reason for row in chunk])
            if not self.counts[None]:
                self._collect_examples(chunk)
            yield chunk
        if self._needs_number and not self.counts[None]:
            if not self._examples:
                raise BadInput("%(file)s has a header in line %(line)s and no rows.",
                    file=self.filename, line=self._layout.header_line)  # fmt: skip
            if self._unparted is not None:
                raise not_parted(self.filename, *self._unparted)
            raise BadInput(
                "No number in column «%(column)s» of %(file)s can be called: %(examples)s.",
                column=visible(self.number_column), file=self.filename, examples=self._examples,
            )  # fmt: skip

    def numbers(self) -> Iterator[npt.NDArray[np.int64]]:
        """Only the numbers to be called, in chunks: an alternative to iterating, for looking up a whole list.

        It takes half the time: other cells are dropped, and duplicates are not removed.  Raises BadInput for a line
        that cannot be read.
        """
        if self._others or self._table.sheets or self._prefixes:
            for chunk, _, numbers in self._chunks():
                del chunk
                yield np.array(numbers, np.int64)
            return
        index, read = self._index, self._read_number
        while rows := list(islice(self._rows, self._chunk_rows)):
            texts = [cells[index] for line, cells in rows if index < len(cells) and line not in self._footers]
            usual, others = usual_numbers(texts)
            unusual = [int(one.e164) for text in others for one in self._found_in(text, read(text))]
            yield np.array(usual + unusual, np.int64)

    def _filled_rows(self, rows: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
        """Yield rows with any content, cells stripped and bounded in number and length."""
        left = self._max_rows + 1
        for line, cells in rows:
            cells = list(map(str.strip, cells))
            content = "".join(cells)
            if not content:
                self._blank += 1
                continue
            if len(cells) > MAX_COLUMNS:
                if any(cells[MAX_COLUMNS:]):
                    raise BadInput(
                        "Line %(line)s of %(file)s has %(count)s columns; a list may have %(most)s.",
                        line=line, file=self.filename, count=Amount(len(cells)), most=MAX_COLUMNS,
                    )  # fmt: skip
                del cells[MAX_COLUMNS:]
            if len(content) > MAX_CELL:
                cells = [cell[:MAX_CELL] for cell in cells]
            left -= 1
            if left < 0:
                raise BadInput(
                    "%(file)s has more than %(most)s rows (line %(line)s); split it.",
                    file=self.filename, most=Amount(self._max_rows), line=line,
                )  # fmt: skip
            self._filled += 1
            if may_be_footer(content) and is_footer(cells):
                self._footers.add(line)
            yield line, cells

    def _chunks(self) -> Iterator[tuple[list[Row], list[int], list[int]]]:
        """Yield rows with their numbers normalised, the positions that have a number, and these as integers.

        One loop without layers, as a million rows pass here.
        """
        index, skipped, footers, fillers = self._index, self._skipped, self._footers, self._fillers
        prefixes = self._prefixes
        read = self._read_number if prefixes is None else self._read_with_prefix
        width = len(self.columns)
        most = min(self._chunk_rows, CHUNK_CELLS // width)
        new = tuple.__new__  # avoids the NamedTuple's constructor
        rows: list[Row] = []
        at: list[int] = []
        numbers: list[int] = []
        for line, cells in self._rows:
            if len(cells) != width:
                if len(cells) > width:
                    width = len(cells)
                    most = min(self._chunk_rows, CHUNK_CELLS // width)
                    self._widen(width)
                cells += [""] * (width - len(cells))
            if prefixes is not None:
                self._prefix = cells[prefixes.place]
            raw = cells.pop(index)
            found = read(raw)
            if (
                type(found) is NormalNumber
                and line not in skipped
                and line not in footers
                and found[0] not in fillers
            ):
                at.append(len(rows))
                numbers.append(int(found.e164))
                rows.append(new(Row, (line, raw, found, None, cells, None)))
            else:
                for row in self._second_look(line, raw, found, cells):
                    if row.number is not None:
                        at.append(len(rows))
                        numbers.append(int(row.number.e164))
                    rows.append(row)
            if len(rows) >= most:
                yield rows, at, numbers
                rows, at, numbers = [], [], []
        if rows:
            yield rows, at, numbers

    def _second_look(
        self, line: int, raw: str, found: NormalNumber | Reason, cells: list[str]
    ) -> Iterator[Row]:
        """The results of a line whose cell gives no number to call: its row is hidden, or other cells may help."""
        if line in self._skipped:
            self._skipped.discard(line)
            self._hidden += 1
            yield Row(line, raw, None, Reason.HIDDEN, cells)
            return
        if line in self._footers:
            self._footers.discard(line)
            yield Row(line, raw, None, Reason.FOOTER, cells)
            return
        if found is Reason.NOT_A_NUMBER and (raw, [cell for cell in cells if cell]) in self._header_rows:
            self._headers += 1
            return
        self._several += found is Reason.SEVERAL
        self._beside_words += found is Reason.BESIDE_WORDS
        numbers = self._found_in(raw, found)
        for other in self._others if not numbers else ():
            text = cells[other - (other > self._index)]
            numbers = self._found_in(text, self._read_with_prefix(text)) if text else []
            if numbers:
                raw = text
                break
        if not numbers:
            self._elsewhere += holds_other_number(self.columns, cells, self._index)
            yield Row(line, raw, None, found if isinstance(found, Reason) else Reason.FILLER, cells)
        for place, number in enumerate(numbers):
            yield Row(line, raw, number, None, cells if place == 0 else list(cells))

    def _read_with_prefix(self, text: str) -> NormalNumber | Reason:
        """A cell's number, completed by the code that the row has in a column of its own."""
        if self._prefixes is not None:
            text = with_prefix(self._prefix, self._prefixes.is_country, text)
        return self._read_number(text)

    def _found_in(self, text: str, found: NormalNumber | Reason) -> list[NormalNumber]:
        """The numbers of a cell to be called, according to the choice for cells with several numbers."""
        if isinstance(found, NormalNumber):
            return [] if found.e164 in self._fillers else [found]
        wanted = self._choices.several
        if wanted == Several.NONE and self._layout.is_contacts and ":::" in text:
            wanted = Several.FIRST  # an address book has the main number first
        if found not in (Reason.SEVERAL, Reason.BESIDE_WORDS) or wanted == Several.NONE:
            return []
        numbers = [
            one
            for part in numbers_in(text)
            if isinstance(one := self._read_with_prefix(part), NormalNumber) and one.e164 not in self._fillers
        ]
        return list(dict.fromkeys(numbers))[: 1 if wanted == Several.FIRST else None]

    def _mark_duplicates(
        self, chunk: list[Row], at: list[int], numbers: list[int], seen: SeenNumbers
    ) -> None:
        lines = [chunk[position].line for position in at]
        for index, first_line in seen.duplicates(numbers, lines).items():
            row = chunk[at[index]]
            chunk[at[index]] = row._replace(reason=Reason.DUPLICATE, first_line=first_line)

    def _widen(self, width: int) -> None:
        """Name the extra columns of a row that is longer than all before it."""
        self.columns = column_names(self.columns, width)
        self.variable_columns = self.columns[: self._index] + self.columns[self._index + 1 :]

    def _collect_examples(self, chunk: list[Row]) -> None:
        if not self._examples and self._table.delimiter and len(self.columns) == 1:
            self._unparted = next(((row.line, row.raw) for row in chunk[:10] if is_unparted(row.raw)), None)
        for row in chunk[: _SHOWN_EXAMPLES - len(self._examples)]:
            why = row.reason.sentence if row.reason else ""
            self._examples.append(
                Sentence(
                    "line %(line)s has «%(cell)s» (%(why)s)",
                    line=row.line, cell=visible(row.raw[:40]), why=why,
                )
            )  # fmt: skip


def open_reading(
    file: BinaryIO,
    name: str,
    choices: Choices = AS_FOUND,
    accepted: NumberRules = IN_IRAN,
    *,
    max_rows: int,
    chunk_rows: int,
    needs_number: bool = True,
) -> Reading:
    """Begin to read a list.  Raises BadInput, in one sentence, if it is not one.

    The file stays open when the reading is closed.
    """
    with ExitStack() as resources:
        table = open_table(file, name, choices.sheet)
        resources.callback(table.detach)
        reading = Reading(
            table,
            name,
            choices,
            accepted,
            max_rows=max_rows,
            chunk_rows=chunk_rows,
            needs_number=needs_number,
        )
        reading.adopt(resources.pop_all())
        return reading
