"""The choices for reading a list, and what a reader reports about a list it has opened."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from engine.errors import BadInput
from engine.sentences import Sentence, sentence_of


class HiddenRows(StrEnum):
    """What to do with rows that are hidden, filtered out or crossed out in a spreadsheet."""

    SKIP = "skip"
    INCLUDE = "include"


class Several(StrEnum):
    """Which numbers of a cell are called when it holds more than one, or words beside its number."""

    NONE = "none"
    FIRST = "first"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Choices:
    """How a list is to be read.

    `columns` are the columns with numbers, by name or position (from 1), separated by commas; each row gives the
    first of them that holds a number to call; empty: they are found.  `sheet` is a sheet's name or position; empty:
    the first one with numbers.  `name_column` (a position from 1; 0: none) comes before the other stored columns.
    `ignored` are the positions of columns that are not stored, separated by commas.
    """

    columns: str = ""
    sheet: str = ""
    hidden_rows: str = HiddenRows.SKIP
    several: str = Several.NONE
    name_column: int = 0
    ignored: str = ""

    def __post_init__(self) -> None:
        for value, kind in ((self.hidden_rows, HiddenRows), (self.several, Several)):
            if value not in [one.value for one in kind]:
                raise BadInput(
                    "«%(value)s» is not a choice here; the choices are: %(words)s.",
                    value=str(value)[:40],
                    words=", ".join(kind),
                )

    @property
    def left_out(self) -> frozenset[int]:
        """Positions (from 0) of the columns that are not stored."""
        return frozenset(int(place) - 1 for place in self.ignored.split(",") if place.isdecimal())

    def kept(self) -> str:
        """The choices as text for the database; read by `choices_of`."""
        return json.dumps(asdict(self), ensure_ascii=False)


AS_FOUND = Choices()
"""Nothing was chosen."""


def choices_of(text: str) -> Choices:
    """The choices from their stored text; an empty text gives the defaults."""
    return Choices(**json.loads(text)) if text else AS_FOUND


@dataclass(slots=True)
class Candidate:
    """A column that may hold the numbers, and what its first thousand rows contain."""

    column: str
    place: int  # from 1
    filled: int
    mobiles: int
    others: int  # numbers of other kinds
    sample: list[str]
    is_chosen: bool = False
    is_hidden: bool = False


@dataclass(slots=True)
class SheetFacts:
    """A sheet of a workbook: how many rows have content, and its first ones."""

    name: str
    rows: int
    has_numbers: bool
    is_read: bool = False
    is_hidden: bool = False
    sample: list[str] = field(default_factory=list)
    is_named: bool = False  # the header above the numbers says that they are telephones


@dataclass(slots=True)
class ListFacts:
    """What a reader reports about a list.  `left_out` counts lines without a result by reason: header, title, blank."""

    form: str = ""
    encoding: str = ""
    delimiter: str = ""
    header_line: int = 0  # 0: there is none
    columns: list[str] = field(default_factory=list)  # those with the numbers, in their order
    names: list[str] = field(default_factory=list)  # of all columns, in their order
    rows: list[list[str]] = field(default_factory=list)  # the first ones
    candidates: list[Candidate] = field(default_factory=list)
    sheets: list[SheetFacts] = field(default_factory=list)
    hidden_columns: list[str] = field(default_factory=list)
    hidden_rows: int = 0
    several: int = 0  # cells with several numbers
    beside_words: int = 0  # cells with words beside their number
    elsewhere: int = 0  # rows without a number that have one in a column that was not chosen
    lines: int = 0  # of the file, or rows of the sheet
    left_out: Counter[str] = field(default_factory=Counter)
    more: int = 0  # extra results of lines from which several numbers were taken
    notes: list[Sentence] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """As values for JSON; read by `facts_of`."""
        return {
            **asdict(self),
            "left_out": dict(self.left_out),
            "notes": [note.kept() for note in self.notes],
        }


def facts_of(values: dict[str, Any]) -> ListFacts:
    """The facts that `as_dict` wrote."""
    return ListFacts(
        **{
            **values,
            "candidates": [Candidate(**one) for one in values["candidates"]],
            "sheets": [SheetFacts(**one) for one in values["sheets"]],
            "left_out": Counter(values["left_out"]),
            "notes": [sentence_of(text) for text in values["notes"]],
        }
    )
