"""What a sheet shows otherwise than its values say, in workbooks whose reader does not tell: ODS, XLSB, XLS.

Rows and columns are hidden or filtered; a number format puts digits before a value; a cell is crossed out.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import islice
from typing import BinaryIO, NamedTuple
from xml.parsers import expat

from engine.errors import BadInput
from engine.fold import digits_in
from engine.services.lists.number_masks import MAX_FORMAT, is_mask
from engine.services.lists.opc import Package, local
from engine.services.lists.records import (
    BINARY,
    MOST_BYTES,
    OLD,
    Forms,
    binary_records,
    old_records,
    workbook_stream,
)

_MOST_ROWS, _MOST_COLUMNS = 1_048_576, 256
_MOST_REPEATED = 65_536  # rows of one repeated row of ODS that are marked one by one
_AS_NUMBER = re.compile(r"[\d\s()+/-]{1,40}")


class ShownCells(NamedTuple):
    """Numbers of rows (from 1) and places of columns (from 0) that are hidden, and by row and place how cells are shown."""

    rows: set[int]
    columns: set[int]
    masks: dict[int, dict[int, str]]  # number formats, of cells with a number
    texts: dict[int, dict[int, str]]  # what the file says that a cell with a number shows
    crossed: dict[int, set[int]]  # cells with a line through them

    @classmethod
    def nothing(cls) -> ShownCells:
        return cls(set(), set(), {}, {}, {})


class _Styles(NamedTuple):
    """Of the cell styles, by index: number formats with digits of their own, and those that cross out."""

    masks: dict[int, str]
    crossed: set[int]


def shown_cells(file: BinaryIO, name: str, form: str, place: int) -> ShownCells | None:
    """How the sheet at `place` (from 0, charts count) shows its cells; None: unknown."""
    with suppress(ValueError, LookupError, struct.error, OSError, expat.ExpatError, BadInput):
        if form == "xls":
            return _of_records(workbook_stream(file), place)
        file.seek(0)
        package = Package(file, name)
        return _of_open_document(package, place) if form == "ods" else _of_binary(package, place)
    return None


def _of_binary(package: Package, wanted: int) -> ShownCells | None:
    document = package.document()
    sheets = [content for kind, content in binary_records(package, document) if kind == 156]
    (length,) = struct.unpack_from("<I", sheets[wanted], 8)
    relation = sheets[wanted][12 : 12 + 2 * length].decode("utf-16-le")
    related = package.related(document)
    part = related[relation].target
    if package.size(part) > MOST_BYTES:
        return None
    styles = next((one.target for one in related.values() if one.kind == "/styles"), "")
    records = binary_records(package, styles) if styles in package else iter(())
    return _marked(binary_records(package, part), BINARY, _styles_of(records, BINARY))


def _of_records(data: bytes, wanted: int) -> ShownCells:
    """Read the records of Excel 5 to 2003: each row has a flag, columns come as ranges."""
    sheets = [content for kind, content in old_records(data, 0) if kind == 0x85]
    (begins,) = struct.unpack_from("<I", sheets[wanted])
    return _marked(old_records(data, begins), OLD, _styles_of(old_records(data, 0), OLD))


def _styles_of(records: Iterable[tuple[int, bytes]], forms: Forms) -> _Styles:
    formats: dict[int, str] = {}
    fonts: list[bool] = []  # whether each crosses out
    cells: list[tuple[int, int]] = []  # the format and the font of each style
    is_of_cells = forms.begins_cell_styles is None
    for kind, content in records:
        if kind == forms.format:
            number, code = forms.format_of(content)
            formats[number] = code[:MAX_FORMAT]
        elif kind == forms.font:
            fonts.append(bool(content[2] & 0x08))
        elif kind == forms.begins_cell_styles:
            is_of_cells = True
        elif kind == forms.ends_cell_styles:
            is_of_cells = False
        elif kind == forms.style and is_of_cells:
            one, other = struct.unpack_from("<HH", content, forms.style_at)
            cells.append((other, one) if forms.font_first else (one, other))
    masks = {at: formats[one] for at, (one, _) in enumerate(cells) if is_mask(formats.get(one, ""))}
    crossed = {at for at, (_, font) in enumerate(cells) if any(fonts[forms.font_place(font) :][:1])}
    return _Styles(masks, crossed)


def _marked(records: Iterable[tuple[int, bytes]], forms: Forms, styles: _Styles) -> ShownCells:
    found = ShownCells.nothing()
    (row_at, row_bit), (column_at, column_bit) = forms.row_flag, forms.column_flag
    has_looks = bool(styles.masks or styles.crossed)
    row = 0
    for kind, content in records:
        if kind == forms.row:
            (row,) = struct.unpack_from(forms.row_number, content)
            if content[row_at] & row_bit:
                found.rows.add(row + 1)
        elif kind == forms.columns:
            if content[column_at] & column_bit:
                first, last = struct.unpack_from(forms.column_range, content)
                found.columns.update(range(first, min(last + 1, _MOST_COLUMNS)))
        elif has_looks and kind in forms.cells:
            for line, place, style in forms.cells_of(kind, content, row):
                if style in styles.masks and forms.is_number(kind, content):
                    found.masks.setdefault(line + 1, {})[place] = styles.masks[style]
                if style in styles.crossed:
                    found.crossed.setdefault(line + 1, set()).add(place)
    return found


def _of_open_document(package: Package, wanted: int) -> ShownCells:
    reading = _OpenDocument(wanted)
    package.parse("content.xml", reading.start, reading.end, reading.text)
    return reading.found


class _OpenDocument:
    """The handlers that read content.xml, with their state: rows, columns and cells may be repeated."""

    def __init__(self, wanted: int) -> None:
        self.found = ShownCells.nothing()
        self._wanted = wanted
        self._table, self._depth = -1, 0
        self._rows, self._column = range(0), 0
        self._places = range(0)  # of the cell that is read
        self._written: str | None = None  # its number
        self._text: list[str] | None = None
        self._notes = 0  # depth within a comment, which is no part of the cell
        self._style = ""
        self._crossed: set[str] = set()
        self._tags: dict[str, Callable[[dict[str, str]], None]] = {
            "table:table-row": self._row,
            "table:table-column": self._columns,
            "table:table-cell": self._cell,
            "table:covered-table-cell": self._cell,
        }

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "style:style":
            self._style = attributes.get("style:name", "")
        elif tag == "style:text-properties":
            line = attributes.get("style:text-line-through-style") or attributes.get(
                "style:text-line-through-type", "none"
            )
            if line != "none":
                self._crossed.add(self._style)
        elif tag == "table:table":
            self._table += self._depth == 0
            self._depth += 1
        elif self._table == self._wanted and self._depth == 1:
            if local(tag) == "annotation":
                self._notes += 1
            elif tag in self._tags:
                self._tags[tag](attributes)
            elif tag == "text:p" and self._written is not None and not self._notes:
                self._text = []

    def end(self, tag: str) -> None:
        if tag == "table:table":
            self._depth -= 1
        elif tag.endswith("annotation"):
            self._notes -= self._notes > 0
        elif tag == "text:p" and self._text is not None:
            self._take("".join(self._text))
            self._text = self._written = None

    def text(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def _row(self, attributes: dict[str, str]) -> None:
        count = int(attributes.get("table:number-rows-repeated", "1"))
        first = self._rows.stop or 1
        self._rows = range(first, first + count)
        self._column = 0
        if attributes.get("table:visibility", "visible") != "visible":
            self.found.rows.update(range(first, min(first + count, _MOST_ROWS + 1)))

    def _columns(self, attributes: dict[str, str]) -> None:
        count = int(attributes.get("table:number-columns-repeated", "1"))
        if attributes.get("table:visibility", "visible") != "visible":
            self.found.columns.update(range(self._column, min(self._column + count, _MOST_COLUMNS)))
        self._column += count

    def _cell(self, attributes: dict[str, str]) -> None:
        count = int(attributes.get("table:number-columns-repeated", "1"))
        self._places = range(self._column, min(self._column + count, _MOST_COLUMNS))
        self._column += count
        self._text = None
        self._written = (
            attributes.get("office:value") if attributes.get("office:value-type") == "float" else None
        )
        if attributes.get("table:style-name") in self._crossed and "office:value-type" in attributes:
            for row in islice(self._rows, _MOST_REPEATED):
                self.found.crossed.setdefault(row, set()).update(self._places)

    def _take(self, shown: str) -> None:
        """Keep what a number shows when it is the number's digits behind others, or parted by signs."""
        digits = digits_in(shown)
        value = (self._written or "").removesuffix(".0")
        if shown == value or not (value.isdigit() and digits.endswith(value) and _AS_NUMBER.fullmatch(shown)):
            return
        if len(value) == 10 and value.startswith("9") and digits in (value, "0" + value):
            return  # a mobile is read from its value alike; a large sheet of them would take much memory
        for row in islice(self._rows, _MOST_REPEATED):
            self.found.texts.setdefault(row, {}).update(dict.fromkeys(self._places, shown))
