"""The cells of one sheet of an XLSX workbook as a person sees them, row by row in little memory.

Only cells that exist are read, not a rectangle: a cell in the last corner costs no more than another.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from engine.errors import BadInput
from engine.services.lists.number_masks import MAX_FORMAT, is_mask, masked
from engine.services.lists.opc import Package, fed, local, parser_of

MAX_STRINGS = 10_000_000
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
_MAX_TEXT = 40_000  # characters of a cell; a spreadsheet takes 32,767
_MAX_FORMULA = 50  # pieces of it
_LAST_DAY = 2_958_465  # 9999-12-31, the last date of a spreadsheet
_ELAPSED, _DATE, _TIME = "elapsed", "date", "time"
_MASK = "="  # and the format of numbers that shows more than the value has
_NOT_SEEN = 0.5  # characters of a column's width, points of a row's height
_BUILT_IN = {
    **dict.fromkeys((*range(14, 18), 22, *range(27, 37), *range(50, 59)), _DATE),
    **dict.fromkeys((18, 19, 20, 21, 45, 47), _TIME),
    46: _ELAPSED,
}
_QUOTED = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]', re.IGNORECASE)
_IS_ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


class Styles(NamedTuple):
    """The cell styles that show a date or a time, and the day from which days are counted."""

    shown_as: dict[str, str]  # index of a style, as written -> date, time, elapsed, or a mask
    crossed: frozenset[str] = frozenset()  # styles that draw a line through the cell
    is_1904: bool = False


class SheetRow(NamedTuple):
    """A row of a sheet: its number from 1, its cells as text, whether it is hidden, and which cells are crossed out."""

    number: int
    cells: list[str]
    is_hidden: bool
    crossed: Sequence[int] = ()


def read_styles(package: Package, name: str) -> Styles:
    """The styles that show dates and times, and those that cross out, by their index."""
    formats: dict[str, str] = {}
    shown: dict[str, str] = {}
    crossed: set[str] = set()
    crossed_fonts: set[str] = set()
    places, fonts, within = 0, 0, ""

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal places, fonts, within
        what = local(tag)
        if what == "numFmt":
            formats[attributes.get("numFmtId", "")] = _shown_as(attributes.get("formatCode", "")[:MAX_FORMAT])
        elif what in ("fonts", "cellXfs", "cellStyles", "dxfs", "cellStyleXfs"):
            within = what
        elif what == "font" and within == "fonts":
            fonts += 1
        elif what == "strike" and within == "fonts" and attributes.get("val", "1") in ("1", "true"):
            crossed_fonts.add(str(fonts - 1))
        elif what == "xf" and within == "cellXfs":
            number = attributes.get("numFmtId", "0")
            kind = formats[number] if number in formats else _BUILT_IN.get(int(number), "")
            if kind:
                shown[str(places)] = kind
            if attributes.get("fontId", "0") in crossed_fonts:
                crossed.add(str(places))
            places += 1

    package.parse(name, start)
    return Styles(shown, frozenset(crossed))


def _shown_as(code: str) -> str:
    if is_mask(code):
        return _MASK + code
    first = _QUOTED.sub("", code.split(";")[0]).lower()
    if _IS_ELAPSED.search(first):
        return _ELAPSED
    if "general" in first or not re.search(r"[ymdhs]", first):
        return ""
    return _DATE if re.search(r"[yd]", first) or not re.search(r"[hs]", first) else _TIME


def read_strings(package: Package, name: str) -> list[str]:
    """The shared strings of the workbook."""
    strings: list[str] = []
    parts: list[str] = []
    size = 0
    is_text = is_sound = False

    def start(tag: str, _: dict[str, str]) -> None:
        nonlocal is_text, is_sound, size
        what = local(tag)
        if what == "t":
            is_text = not is_sound
        elif what == "rPh":
            is_sound = True
        elif what == "si":
            parts.clear()
            size = 0

    def end(tag: str) -> None:
        nonlocal is_text, is_sound
        what = local(tag)
        if what == "t":
            is_text = False
        elif what == "rPh":
            is_sound = False
        elif what == "si":
            strings.append(_unescaped("".join(parts)))
            if len(strings) > MAX_STRINGS:
                raise BadInput(
                    "%(file)s has too many texts for a list; save it as CSV.", file=package.filename
                )

    def text(data: str) -> None:
        nonlocal size
        if is_text and size < _MAX_TEXT:
            parts.append(data)
            size += len(data)

    parser = parser_of(package.filename, name)
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    with package.open(name) as stream:
        for _ in fed(parser, stream, package.filename, name):
            pass
    return strings


class SheetReader:
    """One sheet; `rows` may be called again.  `hidden_columns` (from 0) is set when the first row comes."""

    def __init__(self, package: Package, name: str, strings: Sequence[str], styles: Styles) -> None:
        self.hidden_columns: set[int] = set()
        self._package = package
        self._name = name
        self._strings = strings
        self._styles = styles
        self._columns: dict[str, int] = {}  # letters of a column -> its index, as met so far

    def rows(self) -> Iterator[SheetRow]:
        """Yield the rows that are stored in the sheet; rows between them are blank."""
        made: list[SheetRow] = []
        parser = parser_of(self._package.filename, self._name)
        parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = self._handlers(
            made
        )
        with self._package.reading(), self._package.open(self._name) as stream:
            for _ in fed(parser, stream, self._package.filename, self._name):
                yield from made
                made.clear()

    def _handlers(self, made: list[SheetRow]):  # type: ignore[no-untyped-def]
        """The parser's handlers, as closures over a row's state: with a million rows attributes would be too slow."""
        strings, shown_as, columns = self._strings, self._styles.shown_as, self._columns
        crossed_styles, crossed = self._styles.crossed, list[int]()
        number, cells, is_hidden = 0, list[str](), False
        at, kind, style, depth = -1, "", "", 0
        value = list[str]()
        formula = list[str]()  # that has no result so far
        size, is_value, is_formula, prefix, hides_rows = 0, False, False, "", False

        def start(tag: str, attributes: dict[str, str]) -> None:
            nonlocal number, cells, is_hidden, at, kind, style, size, is_value, prefix, hides_rows, depth
            nonlocal is_formula, crossed
            if prefix and tag.startswith(prefix):
                tag = tag[len(prefix) :]
            if tag == "c":
                place = attributes.get("r")
                if place is None:
                    at += 1
                else:
                    letters = place.rstrip("0123456789")
                    known = columns.get(letters)
                    at = self._column(letters) if known is None else known
                kind, style = attributes.get("t", "n"), attributes.get("s", "")
                value.clear()
                formula.clear()
                size = 0
            elif tag in ("v", "t"):
                is_value = depth == 0
            elif tag == "f":
                is_formula = True
                formula.append("=")
            elif tag == "row":
                written = attributes.get("r")
                number = int(written) if written else number + 1
                if not 0 < number <= LAST_ROW:
                    raise ValueError(f"row {number}")
                is_hidden = (
                    attributes.get("hidden") in ("1", "true")
                    or _is_nothing(attributes.get("ht"))
                    or (hides_rows and attributes.get("hidden") is None)
                )
                cells, at, crossed = [], -1, []
            elif tag == "rPh":
                depth += 1
            elif tag == "col":
                if attributes.get("hidden") in ("1", "true") or _is_nothing(attributes.get("width")):
                    first, last = int(attributes["min"]), int(attributes["max"])
                    self.hidden_columns.update(range(max(first, 1) - 1, min(last, 256)))
            elif tag == "sheetFormatPr":
                hides_rows = attributes.get("zeroHeight") in ("1", "true")
            elif tag.endswith(":worksheet"):
                prefix = tag[: -len("worksheet")]

        def end(tag: str) -> None:
            nonlocal is_value, is_formula, depth
            if prefix and tag.startswith(prefix):
                tag = tag[len(prefix) :]
            if tag in ("v", "t"):
                is_value = False
            elif tag == "f":
                is_formula = False
            elif tag == "c":
                if not value and (not formula or kind == "str"):
                    return
                text = "".join(value or formula)
                if not value:
                    pass
                elif kind == "s":
                    text = strings[int(text)]
                elif kind == "n":
                    text = self._number(text, shown_as.get(style, "") if style else "")
                elif kind == "b":
                    text = "TRUE" if text == "1" else "FALSE"
                elif "_x" in text:
                    text = _unescaped(text)
                if style in crossed_styles:
                    crossed.append(at)
                if len(cells) < at:
                    cells.extend([""] * (at - len(cells)))
                if len(cells) == at:
                    cells.append(text)
                else:
                    cells[at] = text
            elif tag == "row":
                made.append(SheetRow(number, cells, is_hidden, crossed))
            elif tag == "rPh":
                depth -= 1

        def text(data: str) -> None:
            nonlocal size
            if is_value and size < _MAX_TEXT:
                value.append(data)
                size += len(data)
            elif is_formula and len(formula) < _MAX_FORMULA:
                formula.append(data)

        return start, end, text

    def _column(self, letters: str) -> int:
        place = 0
        for letter in letters[:4].upper():
            place = place * 26 + ord(letter) - 64
        if not 0 < place <= LAST_COLUMN or not letters.isalpha():
            raise ValueError(f"column {letters[:10]}")
        self._columns[letters] = place - 1
        return place - 1

    def _number(self, written: str, shown_as: str) -> str:
        """A number as a person sees it: 9.123456789E9 is 9123456789, a day is a date."""
        if not shown_as and written.isdigit():
            return written
        if shown_as.startswith(_MASK):
            plain = self._number(written, "")
            return masked(int(plain), shown_as[1:]) if plain.isdigit() else plain
        try:
            number = float(written)
        except ValueError:
            return written
        if shown_as and 0 <= number <= _LAST_DAY:
            return _moment(number, shown_as, is_1904=self._styles.is_1904)
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


def _is_nothing(size: str | None) -> bool:
    """Whether a column's width or a row's height is so small that nobody sees it."""
    return size is not None and float(size) < _NOT_SEEN


def _moment(days: float, shown_as: str, *, is_1904: bool) -> str:
    """A day number as a date, the part of a day as a time."""
    seconds = round(days * 86_400)
    if shown_as == _ELAPSED or days < 1:
        hours, rest = divmod(seconds, 3_600)
        return f"{hours}:{rest // 60:02}:{rest % 60:02}"
    # Spreadsheets treat 1900 as a leap year.
    first = datetime.datetime(1904, 1, 1) if is_1904 else datetime.datetime(1899, 12, 31 if days < 60 else 30)
    at = first + datetime.timedelta(seconds=seconds)
    return at.date().isoformat() if seconds % 86_400 == 0 else at.isoformat(" ")


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text
