"""A workbook (XLSX) that is made while it is sent: the first bytes leave with the first rows.

Libraries that write workbooks compress them after the last row, so with a million rows a browser would wait a minute
for the first byte.  A sheet is plain XML in a zip file, and both can be written from beginning to end.  Every text
is an inline string, so that none becomes a formula, a link or a number.
"""

from __future__ import annotations

import math
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import IO
from xml.sax.saxutils import escape

Cell = str | int | float | bool | None

SHEET_ROWS = 1_048_576
"""Rows of a sheet, its header included; what is more goes on in the next sheet."""
_CELL_CHARS = 32_767
_EXACT = 10**15
"""From here on a spreadsheet rounds a whole number: it is written as text."""
_CHUNK_ROWS = 1_000
_PACKED_ROWS = 100  # compressed at once
# The fastest level: 10 % more bytes than the default level, in a third of its time.
_PACK_LEVEL = 1
# Characters that XML cannot hold are written as spreadsheets do (_x0001_); a text that looks like this is escaped.
_UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")

_SPECIAL = re.compile(f"{_UNFIT.pattern}|[&<>]")

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DOC = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACK = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PROPERTIES = "application/vnd.openxmlformats-officedocument.extended-properties"
_DOC_ROOT = "http://schemas.openxmlformats.org/officeDocument/2006"
APPLICATION = "Avanak"
"""The program that our workbooks name as theirs."""
# A plain font, a bold one for the header, and the other parts that a spreadsheet requires.
_STYLES = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


class _Pipe:
    """The target of the zip file; `taken` returns the bytes since the last call."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is buffered."""

    def taken(self) -> bytes:
        made, self._parts = b"".join(self._parts), []
        return made


def workbook_chunks(
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    is_right_to_left: bool = False,
    sheet_rows: int = SHEET_ROWS,
) -> Iterator[bytes]:
    """Yield a workbook in pieces while its rows come; each sheet repeats the header."""
    pipe = _Pipe()
    waiting = iter(rows)
    row = next(waiting, None)
    sheets = 0
    places = _places(len(columns))
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED, compresslevel=_PACK_LEVEL) as pack:  # type: ignore[call-overload]
        while sheets == 0 or row is not None:
            sheets += 1
            with _part(pack, f"xl/worksheets/sheet{sheets}.xml") as out:
                out.write(_sheet_head(columns, is_right_to_left).encode("utf-8"))
                at, made = 2, list[str]()
                while row is not None and at <= sheet_rows:
                    if len(row) > len(places):
                        places = _places(len(row))
                    made.append(_row(at, row, places))
                    if at % _PACKED_ROWS == 0:
                        out.write("".join(made).encode("utf-8"))
                        made.clear()
                    if at % _CHUNK_ROWS == 0:
                        yield pipe.taken()
                    row, at = next(waiting, None), at + 1
                made.append("</sheetData></worksheet>")
                out.write("".join(made).encode("utf-8"))
        for name, text in _frame(sheets):
            with _part(pack, name) as out:
                out.write(text.encode("utf-8"))
    yield pipe.taken()


def _part(pack: zipfile.ZipFile, name: str) -> IO[bytes]:
    # The length is not known yet.  A sheet of a million rows may exceed 4 GB uncompressed.
    return pack.open(name, "w", force_zip64=name.startswith("xl/worksheets/"))


def _sheet_head(columns: Sequence[str], is_right_to_left: bool) -> str:
    turned = ' rightToLeft="1"' if is_right_to_left else ""
    return (
        f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView{turned} workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f'<cols><col min="1" max="{max(1, len(columns))}" width="16" customWidth="1"/></cols><sheetData>'
        f'<row r="1">{"".join(_header(at, name) for at, name in enumerate(columns))}</row>'
    )


def _header(at: int, name: str) -> str:
    return f'<c r="{_name(at)}1" s="1" t="inlineStr"><is><t xml:space="preserve">{_fit(name)}</t></is></c>'


