"""Workbooks are read as they are seen: number formats, columns and rows of no size, formulas without results."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest

from engine.errors import BadInput
from engine.services.lists.number_masks import is_mask, masked
from tests.lists.test_kinds_of_lists import called, read, workbook


def formatted(values: list[int], code: str) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["نام", "تلفن"])
    for value in values:
        sheet.append(["علی", value])
        sheet.cell(sheet.max_row, 2).number_format = code
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def changed(data: bytes, part: str, old: str, new: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(out, "w") as after:
        for one in before.infolist():
            content = before.read(one)
            if one.filename == part:
                assert old.encode() in content
                content = content.replace(old.encode(), new.encode(), 1)
            after.writestr(one, content)
    return out.getvalue()


@pytest.mark.parametrize("area", ["", "021"])
@pytest.mark.parametrize(
    "code", ['"031"00000000', '"031-"00000000', '"(031) "0000-0000', "\\0\\3\\1########"]
)
def test_an_area_code_of_the_format_is_the_numbers(code: str, area: str) -> None:
    rows, _ = read(
        formatted([38_776_650 + n for n in range(5)], code),
        name="a.xlsx",
        **({"area": area} if area else {}),
    )
    assert called(rows) == [f"+983138776{650 + n}" for n in range(5)]


@pytest.mark.parametrize(
    "code", ["00000000000", '"+98"0', "0###-###-####", "[$-3020429]0", "(###) ###-####", "0", '"0"0']
)
def test_mobiles_in_any_format_are_read(code: str) -> None:
    rows, _ = read(formatted([9_121_110_000 + n for n in range(5)], code), name="a.xlsx")
    assert called(rows) == [f"+98912111000{n}" for n in range(5)]


def test_ten_digits_shown_as_in_north_america_are_no_landline() -> None:
    data = formatted([4_155_552_671, 2_125_551_234, 9_121_110_000], "[<=9999999]###-####;(###) ###-####")
    rows, _ = read(data, name="a.xlsx")
    assert (called(rows), rows[0].raw, rows[0].reason) == (
        ["+989121110000"],
        "(415) 555-2671",
        "foreign_form",
    )


@pytest.mark.parametrize(
    ("number", "code", "shown"),
    [
        (5, "000-00", "000-05"),
        (1234567, "00-00", "12345-67"),
        (12, "#-##", "-12"),
        (7, '"x"0', "7"),
        (7, "0.00", "7"),
    ],
)
def test_masks(number: int, code: str, shown: str) -> None:
    assert masked(number, code) == shown


@pytest.mark.parametrize(
    "code", ["0", "#,##0", "0.00", "General", "@", '0" ریال"', "yyyy/mm/dd", "0%", "0.00E+00"]
)
def test_usual_formats_are_no_masks(code: str) -> None:
    assert not is_mask(code)


@pytest.mark.parametrize("width", ["0", "0.0", "0.01", "0.28515625"])
def test_a_column_of_no_width_is_hidden(width: str) -> None:
    rows = [[f"0912111100{n}", f"0912111000{n}"] for n in range(4)]
    data = workbook(a=[["موبایل", "موبایل ۲"], *rows])
    wide = f'<cols><col min="1" max="1" width="{width}" customWidth="1"/></cols><sheetData>'
    found, facts = read(changed(data, "xl/worksheets/sheet1.xml", "<sheetData>", wide), name="a.xlsx")
    assert called(found) == [f"+98912111000{n}" for n in range(4)]
    assert facts.hidden_columns == ["موبایل"]


@pytest.mark.parametrize("height", ["0", "0.1"])
def test_a_row_of_no_height_is_hidden(height: str) -> None:
    data = workbook(a=[["موبایل"], ["09121110000"], ["09121110001"]])
    low = f'<row r="2" ht="{height}" customHeight="1"'
    rows, _ = read(changed(data, "xl/worksheets/sheet1.xml", '<row r="2"', low), name="a.xlsx")
    assert [row.reason for row in rows] == ["hidden", None]


def test_a_formula_without_its_result_is_named() -> None:
    data = workbook(a=[["نام", "موبایل"], ["علی", '="0"&C2'], ["رضا", "09121110001"]])
    rows, _ = read(data, name="a.xlsx")
    assert [row.reason for row in rows] == ["formula", None]
    with pytest.raises(BadInput, match="formula without its result"):
        read(workbook(a=[["موبایل"], ['="0"&C2'], ["=C3"]]), name="a.xlsx")
    empty = changed(data, "xl/worksheets/sheet1.xml", '<c r="B2">', '<c r="B2" t="str">')
    assert read(empty, name="a.xlsx")[0][0].reason == "empty"
