"""Read a contact list of any shape as rows with a number each, in chunks.

``open_list`` finds out what the file is (CSV, TSV, TXT, XLSX), its encoding,
delimiter, header and number column; iterating gives chunks of rows in which
every number is normalised or has the reason why it is set aside. Memory stays
flat: one chunk, and some 12 to 24 bytes for each different number.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from engine.errors import BadInput
from engine.services.lists.columns import (
    MAX_COLUMNS,
    column_names,
    find_number_column,
    is_header,
    named_column,
)
from engine.services.lists.delimited import TextTable
from engine.services.lists.duplicates import SeenNumbers
from engine.services.lists.xlsx import XlsxTable
from engine.services.numbering.numbers import NormalNumber, check_area, normalise, usual_numbers
from engine.services.numbering.reasons import Reason
from engine.text import shown_name

MAX_BYTES = 1_000_000_000
MAX_ROWS = 5_000_000
MAX_CELL = 500
"""Characters of a cell that are kept; the rest is cut off."""
CHUNK_ROWS = 5_000

_SAMPLE_ROWS = 1_000
_SHOWN_EXAMPLES = 3
_KNOWN_BINARIES = (
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x89PNG", "a PNG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"{\\rtf", "an RTF document"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"RIFF", "a sound file"),
    (b"ID3", "a sound file"),
    (b"OggS", "a sound file"),
    (b"fLaC", "a sound file"),
    (b"SQLite format 3", "a database"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"\xd0\xcf\x11\xe0", "an old or locked Excel file; save it without a password as XLSX or CSV"),
)


class Row(NamedTuple):
    """One number of a list.

    ``reason`` is None for a number to call. A duplicate keeps its ``number``, and
    ``first_line`` says where it stood first. ``cells`` are those of the other columns,
    in the order of the reader's ``variable_columns`` so far.
    """

    line: int
    raw: str
    number: NormalNumber | None
    reason: Reason | None
    cells: list[str]
    first_line: int | None = None


class ListReader:
    """A list that has been opened. Iterate once: each step is a list of up to ``CHUNK_ROWS`` rows.

    Iterating raises BadInput for a line that cannot be read, and at the end if
    there was no valid number at all; what was read before may then be discarded.
    ``counts`` holds rows read by reason (None: to be called) as far as it has got.
    """

    def __init__(
        self,
        table: TextTable | XlsxTable,
        filename: str,
        *,
        default_area: str | None,
        number_column: str | None,
        allow_abroad: bool,
        allow_premium: bool,
        allow_short: bool,
        max_rows: int,
    ) -> None:
        self.filename = filename
        self.encoding = table.encoding
        self.delimiter = table.delimiter
        self.counts: Counter[Reason | None] = Counter()
        self._read_number: Callable[[str], NormalNumber | Reason] = normalise
        if default_area or allow_abroad or allow_premium or allow_short:
            self._read_number = partial(
                normalise,
                default_area=default_area,
                allow_abroad=allow_abroad,
                allow_premium=allow_premium,
                allow_short=allow_short,
            )
        self._max_rows = max_rows
        self._resources = ExitStack()
        self._examples: list[str] = []

        rows = self._filled_rows(table.rows())
        sample = list(islice(rows, _SAMPLE_ROWS))
        if not sample:
            raise BadInput(f"{filename} is empty.")
        self.has_header = is_header(sample[0][1])
        header = sample.pop(0) if self.has_header else None
        if not sample:
            raise BadInput(f"{filename} has a header in line {header[0] if header else 1} and no rows.")
        cells = [row for _, row in sample]
        width = max(map(len, cells if header is None else [header[1], *cells]))
        self.columns = column_names(header[1] if header else None, width)
        if number_column is not None:
            index: int | None = named_column(number_column, self.columns)
        else:
            index = find_number_column(self.columns, self.has_header, cells, default_area)
        if index is None:
            raise BadInput(self._no_column(sample))
        self._index = index
        self.number_column = self.columns[index]
        self.is_numbers_only = (
            header is None and number_column is None and width > 1 and _is_numbers_only(cells)
        )
        self._rows: Iterator[tuple[int, list[str]]] = chain(sample, rows)
        if self.is_numbers_only:
            self.columns, self._index = [self.number_column], 0
            self._rows = ((line, [cell]) for line, row in self._rows for cell in row if cell)
        self.variable_columns = self.columns[: self._index] + self.columns[self._index + 1 :]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def adopt(self, resources: ExitStack) -> None:
        """Take over what is to be closed with the reader."""
        self._resources = resources

    def close(self) -> None:
        """Close what ``open_list`` opened; a stream that was given stays open."""
        self._resources.close()

    def __iter__(self) -> Iterator[list[Row]]:
        seen = SeenNumbers()
        for chunk, at, numbers in self._chunks():
            self._mark_duplicates(chunk, at, numbers, seen)
            self.counts.update([row.reason for row in chunk])
            if not self.counts[None]:
                self._collect_examples(chunk)
            yield chunk
        if not self.counts[None]:
            raise BadInput(
                f"No number in column «{self.number_column}» of {self.filename} can be called: "
                + "; ".join(self._examples)
                + "."
            )

    def numbers(self) -> Iterator[npt.NDArray[np.int64]]:
        """The numbers to be called alone, in chunks; in place of iterating, for asking about a whole list.

        What stands beside them is not kept and a number that stands twice comes twice: half the work.
        Raises BadInput for a line that cannot be read.
        """
        index, read = self._index, self._read_number
        while rows := list(islice(self._rows, CHUNK_ROWS)):
            texts = [cells[index] for _, cells in rows if index < len(cells)]
            usual, others = usual_numbers(texts)
            found = [read(text) for text in others]
            unusual = [int(one.e164) for one in found if type(one) is NormalNumber]
            yield np.array(usual + unusual, np.int64)

    def _filled_rows(self, rows: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
        """Yield rows with any content, cells stripped and bounded in number and length."""
        left = self._max_rows + 1
        for line, cells in rows:
            cells = list(map(str.strip, cells))
            content = "".join(cells)
            if not content:
                continue
            if len(cells) > MAX_COLUMNS:
                if any(cells[MAX_COLUMNS:]):
                    raise BadInput(
                        f"Line {line} of {self.filename} has {len(cells):,} columns; "
                        f"a list may have {MAX_COLUMNS}."
                    )
                del cells[MAX_COLUMNS:]
            if len(content) > MAX_CELL:
                cells = [cell[:MAX_CELL] for cell in cells]
            left -= 1
            if left < 0:
                raise BadInput(
                    f"{self.filename} has more than {self._max_rows:,} rows (line {line}); split it."
                )
            yield line, cells

    def _chunks(self) -> Iterator[tuple[list[Row], list[int], list[int]]]:
        """Yield rows with their numbers judged, at which places there are numbers, and these as integers.

        One loop without layers: a million rows pass here.
        """
        index, read = self._index, self._read_number
        width = len(self.columns)
        new = tuple.__new__  # spares the NamedTuple's own constructor
        rows: list[Row] = []
        at: list[int] = []
        numbers: list[int] = []
        for line, cells in self._rows:
            if len(cells) != width:
                if len(cells) > width:
                    width = len(cells)
                    self._widen(width)
                cells += [""] * (width - len(cells))
            raw = cells.pop(index)
            found = read(raw)
            if type(found) is NormalNumber:
                at.append(len(rows))
                numbers.append(int(found.e164))
                rows.append(new(Row, (line, raw, found, None, cells, None)))
            else:
                rows.append(new(Row, (line, raw, None, found, cells, None)))
            if len(rows) == CHUNK_ROWS:
                yield rows, at, numbers
                rows, at, numbers = [], [], []
        if rows:
            yield rows, at, numbers

    def _mark_duplicates(
        self, chunk: list[Row], at: list[int], numbers: list[int], seen: SeenNumbers
    ) -> None:
        lines = [chunk[position].line for position in at]
        for index, first_line in seen.duplicates(numbers, lines).items():
            row = chunk[at[index]]
            chunk[at[index]] = row._replace(reason=Reason.DUPLICATE, first_line=first_line)

    def _widen(self, width: int) -> None:
        """Name the columns of a row that is longer than all before it."""
        self.columns = column_names(self.columns, width)
        self.variable_columns = self.columns[: self._index] + self.columns[self._index + 1 :]

    def _collect_examples(self, chunk: list[Row]) -> None:
        for row in chunk[: _SHOWN_EXAMPLES - len(self._examples)]:
            why = row.reason.sentence() if row.reason else ""
            self._examples.append(f"line {row.line} has «{row.raw[:40]}» ({why.rstrip('.')})")

    def _no_column(self, sample: list[tuple[int, list[str]]]) -> str:
        line, cells = sample[0]
        shown = ", ".join(
            f"column {position} «{cell[:30]}»" for position, cell in enumerate(cells[:5], 1) if cell
        )
        return (
            f"No column of {self.filename} holds telephone numbers: line {line} has {shown}; "
            "name the column «number», or say which one it is."
        )


def _is_numbers_only(sample: list[list[str]]) -> bool:
    """Say whether nearly every cell is a number: then the delimiter stands between recipients."""
    cells = [cell for row in sample for cell in row if cell]
    numbers = sum(isinstance(normalise(cell), NormalNumber) for cell in cells)
    return len(cells) > len(sample) and numbers >= 0.9 * len(cells)


def open_list(
    source: str | Path | BinaryIO,
    *,
    filename: str | None = None,
    default_area: str | None = None,
    number_column: str | None = None,
    allow_abroad: bool = False,
    allow_premium: bool = False,
    allow_short: bool = False,
    max_bytes: int = MAX_BYTES,
    max_rows: int = MAX_ROWS,
) -> ListReader:
    """Open a list; raise BadInput with one sentence if it is none.

    ``source`` is a path or a binary stream (an upload); ``filename`` is what people
    call it. ``number_column`` is a name or a position from 1; without it the column
    is found. Close the reader, or use it in a ``with`` statement.
    """
    called = filename or (str(source) if isinstance(source, (str, Path)) else "")
    name = shown_name(called, "the list")
    area = check_area(default_area) if default_area else None
    with ExitStack() as resources:
        file = _open(source, name, resources)
        size = file.seek(0, 2)
        if size == 0:
            raise BadInput(f"{name} is empty.")
        if size > max_bytes:
            raise BadInput(f"{name} has {size:,} bytes; a list may have {max_bytes:,}.")
        file.seek(0)
        table = _table(file, name)
        resources.callback(table.detach)
        reader = ListReader(
            table,
            name,
            default_area=area,
            number_column=number_column,
            allow_abroad=allow_abroad,
            allow_premium=allow_premium,
            allow_short=allow_short,
            max_rows=max_rows,
        )
        reader.adopt(resources.pop_all())
        return reader


def _open(source: str | Path | BinaryIO, name: str, resources: ExitStack) -> BinaryIO:
    if isinstance(source, (str, Path)):
        try:
            return resources.enter_context(Path(source).open("rb"))
        except OSError as error:
            raise BadInput(f"{source} cannot be opened: {error.strerror}.") from None
    if source.seekable():
        return source
    spool = resources.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 (it is one)
    shutil.copyfileobj(source, spool)
    return spool


def _table(file: BinaryIO, name: str) -> TextTable | XlsxTable:
    start = file.read(16)
    for magic, what in _KNOWN_BINARIES:
        if start.startswith(magic):
            raise BadInput(f"{name} is {what}, not a list of numbers.")
    if start.startswith(b"PK\x03\x04"):
        return XlsxTable(file, name)
    return TextTable(file, name)
