"""Codes and amounts that look like telephone numbers, and numbers that stand where nobody looks for them."""

from __future__ import annotations

import io

import openpyxl
import pytest

from engine.errors import BadInput
from engine.services.lists.choices import Choices
from tests.lists.test_kinds_of_lists import called, read, workbook

NATIONAL_CODES = [
    "0067749828",
    "0084575948",
    "2142567897",
    "0036350176",
    "0019529651",
    "0077519841",
    "5172719520",
]


def _valid(nine: str) -> str:
    rest = sum(int(digit) * (10 - place) for place, digit in enumerate(nine)) % 11
    return nine + str(rest if rest < 2 else 11 - rest)


CODES = [_valid(code[:9]) for code in NATIONAL_CODES]


def _people(header: str, cells: list[str]) -> str:
    return "\n".join([f"نام,{header}", *(f"علی {place},{cell}" for place, cell in enumerate(cells))])


@pytest.mark.parametrize("header", ["شماره", "شماره تماس", "x"])
@pytest.mark.parametrize("area", ["", "021"])
@pytest.mark.parametrize("is_stripped", [True, False])
def test_national_codes_are_no_numbers_whatever_stands_above(
    header: str, area: str, is_stripped: bool
) -> None:
    cells = [code.lstrip("0") for code in CODES] if is_stripped else CODES
    with pytest.raises(BadInput):
        read(_people(header, cells), **({"area": area} if area else {}))


def test_codes_in_place_of_some_numbers_are_set_aside() -> None:
    numbers = [f"0912111000{place}" for place in range(9)]
    rows, _ = read(_people("تلفن", numbers + CODES))
    assert called(rows) == ["+98" + number[1:] for number in numbers]
    assert {row.reason for row in rows if row.raw in CODES} <= {"may_be_code", "not_a_number", "unassigned"}


@pytest.mark.parametrize("header", ["بستانکار", "شماره سند", "x"])
def test_amounts_like_mobiles_are_not_called(header: str) -> None:
    with pytest.raises(BadInput, match="may hold codes"):
        read(_people(header, [str(9_121_110_000 + 7_000 * place) for place in range(6)]))


def test_amounts_like_local_numbers_are_not_called() -> None:
    with pytest.raises(BadInput, match="may hold codes"):
        read(_people("x", [str(25_000_000 + 10_000 * place) for place in range(6)]), area="021")


def test_mobiles_in_further_columns_are_told() -> None:
    lines = [f"{place},0912111000{place},{place},0912111001{place}" for place in range(3)]
    rows, facts = read("\n".join(["ردیف,شماره,ردیف,شماره", *lines]))
    assert len(called(rows)) == 3
    assert any("Other columns hold mobiles too: شماره (2);" in str(note) for note in facts.notes)


@pytest.mark.parametrize("head", ["شرکت آوا,تلفن: 02188776655", "تلفن شرکت,02188776655"])
def test_the_number_of_a_letterhead_is_not_called(head: str) -> None:
    rows, facts = read("\n".join([head, "نام,موبایل", "علی,09121110000", "سارا,09121110001"]))
    assert (called(rows), facts.columns) == (["+989121110000", "+989121110001"], ["موبایل"])


@pytest.mark.parametrize(
    "rows", [["نام,a,b,c,d", "موبایل,{}"], ["موبایل,{}", "نام,a,b,c,d"], ["تلفن همراه,{}"]]
)
def test_a_table_that_lies_on_its_side_is_refused(rows: list[str]) -> None:
    numbers = ",".join(f"0912111000{place}" for place in range(4))
    with pytest.raises(BadInput, match="side by side in line"):
        read("\n".join(rows).format(numbers))


def test_the_numbers_of_an_instruction_are_not_the_list() -> None:
    people = [["نام", "موبایل"], *([f"x{place}", f"0912111000{place}"] for place in range(5))]
    data = workbook(
        راهنما=[["ستون موبایل را پر کنید"], ["نمونه", "09123456789"], ["پشتیبانی", "02188776655"]], ب=people
    )
    rows, facts = read(data, name="a.xlsx")
    assert len(called(rows)) == 5
    assert [sheet.is_read for sheet in facts.sheets] == [False, True]


def test_numbers_in_a_hidden_sheet_alone_are_named() -> None:
    book = openpyxl.load_workbook(
        io.BytesIO(workbook(آشکار=[["توضیح"]], پنهان=[["موبایل"], ["09121110000"]]))
    )
    book["پنهان"].sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    with pytest.raises(BadInput, match="only in the hidden sheet «پنهان»"):
        read(out.getvalue(), name="a.xlsx")
    assert len(called(read(out.getvalue(), Choices(sheet="پنهان"), "a.xlsx")[0])) == 1
