"""The counts of a list's lines by result, for campaigns, do-not-call lists and previews."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from engine.services.lists.choices import ListFacts
from engine.services.lists.reader import ListReader
from engine.services.lists.rows import Row
from engine.services.numbering.numbers import LineKind
from engine.services.numbering.reasons import Reason

EXAMPLES = 3  # lines shown for each reason
SHOWN = 60  # characters shown of each line
SAMPLED = 100  # lines to be called whose other cells are kept


@dataclass(frozen=True, slots=True)
class Example:
    """A line that would not be called; `first_line` is the first line of a duplicate's number."""

    line: int
    raw: str
    reason: Reason
    first_line: int | None


@dataclass(slots=True)
class ListCount:
    """How many numbers of a list will be called, and how many will not, by reason, with examples."""

    filename: str
    number_column: str
    columns: list[str] = field(default_factory=list)  # the list's other columns
    valid: int = 0
    mobiles: int = 0  # of the valid ones
    duplicates: int = 0
    refused: Counter[Reason] = field(default_factory=Counter)  # without the duplicates
    examples: list[Example] = field(default_factory=list)
    facts: ListFacts = field(default_factory=ListFacts)
    sample: list[tuple[int, list[str]]] = field(default_factory=list)
    """The first lines that will be called, with their cells of `columns`."""

    @property
    def total(self) -> int:
        return self.valid + self.duplicates + self.refused_total

    @property
    def refused_total(self) -> int:
        return sum(self.refused.values())

    def add(self, chunk: Iterable[Row], most: int = EXAMPLES) -> None:
        """Count rows; keep at most `most` examples of each reason."""
        shown = Counter(example.reason for example in self.examples)
        for row in chunk:
            if row.reason is None:
                self.valid += 1
                self.mobiles += row.number is not None and row.number.kind is LineKind.MOBILE
                if len(self.sample) < SAMPLED:
                    self.sample.append((row.line, row.cells))
                continue
            if row.reason is Reason.DUPLICATE:
                self.duplicates += 1
            else:
                self.refused[row.reason] += 1
            if shown[row.reason] < most:
                shown[row.reason] += 1
                self.examples.append(Example(row.line, row.raw[:SHOWN], row.reason, row.first_line))

    def conclude(self, reader: ListReader) -> None:
        """Add the reader's facts after the list has been read to its end."""
        self.columns = reader.kept_columns
        places = [reader.variable_columns.index(name) for name in self.columns]
        self.sample = [
            (line, [cells[at] if at < len(cells) else "" for at in places]) for line, cells in self.sample
        ]
        self.facts = reader.facts()

    def document(self) -> dict[str, Any]:
        """Everything as values for JSON, with the lines that will not be called."""
        facts = self.facts
        return {
            "list": self.filename,
            "number_column": self.number_column,
            "number_columns": facts.columns,
            "columns": self.columns,
            "lines": self.total,
            "valid": self.valid,
            "mobiles": self.mobiles,
            "duplicates": self.duplicates,
            "refused": {reason.value: number for reason, number in self.refused.most_common()},
            "file_lines": facts.lines,
            "left_out": dict(facts.left_out),
            "numbers_beyond_lines": facts.more,
            "format": facts.form,
            "encoding": facts.encoding,
            "delimiter": facts.delimiter,
            "header_line": facts.header_line,
            "candidates": [asdict(one) for one in facts.candidates],
            "sheets": [asdict(one) for one in facts.sheets],
            "hidden_rows": facts.hidden_rows,
            "hidden_columns": facts.hidden_columns,
            "notes": [str(note) for note in facts.notes],
            "examples": [
                {
                    "line": one.line,
                    "written": one.raw,
                    "reason": one.reason.value,
                    "first_line": one.first_line,
                }
                for one in self.examples
            ],
        }
