"""The rows of a list with their normalised numbers, and how a chunk of them travels between processes."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import orjson

from engine.services.numbering.numbers import LineKind, NormalNumber
from engine.services.numbering.reasons import Reason

_MOBILE = LineKind.MOBILE


class ReadMode(StrEnum):
    """What the worker is to return of a list."""

    ROWS = "rows"
    NUMBERS = "numbers"
    FACTS = "facts"


class Row(NamedTuple):
    """One number of a list.

    ``reason`` is None for a number to call.  A duplicate has its ``number``, and ``first_line`` is the line of the
    first one.  ``cells`` are those of the other columns, in the order of the reader's ``variable_columns`` so far.
    """

    line: int
    raw: str
    number: NormalNumber | None
    reason: Reason | None
    cells: list[str]
    first_line: int | None = None


def pack(rows: Sequence[Row]) -> bytes:
    """Rows as bytes, column by column; compact for mobiles that are to be called, which most rows are."""
    others, aside = [], []
    for at, row in enumerate(rows):
        if row.reason is not None:
            aside.append((at, row.reason.value, row.first_line))
        if row.number is not None and row.number.kind is not _MOBILE:
            others.append((at, row.number.kind.value, row.number.area))
    return orjson.dumps(
        (
            [row.line for row in rows],
            [row.raw for row in rows],
            [row.number.e164 if row.number is not None else None for row in rows],
            [row.cells for row in rows],
            others,
            aside,
        )
    )


def unpack(data: bytes) -> list[Row]:
    """The rows that `pack` wrote."""
    lines, raws, written, cells, others, aside = orjson.loads(data)
    new = tuple.__new__  # bypasses the NamedTuples' constructors: a million rows pass here
    numbers = [new(NormalNumber, (e164, _MOBILE, None)) if e164 else None for e164 in written]
    reasons: list[Reason | None] = [None] * len(lines)
    first_lines: list[int | None] = [None] * len(lines)
    for at, kind, area in others:
        numbers[at] = NormalNumber(written[at], LineKind(kind), area)
    for at, reason, first_line in aside:
        reasons[at], first_lines[at] = Reason(reason), first_line
    columns = zip(lines, raws, numbers, reasons, cells, first_lines, strict=True)
    return [new(Row, row) for row in columns]
