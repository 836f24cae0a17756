"""Cells of every kind of workbook as a person sees them: digits of their format, and a line through them."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl.styles import Font

from engine.services.lists.choices import Choices
from engine.services.lists.records import BINARY, OLD, old_records
from tests.lists.test_kinds_of_lists import called, read
from tests.lists.test_real_workbooks import record, repacked, wide, xlsb

DATA = Path(__file__).parent / "data"
LOCAL = [38_776_650 + n for n in range(4)]


def formatted_xlsb(code: str, values: list[int], crossed: int | None = None) -> bytes:
    """A binary workbook whose numbers stand in style 1; the one at `crossed` in style 2, with a line through it."""
    plain, line = (
        record(43, struct.pack("<HH", 220, 0) + bytes(20)),
        struct.pack("<HH", 220, 0x08) + bytes(20),
    )
    styles = (
        record(278)
        + record(615, struct.pack("<I", 1)) + record(44, struct.pack("<H", 164) + wide(code)) + record(616)
        + record(611, struct.pack("<I", 2)) + plain + record(43, line) + record(612)
        + record(626, struct.pack("<I", 1)) + record(47, struct.pack("<HHHHH", 0xFFFF, 164, 1, 0, 0) + bytes(6)) + record(627)
        + record(617, struct.pack("<I", 3))
        + b"".join(record(47, struct.pack("<HHHHH", 0, *style, 0, 0) + bytes(6)) for style in ((0, 0), (164, 0), (164, 1)))
        + record(618) + record(279)
    )  # fmt: skip
    rows = [["نام", "تلفن"], *(["علی", float(value)] for value in values)]

    def change(name: str, content: bytes) -> bytes:
        if name == "xl/_rels/workbook.bin.rels":
            kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles"
            more = f'<Relationship Id="rId2" Type="{kind}" Target="styles.bin"/></Relationships>'
            return content.replace(b"</Relationships>", more.encode())
        if name != "xl/worksheets/sheet1.bin":
            return content
        for at, value in enumerate(values):
            cell = struct.pack("<d", float(value))
            style = struct.pack("<II", 1, 2 if at == crossed else 1)
            content = content.replace(struct.pack("<II", 1, 0) + cell, style + cell)
        return content

    data = repacked(xlsb(rows).getvalue(), change)
    with zipfile.ZipFile(data, "a") as package:
        package.writestr("xl/styles.bin", styles)
    return data.getvalue()


@pytest.mark.parametrize("area", ["", "021"])
@pytest.mark.parametrize("form", ["xlsx", "ods", "xls"])
def test_a_workbook_of_libreoffice_is_read_as_it_is_shown(form: str, area: str) -> None:
    """With a default area code 38776650, shown as 031-38776650, would ring somebody else in Tehran."""
    options = {"area": area} if area else {}
    rows, facts = read((DATA / f"shown.{form}").read_bytes(), name=f"a.{form}", **options)
    assert called(rows) == [
        *(f"+9831{value}" for value in LOCAL[:3]), "+989121110000", f"+9831{LOCAL[3]}", "+989121110003",
    ]  # fmt: skip
    assert [row.reason for row in rows if row.reason] == ["foreign_form", "hidden", "hidden"]
    assert rows[0].raw == "031-38776650"
    assert "2 rows that are hidden, filtered out or crossed out were left out." in map(str, facts.notes)


@pytest.mark.parametrize("area", ["", "021"])
@pytest.mark.parametrize("code", ['"031"00000000', '"(031) "0000-0000', "\\0\\3\\1########"])
def test_a_binary_workbook_is_read_as_it_is_shown(code: str, area: str) -> None:
    data = formatted_xlsb(code, LOCAL, crossed=1)
    rows, _ = read(data, name="a.xlsb", **({"area": area} if area else {}))
    assert called(rows) == [f"+9831{value}" for at, value in enumerate(LOCAL) if at != 1]
    assert rows[1].reason == "hidden"
    rows, _ = read(formatted_xlsb("0", LOCAL), name="a.xlsb", area="021")
    assert called(rows) == [f"+9821{value}" for value in LOCAL]


@pytest.mark.parametrize(
    ("code", "content"),
    [
        ('"031"0', struct.pack("<HHB", 164, 6, 0) + b'"031"0'),
        ('"۰۳۱"0', struct.pack("<HHB", 164, 6, 1) + '"۰۳۱"0'.encode("utf-16-le")),
        ('"031"0', struct.pack("<HB", 164, 6) + b'"031"0'),  # Excel 5 and 95
    ],
)
def test_formats_of_old_workbooks(code: str, content: bytes) -> None:
    assert OLD.format_of(content) == (164, code)
    assert list(old_records(struct.pack("<HH", 0x809, 0) + struct.pack("<HH", 0x41E, len(content)) + content, 0))[1:] == [
        (0x41E, content)
    ]  # fmt: skip


def test_the_format_of_a_number_says_nothing_of_a_text() -> None:
    text, number = (
        struct.pack("<HHHd", 1, 2, 15, 0.0)[:-2] + b"\xff\xff",
        struct.pack("<HHHd", 1, 2, 15, 38_776_655.0),
    )
    assert [OLD.is_number(kind, number) for kind in (0x203, 0x27E, 0xBD, 0x06)] == [True] * 4
    assert [OLD.is_number(kind, text) for kind in (0xFD, 0x204, 0x06)] == [False] * 3
    assert {kind for kind in BINARY.cells if BINARY.is_number(kind, b"")} == {2, 5, 9}


def crossed(*cells: str) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in [["نام", "موبایل", "شهر"], *(["علی", f"0912111000{n}", "تهران"] for n in range(4))]:
        sheet.append(row)
    for cell in cells:
        sheet[cell].font = Font(strike=True)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("cells", "left"),
    [
        (("B3",), [0, 2, 3]),
        (("A3", "B3", "C3"), [0, 2, 3]),
        (("A3",), [0, 1, 2, 3]),  # somebody's old name
        (("B1",), [0, 1, 2, 3]),
        (("B2", "B4"), [1, 3]),
        ((), [0, 1, 2, 3]),
    ],
)
def test_a_number_that_is_crossed_out_is_not_called(cells: tuple[str, ...], left: list[int]) -> None:
    rows, facts = read(crossed(*cells), name="a.xlsx")
    assert called(rows) == [f"+98912111000{n}" for n in left]
    assert facts.hidden_rows == 4 - len(left)
    rows, facts = read(crossed(*cells), Choices(hidden_rows="include"), name="a.xlsx")
    assert len(called(rows)) == 4
    assert facts.hidden_rows == 4 - len(left)
