"""Workbooks as programs write them: of LibreOffice (XLS, ODS, XLSX) in `data`, strict ones, XLSB, and locked ones."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Set
from pathlib import Path

import pytest

from engine.errors import BadInput
from engine.services.lists import other_workbooks
from engine.services.lists.choices import Choices
from engine.services.lists.reader import open_list
from engine.services.lists.shown_cells import shown_cells
from engine.services.numbering.numbers import NumberRules

DATA = Path(__file__).parent / "data"
CALLED = ["+989121110000", "+989121110001", "+989121110002", "+989121110003"]
OTHERS = {"date": 1, "empty": 1}
STRICT = {
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main": "http://purl.oclc.org/ooxml/spreadsheetml/main",
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships": (
        "http://purl.oclc.org/ooxml/officeDocument/relationships"
    ),
}


def read(source, name: str, choices: Choices = Choices()):
    with open_list(source, choices, NumberRules("021"), filename=name) as found:
        rows = [row for chunk in found for row in chunk]
        facts = found.facts()
    assert facts.lines + facts.more == len(rows) + facts.left_out.total()
    return rows, facts


@pytest.mark.parametrize("form", ["xls", "ods", "xlsx"])
def test_a_workbook_of_libreoffice(form: str) -> None:
    rows, facts = read(DATA / f"people.{form}", f"people.{form}")
    assert facts.form == form
    assert [row.number.e164 for row in rows if row.reason is None] == CALLED
    assert sorted(row.reason for row in rows if row.reason) == sorted(OTHERS)
    assert (facts.columns, facts.header_line, facts.lines) == (["موبایل"], 3, 9)
    assert [(sheet.name, sheet.is_read) for sheet in facts.sheets] == [("راهنما", False), ("مشترکان", True)]
    assert rows[0].cells == ["1", "علی", "2026-11-28", "30:00:00", "125000.5"]
    with pytest.raises(BadInput, match="has no sheet «other»"):
        read(DATA / f"people.{form}", f"people.{form}", Choices(sheet="other"))


def repacked(data: bytes, change) -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(part.filename, change(part.filename, old.read(part)))
    out.seek(0)
    return out


def test_a_strict_workbook() -> None:
    def strict(name: str, content: bytes) -> bytes:
        text = content.decode()
        for before, after in STRICT.items():
            text = text.replace(before, after)
        if name == "xl/workbook.xml":
            text = text.replace("<workbook ", '<workbook conformance="strict" ', 1)
        # Strict workbooks write dates as dates.
        return re.sub(r'(<c r="D\d+" s="\d+" t=)"n"><v>46354</v>', r'\1"d"><v>2026-11-28</v>', text).encode()

    data = repacked((DATA / "people.xlsx").read_bytes(), strict)
    assert b"purl.oclc.org" in zipfile.ZipFile(data).read("xl/workbook.xml")
    rows, facts = read(data, "strict.xlsx")
    assert [row.number.e164 for row in rows if row.reason is None] == CALLED
    assert rows[0].cells[2] == "2026-11-28"
    assert facts.form == "xlsx"


def record(kind: int, payload: bytes = b"") -> bytes:
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size = len(payload)
    return head + (bytes([size]) if size < 128 else bytes([size & 0x7F | 0x80, size >> 7])) + payload


def wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def xlsb(
    rows: list[list[object]], hidden: Set[int] = frozenset(), hidden_column: int | None = None
) -> io.BytesIO:
    """A binary workbook, written by its specification (MS-XLSB); `hidden` are places of rows from 0."""
    cells = b""
    for at, row in enumerate(rows):
        cells += record(0, struct.pack("<IIHBB", at, 0, 0, 0, 0x10 * (at in hidden)) + bytes(5))
        for place, cell in enumerate(row):
            head = struct.pack("<II", place, 0)
            cells += (
                record(5, head + struct.pack("<d", cell))
                if isinstance(cell, float)
                else record(6, head + wide(str(cell)))
            )
    columns = b""
    if hidden_column is not None:
        columns = (
            record(390)
            + record(60, struct.pack("<IIIIH", hidden_column, hidden_column, 0, 0, 1))
            + record(391)
        )
    sheet = (
        record(129) + record(148, struct.pack("<IIII", 0, len(rows) - 1, 0, 1)) + columns + record(145) + cells
        + record(146) + record(130)
    )  # fmt: skip
    book = record(131) + record(143) + record(156, struct.pack("<II", 0, 1) + wide("rId1") + wide("a"))
    package, office = (
        "http://schemas.openxmlformats.org/package/2006",
        "http://schemas.openxmlformats.org/officeDocument/2006",
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("[Content_Types].xml", f'<Types xmlns="{package}/content-types"/>')
        for name, kind, target in (
            ("_rels/.rels", "officeDocument", "xl/workbook.bin"),
            ("xl/_rels/workbook.bin.rels", "worksheet", "worksheets/sheet1.bin"),
        ):
            relation = f'<Relationship Id="rId1" Type="{office}/relationships/{kind}" Target="{target}"/>'
            made.writestr(name, f'<Relationships xmlns="{package}/relationships">{relation}</Relationships>')
        made.writestr("xl/workbook.bin", book + record(144) + record(132))
        made.writestr("xl/worksheets/sheet1.bin", sheet)
    out.seek(0)
    return out


def test_a_binary_workbook() -> None:
    rows, facts = read(
        xlsb([["نام", "موبایل"], ["علی", "09121110000"], ["رضا", 9121110001.0], ["x", ""]]), "a.xlsb"
    )
    assert [row.number.e164 for row in rows if row.reason is None] == CALLED[:2]
    assert (facts.form, facts.lines) == ("xlsb", 4)


def hold_hidden(source, name: str) -> None:
    rows, facts = read(source, name)
    assert [row.reason for row in rows] == [None, "hidden", None, "hidden", None, None]
    assert (facts.columns, facts.hidden_columns, facts.hidden_rows) == (["موبایل"], ["موبایل قدیمی"], 2)
    rows, facts = read(source, name, Choices(hidden_rows="include"))
    assert [row.reason for row in rows] == [None] * 6
    assert "2 rows that are hidden, filtered out or crossed out are among those" in " ".join(
        map(str, facts.notes)
    )


@pytest.mark.parametrize("form", ["xls", "ods"])
def test_what_is_hidden_in_a_workbook_of_libreoffice_is_left_out(form: str) -> None:
    hold_hidden(DATA / f"hidden.{form}", f"hidden.{form}")


def test_what_is_hidden_in_a_binary_workbook_is_left_out() -> None:
    people = [[f"نام{n}", f"0912111000{n}", f"0935111000{n}"] for n in range(6)]
    hold_hidden(xlsb([["نام", "موبایل", "موبایل قدیمی"], *people], {2, 4}, 2), "a.xlsb")


def test_a_workbook_whose_hidden_rows_cannot_be_told_says_so(monkeypatch) -> None:
    found = shown_cells(io.BytesIO((DATA / "hidden.xls").read_bytes()[:700]), "a.xls", "xls", 0)
    assert found is None
    monkeypatch.setattr(other_workbooks, "shown_cells", lambda *_: None)
    with (DATA / "hidden.xls").open("rb") as file:
        table = other_workbooks.OtherWorkbook(file, "a.xls", "xls")
        assert "cannot be detected" in str(table.notes()[-1])


def test_locked_workbooks_say_what_to_do() -> None:
    sentence = r" is protected with a password; open it, remove the password, and save it as XLSX or CSV\.$"
    with pytest.raises(BadInput, match=r"^locked\.xlsx" + sentence):
        read(DATA / "locked.xlsx", "locked.xlsx")

    def locked(name: str, content: bytes) -> bytes:
        if name != "META-INF/manifest.xml":
            return content if name == "mimetype" else content[::-1]
        return content.replace(b"</manifest:manifest>", b"<manifest:encryption-data/></manifest:manifest>")

    with pytest.raises(BadInput, match=r"^locked\.ods" + sentence):
        read(repacked((DATA / "people.ods").read_bytes(), locked), "locked.ods")


def test_a_link_table_is_named() -> None:
    with pytest.raises(BadInput, match=r"a\.slk is a symbolic link table \(SYLK\), whatever its name says"):
        read(io.BytesIO(b'ID;PSCALC3\r\nC;X1;Y1;K"09121110000"\r\nE\r\n'), "a.slk")
