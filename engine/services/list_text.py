"""Rows of a CSV, TSV or TXT file: its encoding, its delimiter, its lines.

Customers' lists come from spreadsheets, accounting programs and text editors:
UTF-8 with and without BOM, Windows-1256, UTF-16 («Unicode text» of Excel),
comma, semicolon or tab. All are found here, and nothing in a file, however
made, takes more memory than one line of it.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from itertools import chain, islice
from typing import BinaryIO

from charset_normalizer import from_bytes

from engine.errors import BadInput
from engine.services.numbers import NormalNumber, normalise

MAX_LINE = 1_000_000
"""Characters of one line; a longer one is no list (a picture, a database dump, an attack)."""
MAX_RECORD_LINES = 50
"""Lines that one quoted record may span; more means that a quotation mark was never closed."""

_BLOCK = 1 << 20
_SAMPLE_LINES = 60
_DELIMITERS = ",;\t"
_OTHER_ENCODINGS = ["cp1256", "cp1252", "cp1251", "cp1253", "cp1254", "cp1255", "iso8859_6"]
_SEP_LINE = re.compile(r'"?sep=([,;\t])"?\s*', re.IGNORECASE)


def detect_encoding(file: BinaryIO, filename: str) -> str:
    """Return the Python name of the encoding of ``file``, having read the whole of it.

    The whole, because the first Persian name may stand in line 900,000.
    Raises BadInput for binary content, damaged text and encodings not read here.
    """
    file.seek(0)
    start = file.read(4)
    file.seek(0)
    if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    decoder = codecs.getincrementaldecoder("utf-8")()
    line = 1
    is_utf8 = True
    strange: list[bytes] = []
    while block := file.read(_BLOCK):
        if b"\0" in block:
            line += block[: block.index(b"\0")].count(b"\n")
            raise BadInput(f"Line {line} of {filename} holds a NUL byte, so this is not a text file.")
        if is_utf8:
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                is_utf8 = False
        if not is_utf8 and sum(map(len, strange)) < 65_536:
            strange.extend(part for part in block.split(b"\n") if not part.isascii())
        line += block.count(b"\n")
    if is_utf8:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            raise BadInput(
                f"{filename} breaks off in the middle of a letter at its end (line {line})."
            ) from None
        return "utf-8-sig"
    return _eight_bit_encoding(b"\n".join(strange)[:65_536], file, filename)


def _eight_bit_encoding(sample: bytes, file: BinaryIO, filename: str) -> str:
    """Tell Windows-1256 from damaged UTF-8 and from the encodings of other languages."""
    attempt = sample.decode("utf-8", "replace")
    bad = attempt.count("\ufffd")
    good = sum(char > "\x7f" for char in attempt) - bad
    if good > 4 * bad:
        raise BadInput(
            f"Line {_first_bad_line(file)} of {filename} is damaged: the file is UTF-8, that line is not."
        )
    letters = [char for char in sample.decode("cp1256") if char > "\x7f"]
    persian = sum("\u0621" <= char <= "\u06d2" or char in "\u200c\u00a0«»،؛؟" for char in letters)
    if persian >= 0.95 * len(letters):
        return "cp1256"
    best = from_bytes(sample, cp_isolation=_OTHER_ENCODINGS).best()
    if best is not None and best.encoding == "cp1256":
        return "cp1256"
    guess = f" (it looks like {best.encoding})" if best is not None else ""
    raise BadInput(
        f"Line {_first_bad_line(file)} of {filename} is neither UTF-8 nor Windows-1256{guess}; "
        "save the list as UTF-8."
    )


def _first_bad_line(file: BinaryIO) -> int:
    """Return the number of the first line that is not UTF-8; reads no more than a block at a time."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    line = 1
    while block := file.read(_BLOCK):
        pending, _ = decoder.getstate()
        try:
            decoder.decode(block)
        except UnicodeDecodeError as error:
            return line + (pending + block)[: error.start].count(b"\n")
        line += block.count(b"\n")
    return line


class TextTable:
    """The rows of a text file. ``rows()`` may be called once."""

    def __init__(self, file: BinaryIO, filename: str, *, max_line: int = MAX_LINE) -> None:
        self.filename = filename
        self.max_line = max_line
        self.encoding = detect_encoding(file, filename)
        file.seek(0)
        self._text = io.TextIOWrapper(file, encoding=self.encoding, newline="")
        try:
            head = list(islice(self._lines(1), _SAMPLE_LINES))
        except BadInput:
            self.detach()
            raise
        self._first_line = 1
        if head and (separator := _SEP_LINE.fullmatch(head[0])):
            self.delimiter = separator[1]
            del head[0]
            self._first_line = 2
        else:
            self.delimiter = detect_delimiter(head, filename)
        self._head = head

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the number of the line where a record starts (from 1) and its cells."""
        before = self._first_line
        lines = chain(self._head, self._lines(before + len(self._head)))
        reader = csv.reader(lines, delimiter=self.delimiter)
        offset = before - 1
        start = before
        try:
            for cells in reader:
                yield start, cells
                following = reader.line_num + offset + 1
                if following - start > MAX_RECORD_LINES:
                    raise BadInput(self._unclosed(start))
                start = following
        except csv.Error as error:
            if "field larger" in str(error):
                raise BadInput(self._unclosed(start)) from None
            raise BadInput(f"Line {start} of {self.filename} cannot be read as a list: {error}.") from None

    def detach(self) -> None:
        """Let go of the file without closing it: it belongs to whoever opened it."""
        self._text.detach()

    def _unclosed(self, line: int) -> str:
        return (
            f"In line {line} of {self.filename} a quotation mark opens a cell that does not end "
            f"within {MAX_RECORD_LINES} lines."
        )

    def _lines(self, number: int) -> Iterator[str]:
        readline, limit = self._text.readline, self.max_line
        while True:
            try:
                line = readline(limit + 1)
            except UnicodeError:
                raise BadInput(
                    f"Line {number} of {self.filename} is damaged: it is not {self.encoding}."
                ) from None
            if not line:
                return
            if len(line) > limit:
                raise BadInput(
                    f"Line {number} of {self.filename} is longer than {limit:,} characters: "
                    "a list has one number a line."
                )
            yield line
            number += 1


def detect_delimiter(lines: list[str], filename: str) -> str:
    """Return comma, semicolon or tab, whichever makes the best table of ``lines``.

    Best is: most rows with a whole number in some cell, most rows with several
    cells, most rows of equal width, most columns. A file of one column gets
    the delimiter that its name suggests.
    """
    preferred = "\t" if filename.lower().endswith((".tsv", ".tab")) else ","
    best, best_score = preferred, (0.0, 0.0, 0.0, 0)
    for delimiter in sorted(_DELIMITERS, key=lambda one: one != preferred):
        try:
            rows = [row for row in csv.reader(lines, delimiter=delimiter) if any(row)]
        except csv.Error:
            continue
        if not rows:
            continue
        widths = [len(row) for row in rows]
        usual = max(set(widths), key=widths.count)
        with_number = sum(any(isinstance(normalise(cell), NormalNumber) for cell in row[:64]) for row in rows)
        score = (
            with_number / len(rows),
            sum(width > 1 for width in widths) / len(rows),
            widths.count(usual) / len(rows),
            usual,
        )
        if score > best_score:
            best, best_score = delimiter, score
    return best