def _row(at: int, cells: Sequence[Cell], places: Sequence[str]) -> str:
    """One row as XML; `places` are the beginnings of its cells (`_places`)."""
    written = [f'<row r="{at}">']
    for place, cell in zip(places, cells, strict=False):
        # Nearly every cell is a plain text; with a million rows each step here counts.
        if type(cell) is str and cell:
            if len(cell) > _CELL_CHARS or _SPECIAL.search(cell):
                cell = _fit(cell)
            written.append(f'{place}{at}" t="inlineStr"><is><t xml:space="preserve">{cell}</t></is></c>')
        elif cell is not None and cell != "":
            written.append(f"{place}{at}{_value(cell)}")
    written.append("</row>")
    return "".join(written)


def _places(width: int) -> list[str]:
    """The beginnings of the cells of a row with `width` columns, up to the row's number."""
    return [f'<c r="{_name(at)}' for at in range(width)]


def _value(cell: str | float) -> str:
    """The rest of a cell's XML when it is not a plain text."""
    if isinstance(cell, bool):
        return f'" t="b"><v>{int(cell)}</v></c>'
    if isinstance(cell, (int, float)) and math.isfinite(cell) and abs(cell) < _EXACT:
        return f'"><v>{cell!r}</v></c>'
    return f'" t="inlineStr"><is><t xml:space="preserve">{_fit(str(cell))}</t></is></c>'


def _fit(text: str) -> str:
    """A text escaped for XML, cut to the length of a cell."""
    return _UNFIT.sub(_escaped, escape(text[:_CELL_CHARS]))


def _escaped(found: re.Match[str]) -> str:
    char = found[0]
    return "\ufffd" if "\ud800" <= char <= "\udfff" else f"_x{ord(char):04X}_"


def _name(index: int) -> str:
    """The name of a column in a spreadsheet: A … Z, AA …"""
    name, left = "", index + 1
    while left:
        left, place = divmod(left - 1, 26)
        name = chr(65 + place) + name
    return name


def _frame(sheets: int) -> Iterator[tuple[str, str]]:
    """The parts of the file besides the sheets: contents, relationships, styles."""
    numbers = range(1, sheets + 1)
    types = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        for n in numbers
    )
    yield (
        "[Content_Types].xml",
        (
            f'{_HEAD}<Types xmlns="{_PACK}/content-types">'
            f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>{types}'
            f'<Override PartName="/docProps/app.xml" ContentType="{_PROPERTIES}+xml"/></Types>'
        ),
    )
    yield (
        "_rels/.rels",
        (
            f'{_HEAD}<Relationships xmlns="{_PACK}/relationships">'
            f'<Relationship Id="rId1" Type="{_DOC}/officeDocument" Target="xl/workbook.xml"/>'
            f'<Relationship Id="rId2" Type="{_DOC}/extended-properties" Target="docProps/app.xml"/></Relationships>'
        ),
    )
    # Tells a later import that its sheets are one list.
    yield (
        "docProps/app.xml",
        f'{_HEAD}<Properties xmlns="{_DOC_ROOT}/extended-properties"><Application>{APPLICATION}</Application></Properties>',
    )
    listed = "".join(f'<sheet name="Sheet{n}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers)
    yield (
        "xl/workbook.xml",
        (f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_DOC}"><sheets>{listed}</sheets></workbook>'),
    )
    linked = "".join(
        f'<Relationship Id="rId{n}" Type="{_DOC}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in numbers
    )
    yield (
        "xl/_rels/workbook.xml.rels",
        (
            f'{_HEAD}<Relationships xmlns="{_PACK}/relationships">{linked}'
            f'<Relationship Id="rId{sheets + 1}" Type="{_DOC}/styles" Target="styles.xml"/></Relationships>'
        ),
    )
    yield "xl/styles.xml", _STYLES
