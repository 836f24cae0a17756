"""The layout of a list: which line is its header, which columns hold numbers, and the remarks about both."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.errors import BadInput
from engine.fold import visible
from engine.sentences import Amount, Sentence
from engine.services.lists.choices import Choices, HiddenRows, ListFacts, Several
from engine.services.lists.columns import (
    MAX_COLUMNS,
    better_mobiles,
    candidates,
    contact_columns,
    find_columns,
    is_numbers_only,
    look_at,
    row_of_numbers,
)
from engine.services.lists.headers import find_header
from engine.services.lists.names import MOBILE, column_names, named_columns, points_of
from engine.services.lists.prefixes import local_numbers_beside_codes, prefixes_of
from engine.services.lists.table import Table

SAMPLE_ROWS = 1_000
SHOWN_ROWS, SHOWN_CELL = (
    10,
    80,
)  # of the first rows, so that people can check whether the list is read correctly
_LETTER, _NUMBER = re.compile(r"[^\W\d_]"), re.compile(r"\d{7}")  # two: one pattern for both is quadratic


def is_unparted(line: str) -> bool:
    """Whether a line of one cell holds a number beside words."""
    return _NUMBER.search(line) is not None and _LETTER.search(line) is not None


def not_parted(filename: str, line: int, text: str) -> BadInput:
    """The error for a text file whose delimiter cannot be found."""
    return BadInput(
        "The delimiter of %(file)s is not recognised: line %(line)s is «%(text)s»; save it as CSV with commas, "
        "semicolons or tabs between its columns, or as XLSX.",
        file=filename, line=line, text=visible(text[:60]),
    )  # fmt: skip


class Layout:
    """What the first thousand rows show.

    `begins`: the row with which the data begin; `refusal`: why no column of numbers was chosen, or None.
    """

    def __init__(
        self,
        sample: Sequence[tuple[int, list[str]]],
        table: Table,
        choices: Choices,
        filename: str,
        default_area: str | None,
    ) -> None:
        rows = [row for _, row in sample]
        header = find_header(rows)
        names = () if header is None else header.names
        self.begins = 0 if header is None else header.last + 1
        self.titles = 0 if header is None else header.first
        self.header_line = 0 if header is None else sample[header.last][0]
        self.header: Sequence[Sequence[str]] = rows[self.titles : self.begins]
        cells = rows[self.begins :]
        if not cells:
            raise BadInput(
                "%(file)s has a header in line %(line)s and no rows.", file=filename, line=self.header_line
            )
        width = min(MAX_COLUMNS, max(map(len, rows[max(0, self.begins - 1) :])))
        self.columns = column_names(names or None, width)
        if header is None and 1 <= choices.name_column <= width:
            self.columns[choices.name_column - 1] = "name"
        self.first_rows = [[cell[:SHOWN_CELL] for cell in row[:width]] for row in cells[:SHOWN_ROWS]]
        self.hidden = {index for index in table.hidden_columns if index < width}
        self.looks = [look_at(index, cells, default_area) for index in range(width)]
        self.is_contacts = header is not None and len(contact_columns(self.columns, self.looks)) > 0
        if choices.columns.strip():
            self.chosen = named_columns(choices.columns, self.columns)
        elif self.is_contacts:
            self.chosen = contact_columns(self.columns, self.looks)
        else:
            self.chosen = find_columns(self.columns, header is not None, self.looks, self.hidden)
        above = [*names[:width], *[""] * (width - len(names))]  # names, none where there is none
        if not choices.columns.strip() and not any(self.looks[index].numbers for index in self.chosen):
            local = local_numbers_beside_codes(above, cells)
            self.chosen = self.chosen if local is None else [local]
        self.prefixes = prefixes_of(self.chosen[0], above, cells) if self.chosen else None
        if self.prefixes is not None and self.prefixes.place in choices.left_out:
            self.prefixes = None
        self.refusal = None if self.chosen else self._none(sample[self.begins], table, filename)
        lying = None if choices.columns.strip() else row_of_numbers(rows)
        if lying is not None:
            self.refusal = BadInput(
                "The numbers of %(file)s are side by side in line %(line)s; turn the table, so that "
                "each has a line of its own (in Excel: copy it, then Paste Special, Transpose).",
                file=filename, line=sample[lying][0],
            )  # fmt: skip
        self.is_bare_refused = self.chosen != [] and (
            (header is not None and points_of(self.columns[self.chosen[0]]) >= MOBILE)
            or (self.looks[self.chosen[0]].has_national_codes and not choices.columns.strip())
        )
        self.is_numbers_only = (
            header is None and not choices.columns.strip() and width > 1 and is_numbers_only(cells)
        )
        self.candidates = candidates(self.columns, self.looks, self.chosen, self.hidden)
        self.hidden_columns = [self.columns[index] for index in sorted(self.hidden)]

    def _none(self, first: tuple[int, list[str]], table: Table, filename: str) -> BadInput:
        """Why no column was chosen, and what to do."""
        line, cells = first
        shown = [
            Sentence("column %(place)s «%(cell)s»", place=place, cell=visible(cell[:30]))
            for place, cell in enumerate(cells[:5], 1)
            if cell
        ]
        if len(self.columns) == 1 and table.delimiter and is_unparted(cells[0]):
            return not_parted(filename, line, cells[0])
        doubtful = [self.columns[index] for index, look in enumerate(self.looks) if look.numbers]
        if doubtful:
            return BadInput(
                "No column of %(file)s certainly holds telephone numbers: %(columns)s may hold codes or "
                "accounts, or is hidden; line %(line)s has %(cells)s. Say which column it is.",
                file=filename, columns=[visible(name) for name in doubtful[:10]], line=line, cells=shown,
            )  # fmt: skip
        return BadInput(
            "No column of %(file)s holds telephone numbers: line %(line)s has %(cells)s; name the column «number», or "
            "say which one it is.",
            file=filename, line=line, cells=shown,
        )  # fmt: skip

    def notes(self, facts: ListFacts, choices: Choices) -> list[Sentence]:
        """The remarks about the choice and about skipped lines, after the list was read."""
        return [
            *self._column_notes(facts),
            *self._row_notes(facts, choices),
            *self._cell_notes(facts, choices),
        ]

    def _column_notes(self, facts: ListFacts) -> list[Sentence]:
        """Whether another column would be better, completes the numbers, or holds more of them."""
        found: list[Sentence] = []
        better = better_mobiles(self.columns, self.looks, self.chosen)
        if better is not None:
            found.append(
                Sentence(
                    "Column «%(column)s» has no mobiles, but «%(other)s» is full of them.",
                    column=visible(facts.columns[0]), other=visible(self.columns[better]),
                )
            )  # fmt: skip
        if self.prefixes is not None:
            found.append(
                Sentence(
                    "The codes in column «%(column)s» stand before the numbers in «%(other)s» that have none.",
                    column=visible(self.columns[self.prefixes.place]), other=visible(facts.columns[0]),
                )
            )  # fmt: skip
        others = [
            visible(one.column)
            for one in self.candidates
            if one.mobiles and not one.is_chosen and not one.is_hidden and points_of(one.column) >= 0
        ]
        if others and better is None:
            found.append(
                Sentence(
                    "Other columns hold mobiles too: %(names)s; of each row one number is called.",
                    names=others,
                )
            )
        return found

    def _row_notes(self, facts: ListFacts, choices: Choices) -> list[Sentence]:
        """What became of rows without a number, and of hidden rows and columns."""
        found: list[Sentence] = []
        if facts.elsewhere:
            found.append(
                Sentence(
                    "Rows without a number that have one in a column that was not chosen: %(count)s; choose it too.",
                    count=Amount(facts.elsewhere),
                )
            )
        if facts.hidden_rows and choices.hidden_rows == HiddenRows.SKIP:
            found.append(
                Sentence(
                    "%(count)s rows that are hidden, filtered out or crossed out were left out.",
                    count=Amount(facts.hidden_rows),
                )
            )
        elif facts.hidden_rows:
            found.append(
                Sentence(
                    "%(count)s rows that are hidden, filtered out or crossed out are among those that are called.",
                    count=Amount(facts.hidden_rows),
                )
            )
        if self.hidden_columns:
            found.append(
                Sentence(
                    "Hidden columns: %(names)s; none of them is taken for the numbers unless it is named.",
                    names=[visible(name) for name in self.hidden_columns[:20]],
                )
            )
        return found

    def _cell_notes(self, facts: ListFacts, choices: Choices) -> list[Sentence]:
        """What became of cells with several numbers, or with words beside the number."""
        found: list[Sentence] = []
        if facts.several and choices.several == Several.NONE and not self.is_contacts:
            found.append(
                Sentence(
                    "Cells with more than one number: %(count)s; choose whether the first or all of them are called.",
                    count=Amount(facts.several),
                )
            )
        elif facts.several:
            found.append(Sentence("Cells with more than one number: %(count)s.", count=Amount(facts.several)))
        if facts.beside_words:
            found.append(
                Sentence(
                    "Cells with words beside the number: %(count)s; these are not called unless you choose it.",
                    count=Amount(facts.beside_words),
                )
                if choices.several == Several.NONE
                else Sentence(
                    "Cells with words beside the number: %(count)s; their number is called.",
                    count=Amount(facts.beside_words),
                )
            )
        return found
