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
from engine.services.numbering.numbers import NormalNumber, normalise

MAX_LINE = 1_000_000
"""Bytes of one line; a longer one is no list (a picture, a database dump, an attack)."""
MAX_RECORD_LINES = 50
"""Lines that one quoted record may span; more means that a quotation mark was never closed."""

_BLOCK = 1 << 20
_SAMPLE_LINES = 60
_DELIMITERS = ",;\t"
_OTHER_ENCODINGS = ["cp1256", "cp1252", "cp1251", "cp1253", "cp1254", "cp1255", "iso8859_6"]
_SEP_LINE = re.compile(r'"?sep=([,;\t])"?\s*', re.IGNORECASE)


def detect_encoding(file: BinaryIO, filename: str, *, max_line: int = MAX_LINE) -> str:
    """Return the Python name of the encoding of ``file``, having read the whole of it.

    The whole, because the first Persian name may stand in line 900,000; and so
    that whoever reads the file afterwards meets neither a line over ``max_line``
    bytes nor a byte that cannot be decoded. Raises BadInput for such a line, for
    binary content, and for encodings not read here.
    """
    file.seek(0)
    start = file.read(2)
    file.seek(0)
    is_utf16 = start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    decoder = codecs.getincrementaldecoder("utf-16" if is_utf16 else "utf-8")()
    is_decoded, end, line, unended = True, b"", 1, 0
    strange: list[bytes] = []
    while block := file.read(_BLOCK):
        if is_decoded:
            try:
                text = decoder.decode(block)
            except UnicodeError:
                if is_utf16:
                    raise BadInput(f"{filename} is damaged near line {line}: it is not UTF-16.") from None
                is_decoded = False
        if is_utf16:
            block = text.encode("utf-8", "replace")  # in which a line break is one byte, and only that
        if b"\0" in block:
            line += block[: block.index(b"\0")].count(b"\n")
            raise BadInput(f"Line {line} of {filename} holds a NUL byte, so this is not a text file.")
        end = end or (b"\n" if b"\n" in block else b"\r")
        parts = block.split(end)
        lengths = [unended + len(parts[0]), *map(len, parts[1:])]
        if max(lengths) > max_line:
            line += next(index for index, length in enumerate(lengths) if length > max_line)
            raise BadInput(
                f"Line {line} of {filename} is longer than {max_line:,} bytes: a list has one number a line."
            )
        unended = lengths[-1]
        if not is_decoded and sum(map(len, strange)) < 65_536:
            strange.extend(part for part in parts if not part.isascii())
        line += len(parts) - 1
    if not is_decoded:
        return _eight_bit_encoding(b"\n".join(strange)[:65_536], file, filename)
    try:
        decoder.decode(b"", final=True)
    except UnicodeError:
        raise BadInput(f"{filename} breaks off in the middle of a letter at its end (line {line}).") from None
    return "utf-16" if is_utf16 else "utf-8-sig"


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
        self.encoding = detect_encoding(file, filename, max_line=max_line)
        file.seek(0)
        self._text = io.TextIOWrapper(file, encoding=self.encoding, newline="")
        head = list(islice(self._text, _SAMPLE_LINES))
        self._skipped = 0
        if head and (separator := _SEP_LINE.fullmatch(head[0])):
            self.delimiter = separator[1]
            del head[0]
            self._skipped = 1
        else:
            self.delimiter = detect_delimiter(head, filename)
        self._head = head

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the number of the line where a record starts (from 1) and its cells."""
        reader = csv.reader(chain(self._head, self._text), delimiter=self.delimiter)
        start = following = 1 + self._skipped
        to_following = following
        try:
            for cells in reader:
                start, following = following, reader.line_num + to_following
                if following - start > MAX_RECORD_LINES:
                    raise BadInput(self._unclosed(start))
                yield start, cells
        except csv.Error as error:
            if "field larger" in str(error):
                raise BadInput(self._unclosed(following)) from None
            raise BadInput(
                f"Line {following} of {self.filename} cannot be read as a list: {error}."
            ) from None

    def detach(self) -> None:
        """Let go of the file without closing it: it belongs to whoever opened it."""
        self._text.detach()

    def _unclosed(self, line: int) -> str:
        return (
            f"In line {line} of {self.filename} a quotation mark opens a cell that does not end "
            f"within {MAX_RECORD_LINES} lines."
        )


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
