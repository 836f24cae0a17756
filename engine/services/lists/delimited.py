"""The encoding and the rows of a CSV, TSV or TXT file.

Customers' lists come from spreadsheets, accounting programs and text editors: UTF-8 and UTF-16 with or without BOM
(«Unicode text» of Excel), Windows-1256, any usual delimiter (`delimiters`), unbalanced quotation marks (`quotes`).
All of this is detected, and no file takes more memory than its longest line.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from itertools import chain, islice
from typing import BinaryIO, NamedTuple

from charset_normalizer import from_bytes

from engine.errors import BadInput
from engine.sentences import Amount, Sentence
from engine.services.lists.delimiters import DELIMITERS, detect_delimiter, unwrapped, usual_width
from engine.services.lists.quotes import MendedQuotes
from engine.services.lists.spoiled import Mender
from engine.services.lists.table import Table

MAX_LINE = 1_000_000
"""Bytes of one line; a longer one is no list (a picture, a database dump, an attack)."""

_BLOCK = 1 << 20
_SAMPLE_LINES = 60
_OTHER_ENCODINGS = ["cp1256", "cp1252", "cp1251", "cp1253", "cp1254", "cp1255", "iso8859_6"]
_BESIDE_PERSIAN = "\u200c\u200d\u200e\u200f\u00a0«»،؛؟"
_HIGH_BYTES = (0, 6, 0x20, 0xFB, 0xFE, 0xFF)  # in UTF-16, of the characters that lists contain
_OTHER_BREAKS = re.compile(r"[\x85\u2028\u2029]")
"""What parts the lines of a text that has no other line breaks."""
_SEP_LINE = re.compile(rf'"?sep=([{re.escape(DELIMITERS)}])"?\s*', re.IGNORECASE)


class Scan(NamedTuple):
    """What one pass over a text file has found."""

    encoding: str
    has_quotes: bool


def scan(file: BinaryIO, filename: str, *, max_line: int = MAX_LINE) -> Scan:
    """Read the whole ``file`` and return the Python name of its encoding.

    The whole file is read because the first Persian name may be in line 900,000, and so that a later reader finds
    no line over ``max_line`` bytes and no byte that cannot be decoded.  Raises BadInput for such a line, for binary
    content, and for unknown encodings.
    """
    file.seek(0)
    utf16 = _utf16(file.read(4096), filename)
    is_utf16 = bool(utf16)
    file.seek(0)
    decoder = codecs.getincrementaldecoder(utf16 or "utf-8")()
    is_decoded, has_quotes, end, line, unended = True, False, b"", 1, 0
    strange: list[bytes] = []
    while block := file.read(_BLOCK):
        if is_decoded:
            try:
                text = decoder.decode(block)
            except UnicodeError:
                if is_utf16:
                    raise BadInput(
                        "%(file)s is damaged near line %(line)s: it is not UTF-16.", file=filename, line=line
                    ) from None
                is_decoded = False
        if is_utf16:
            block = text.encode("utf-8", "replace")  # here a line break is exactly one byte
        if b"\0" in block:
            line += block[: block.index(b"\0")].count(b"\n")
            raise BadInput(
                "Line %(line)s of %(file)s holds a NUL byte, so this is not a text file.",
                line=line,
                file=filename,
            )
        has_quotes = has_quotes or b'"' in block
        end = end or (b"\n" if b"\n" in block else b"\r")
        parts = block.split(end)
        lengths = [unended + len(parts[0]), *map(len, parts[1:])]
        if max(lengths) > max_line:
            line += next(index for index, length in enumerate(lengths) if length > max_line)
            raise BadInput(
                "Line %(line)s of %(file)s is longer than %(most)s bytes: a list has one number a line.",
                line=line,
                file=filename,
                most=Amount(max_line),
            )
        unended = lengths[-1]
        if not is_decoded and sum(map(len, strange)) < 65_536:
            strange.extend(part for part in parts if not part.isascii())
        line += len(parts) - 1
    if not is_decoded:
        return Scan(_eight_bit_encoding(b"\n".join(strange)[:65_536], file, filename), has_quotes)
    try:
        decoder.decode(b"", final=True)
    except UnicodeError:
        raise BadInput(
            "%(file)s ends in the middle of a letter (line %(line)s).",
            file=filename,
            line=line,
        ) from None
    return Scan(utf16 or "utf-8-sig", has_quotes)


def _utf16(start: bytes, filename: str) -> str:
    """The kind of UTF-16 that a file is written in; empty for another encoding.

    Without a BOM it is recognised by every second byte: 0 for ASCII, 6 for Persian letters, FB, FE and FF for
    other forms of both.
    """
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise BadInput("%(file)s is written in UTF-32; save it as UTF-8.", file=filename)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    pairs = len(start) // 2
    if b"\0" in start and pairs >= 4:
        for name, first in (("utf-16-le", 1), ("utf-16-be", 0)):
            high = start[first : 2 * pairs : 2]
            if (
                sum(byte in _HIGH_BYTES for byte in high) >= 0.95 * pairs
                and start[1 - first : 2 * pairs : 2].count(0) < 0.05 * pairs
            ):
                return name
    return ""


def _eight_bit_encoding(sample: bytes, file: BinaryIO, filename: str) -> str:
    """Distinguish Windows-1256 from damaged UTF-8 and from the encodings of other languages."""
    attempt = sample.decode("utf-8", "replace")
    bad = attempt.count("\ufffd")
    good = sum(char > "\x7f" for char in attempt) - bad
    if good > 4 * bad:
        raise BadInput(
            "Line %(line)s of %(file)s is damaged: the file is UTF-8, that line is not.",
            line=_first_bad_line(file),
            file=filename,
        )
    letters = [char for char in sample.decode("cp1256") if char > "\x7f"]
    persian = sum("\u0621" <= char <= "\u06d2" or char in _BESIDE_PERSIAN for char in letters)
    if persian >= 0.95 * len(letters):
        return "cp1256"
    best = from_bytes(sample, cp_isolation=_OTHER_ENCODINGS).best()
    if best is not None and best.encoding == "cp1256":
        return "cp1256"
    if best is None:
        raise BadInput(
            "Line %(line)s of %(file)s is neither UTF-8 nor Windows-1256; save the list as UTF-8.",
            line=_first_bad_line(file), file=filename,
        )  # fmt: skip
    raise BadInput(
        "Line %(line)s of %(file)s is neither UTF-8 nor Windows-1256 (it looks like %(guess)s); save the list as UTF-8.",
        line=_first_bad_line(file), file=filename, guess=best.encoding,
    )  # fmt: skip


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


class TextTable(Table):
    """The rows of a text file. ``rows()`` may be called once."""

    form = "text"

    def __init__(self, file: BinaryIO, filename: str, *, max_line: int = MAX_LINE) -> None:
        super().__init__(filename)
        self.encoding, has_quotes = scan(file, filename, max_line=max_line)
        file.seek(0)
        self._text = io.TextIOWrapper(file, encoding=self.encoding, newline="")
        self._mender = Mender()
        text = map(self._mender.mend, self._text)
        head = list(islice(text, _SAMPLE_LINES))
        if len(head) == 1 and len(lines := _OTHER_BREAKS.split(head[0])) > 1:
            head = [line + "\n" for line in lines]
        if head and (separator := _SEP_LINE.fullmatch(head[0])):
            del head[0]
            found, is_wrapped = separator[1], False
            if usual_width(head, found) == 1:  # what the first line says may be wrong
                found, is_wrapped = detect_delimiter(head, filename)
            self.passed_over = 1
        else:
            found, is_wrapped = detect_delimiter(head, filename)
        self.delimiter: str = found
        self._lines: Iterator[str] = chain(head, text)
        self._quotes: MendedQuotes | None = None
        if is_wrapped:
            self._lines = unwrapped(self._lines)
        elif has_quotes:
            self._quotes = MendedQuotes(self._lines, found, usual_width(head, found))
            self._lines = iter(self._quotes)

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the number of the line where a record starts (from 1) and its cells."""
        reader = csv.reader(self._lines, delimiter=self.delimiter)
        following = to_following = 1 + self.passed_over
        try:
            for cells in reader:
                start, following = following, reader.line_num + to_following
                yield start, cells
        except csv.Error as error:
            if "field larger" in str(error):
                raise BadInput(
                    "Line %(line)s of %(file)s has a cell of more than %(most)s characters.",
                    line=following, file=self.filename, most=Amount(csv.field_size_limit()),
                ) from None  # fmt: skip
            raise BadInput(
                "Line %(line)s of %(file)s cannot be read as a list: %(why)s.",
                line=following, file=self.filename, why=str(error),
            ) from None  # fmt: skip

    def notes(self) -> list[Sentence]:
        """The remarks about spoiled lines and unbalanced quotation marks."""
        found = self._mender.notes()
        if self._quotes is None or not self._quotes.bad:
            return found
        return [
            *found,
            Sentence(
                "A quotation mark is not closed in line %(lines)s; the text there was read without quotation marks.",
                lines=[line + self.passed_over for line in self._quotes.bad],
            ),
        ]

    def detach(self) -> None:
        self._text.detach()
