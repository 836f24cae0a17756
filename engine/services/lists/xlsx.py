"""A workbook (XLSX, XLSM, also strict): its sheets, which of them is read, and the rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import NamedTuple

from engine.errors import BadInput
from engine.fold import fold, visible
from engine.sentences import Sentence
from engine.services.lists.choices import SheetFacts
from engine.services.lists.opc import Package, local
from engine.services.lists.sheet import LAST_ROW, SheetReader, Styles, read_strings, read_styles
from engine.services.lists.sheet_look import first_look
from engine.services.lists.table import Table

_PEEKED_ROWS = 60
_COUNTED_BYTES = 8_000_000  # sheets that are larger, unpacked, are not read to the end to be counted
OURS = "avanak"
"""The program's name that our own workbooks carry: their sheets are one list."""


class _Sheet(NamedTuple):
    name: str
    part: str
    is_hidden: bool


class XlsxTable(Table):
    """The rows of the requested sheet, or of the first visible sheet with numbers.

    Sheets that continue it are read after it: those of a workbook that we wrote, and those with the same header after
    a sheet that is full to its last row.
    """

    form = encoding = "xlsx"

    def __init__(self, package: Package, filename: str, wanted: str = "") -> None:
        super().__init__(filename)
        self._package = package
        with package.reading():
            self._sheets, is_1904 = _sheets_of(package)
            self._strings: list[str] = []
            styles = Styles({})
            for relation in package.related(package.document()).values():
                if relation.kind == "/sharedStrings" and relation.target in package:
                    self._strings = read_strings(package, relation.target)
                elif relation.kind == "/styles" and relation.target in package:
                    styles = read_styles(package, relation.target)
            self._styles = styles._replace(is_1904=is_1904)
            self.may_cross_out = bool(styles.crossed)
            peeked = [self._peek(sheet) for sheet in self._sheets]
        self.sheets = [facts for facts, _ in peeked]
        chosen = chosen_sheet(self.sheets, wanted, filename)
        self._read = [chosen]
        headers = [first for _, first in peeked]
        if headers[chosen] and not wanted:
            with package.reading():
                self._read += self._following(chosen, headers)
        for place in self._read:
            self.sheets[place].is_read = True

    def _peek(self, sheet: _Sheet) -> tuple[SheetFacts, list[str]]:
        """The facts about a sheet, and its first row."""
        reader = self._reader(sheet)
        rows = reader.rows()
        first = [row.cells for row in islice(rows, _PEEKED_ROWS)]
        filled = [cells for cells in first if any(map(str.strip, cells))]
        count = len(filled)
        if self._package.size(sheet.part) <= _COUNTED_BYTES:
            count += sum(any(row.cells) for row in rows)
        else:
            count = max(count, _last_row(self._package, sheet.part))
        look = first_look(filled)
        sample = [cell[:60] for cell in filled[0][:6]] if filled else []
        facts = SheetFacts(
            sheet.name,
            count,
            look.has_numbers,
            is_hidden=sheet.is_hidden,
            sample=sample,
            is_named=look.is_named,
        )
        return facts, list(map(str.strip, filled[0])) if filled else []

    def _following(self, chosen: int, headers: Sequence[list[str]]) -> list[int]:
        is_ours = _application(self._package) == OURS
        following: list[int] = []
        for place in range(chosen + 1, len(self._sheets)):
            is_full = self.sheets[place - 1].rows >= LAST_ROW
            if headers[place] != headers[chosen] or not (is_ours or is_full):
                break
            following.append(place)
        return following

    def _reader(self, sheet: _Sheet) -> SheetReader:
        return SheetReader(self._package, sheet.part, self._strings, self._styles)

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the number of the row in the sheet and its cells; the numbers continue over following sheets."""
        offset = 0
        for place in self._read:
            reader = self._reader(self._sheets[place])
            reader.hidden_columns = self.hidden_columns
            line = 0
            rows = reader.rows()
            if offset:
                next(rows, None)  # its header
                self.passed_over += 1
                line = 1
            for row in rows:
                while line + 1 < row.number:
                    line += 1
                    yield offset + line, []
                line = row.number
                if row.is_hidden:
                    self.hidden_lines.add(offset + line)
                if row.crossed:
                    self.crossed[offset + line] = set(row.crossed)
                yield offset + line, row.cells
            offset += line

    def notes(self) -> list[Sentence]:
        """The remarks about the sheet that was read and about the others."""
        return sheet_notes(self.sheets)


def sheet_notes(sheets: Sequence[SheetFacts]) -> list[Sentence]:
    """The remarks about the sheets that were read and about the others."""
    read = [visible(sheet.name) for sheet in sheets if sheet.is_read]
    others = [sheet for sheet in sheets if not sheet.is_read]
    if len(sheets) < 2:
        return []
    if not others:
        return [Sentence("The sheets %(sheets)s were read as one list.", sheets=read)]
    held = [Sentence("«%(name)s» (%(count)s rows)", name=visible(one.name), count=one.rows) for one in others]
    return [Sentence("The sheet that was read: %(sheets)s; not read: %(others)s.", sheets=read, others=held)]


def chosen_sheet(sheets: Sequence[SheetFacts], wanted: str, filename: str) -> int:
    """Return the position of the wanted sheet.  Raises BadInput when it does not exist or no sheet has a cell."""
    if wanted:
        names = [fold(sheet.name) for sheet in sheets]
        if fold(wanted) in names:
            return names.index(fold(wanted))
        if fold(wanted).isdecimal() and 1 <= int(fold(wanted)[:4]) <= len(sheets):
            return int(fold(wanted)) - 1
        raise BadInput(
            "%(file)s has no sheet «%(name)s»; it has: %(sheets)s.",
            file=filename, name=visible(wanted[:64]), sheets=[visible(sheet.name) for sheet in sheets[:20]],
        )  # fmt: skip
    shown = [place for place, sheet in enumerate(sheets) if not sheet.is_hidden and sheet.rows]
    with_numbers = [place for place in shown if sheets[place].has_numbers]
    if not shown:
        raise BadInput("%(file)s is empty: none of its sheets has a cell.", file=filename)
    if not with_numbers:
        hidden = next((sheet for sheet in sheets if sheet.is_hidden and sheet.has_numbers), None)
        if hidden is not None:
            raise BadInput(
                "The numbers of %(file)s are only in the hidden sheet «%(name)s»; choose that sheet if they are to be called.",
                file=filename, name=visible(hidden.name),
            )  # fmt: skip
        return shown[0]
    first = with_numbers[0]
    if sheets[first].is_named:
        return first
    # Sheets of instructions (with an example, or the sender's number) come before the list and have no header.
    larger = (
        place for place in with_numbers if sheets[place].is_named and sheets[place].rows > sheets[first].rows
    )
    return next(larger, first)


def _sheets_of(package: Package) -> tuple[list[_Sheet], bool]:
    """The worksheets of a workbook in order, and whether days are counted from 1904."""
    related = package.related(package.document())
    sheets: list[_Sheet] = []
    is_1904 = False

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal is_1904
        if local(tag) == "workbookPr":
            is_1904 = attributes.get("date1904") in ("1", "true")
        elif local(tag) == "sheet":
            key = next((value for name, value in attributes.items() if name.endswith(":id")), "")
            relation = related.get(key)
            if relation is not None and relation.kind == "/worksheet" and relation.target in package:
                state = attributes.get("state", "visible")
                sheets.append(_Sheet(attributes.get("name", ""), relation.target, state != "visible"))

    package.parse(package.document(), start)
    if not sheets:
        raise BadInput("%(file)s is empty: none of its sheets has a cell.", file=package.filename)
    return sheets, is_1904


def _application(package: Package) -> str:
    """The name of the program that wrote a workbook."""
    for relation in package.related("").values():
        if relation.kind == "/extended-properties" and relation.target in package:
            with package.open(relation.target) as stream:
                text = stream.read(20_000).decode("utf-8", "replace")
            return text.partition("<Application>")[2].partition("</Application>")[0].strip().casefold()
    return ""


def _last_row(package: Package, part: str) -> int:
    """The last row according to a large sheet's own statement; 0 without one."""
    with suppress(ValueError), package.open(part) as stream:
        start = stream.read(4_000).decode("utf-8", "replace")
        reference = start.partition("<dimension ")[2].partition(">")[0]
        return int("".join(filter(str.isdigit, reference.rpartition(":")[2])))
    return 0
