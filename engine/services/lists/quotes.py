"""Unbalanced quotation marks: no line may vanish in a cell that is never closed.

A cell that opens with a mark ends at its partner, perhaps some lines later.  A mark without a partner, or with whole
rows before its partner, opens nothing: its line is read literally.  As many lines come out as go in, in the same
order, so that line numbers stay right.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator

from engine.services.numbering.numbers import NormalNumber, normalise

MAX_RECORD_LINES = 50
"""Lines that one quoted record may span; more means that a quotation mark was never closed."""
_SHOWN = 20


class MendedQuotes:
    """The lines of a table of `width` columns with balanced quotation marks."""

    def __init__(self, lines: Iterable[str], delimiter: str, width: int) -> None:
        self.bad: list[int] = []  # the first lines whose marks had no partner
        self._source = iter(lines)
        self._ahead: deque[str] = deque()
        self._delimiter = delimiter
        self._width = width
        d = re.escape(delimiter)
        cell = rf'(?> *"(?:[^"]++|"")*+" *+|[^"{d}\r\n][^{d}\r\n]*+|)'
        self._is_whole = re.compile(rf"{cell}(?:{d}{cell})*+[\r\n]*").fullmatch
        self._opening = re.compile(rf'(?P<before>(?:{cell}{d})*+) *"(?P<inside>(?:[^"]++|"")*+)\Z').match
        self._closing = re.compile(r'(?P<inside>(?:[^"]++|"")*+)"').match
        self._rest_is_whole = re.compile(rf" *(?:{d}{cell})*+[\r\n]*").fullmatch
        self._rest_opens = re.compile(rf' *(?:{d}{cell})*?{d} *"(?:[^"]++|"")*+\Z').match
        self._quoted = re.compile(r'"(?:[^"]++|"")*+"')
        self._cells = re.compile(rf"{cell}(?={d}|[\r\n]*\Z)")

    def __iter__(self) -> Iterator[str]:
        at = 0
        while True:
            line = self._ahead.popleft() if self._ahead else next(self._source, None)
            if line is None:
                return
            at += 1
            if '"' not in line:
                yield line
            elif self._is_whole(line):
                yield self._without_spaces(line)
            else:
                more = self._rest_of_record(line)
                if more:
                    yield line
                    yield from more
                    at += len(more)
                else:
                    if len(self.bad) < _SHOWN:
                        self.bad.append(at)
                    yield self._literal(line)

    def _rest_of_record(self, line: str) -> list[str]:
        """The following lines of a record that opens in `line`; empty: its mark has no partner."""
        opening = self._opening(line)
        if opening is None:
            return []
        before = self._quoted.sub("", opening["before"]).count(self._delimiter)
        here = self._row_width(opening["inside"])
        # In the last column, a cell with one number in each line is one cell, not several rows.
        if before + here >= self._width > 1 and here > 1 and self._has_number(opening["inside"]):
            return []
        taken: list[str] = []
        while len(taken) < MAX_RECORD_LINES:
            following = (
                next(self._source, None) if len(taken) == len(self._ahead) else self._ahead[len(taken)]
            )
            if following is None:
                return []
            if len(taken) == len(self._ahead):
                self._ahead.append(following)
            taken.append(following)
            closing = self._closing(following)
            if closing is None:
                if self._row_width(following) >= self._width > 1 and self._has_number(following):
                    return []
                continue
            inside = closing["inside"]
            is_row = self._row_width(inside) > 1 and self._row_width(following) >= self._width > 1
            if is_row and self._has_number(inside):
                return []
            rest = following[closing.end() :]
            if self._rest_is_whole(rest):
                # Two stray marks at the end of a line and at the start of the next: together too wide for a row.
                if before + 1 + self._quoted.sub("", rest).count(self._delimiter) > self._width > 1:
                    return []
                for _ in taken:
                    self._ahead.popleft()
                return taken
            if not self._rest_opens(rest):
                return []
        return []

    def _row_width(self, text: str) -> int:
        return text.count(self._delimiter) + 1

    def _has_number(self, text: str) -> bool:
        return any(
            isinstance(normalise(cell.strip(' "\r\n')), NormalNumber) for cell in text.split(self._delimiter)
        )

    def _without_spaces(self, line: str) -> str:
        """A complete line without spaces around its marks, which CSV does not allow."""
        if f'{self._delimiter} "' not in line and '" ' not in line and not line.startswith(" "):
            return line
        end = line[len(line.rstrip("\r\n")) :]
        cells = [found.strip(" ") if '"' in found else found for found in self._split(line.rstrip("\r\n"))]
        return self._delimiter.join(cells) + end

    def _split(self, line: str) -> list[str]:
        cells, at = [], 0
        while (found := self._cells.match(line, at)) is not None:
            cells.append(found[0])
            at = found.end() + 1
            if at > len(line):
                break
        return cells

    def _literal(self, line: str) -> str:
        """The line with its marks escaped, so that CSV reads them as text."""
        body = line.rstrip("\r\n")
        cells = [
            '"' + cell.replace('"', '""') + '"' if '"' in cell else cell
            for cell in body.split(self._delimiter)
        ]
        return self._delimiter.join(cells) + line[len(body) :]
