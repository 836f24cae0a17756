"""Rows in which a number stands and that are no recipients: totals, notes of the list's maker, fillers."""

from __future__ import annotations

import pytest

from engine.services.lists.choices import Choices
from tests.lists.test_kinds_of_lists import called, read

PEOPLE = [f"علی {n},0912111000{n},5" for n in range(6)]
NUMBERS = [f"+98912111000{n}" for n in range(6)]


@pytest.mark.parametrize(
    "row",
    [
        "جمع,9123456700,30",
        "جمع کل:,09123456700,30",
        "میانگین,9121110099,",
        "Grand Total,09121110099,",
        "تهیه‌کننده: رضایی,02188776655,",
        "تهيه كننده : رضایی,تلفن: 02188776655,",
        "تلفن پشتیبانی,02188776655,",
        "تلفن:,02188776655,",
        "Printed by admin,02188776655,page 3",
        ",09121110099,جمع",
    ],
)
@pytest.mark.parametrize("place", [3, 6])
@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 0, 1)])
def test_totals_and_notes_are_set_aside(row: str, place: int, order: tuple[int, ...]) -> None:
    lines = ["نام,موبایل,تعداد", *PEOPLE[:place], row, *PEOPLE[place:]]
    text = "\n".join(",".join(line.split(",")[at] for at in order) for line in lines)
    rows, _ = read(text)
    assert called(rows) == NUMBERS
    assert [row.reason for row in rows if row.line == place + 2] == ["footer"]


@pytest.mark.parametrize(
    "name",
    [
        "جمعه‌پور",
        "موبایل پارسا",
        "تلفن‌سازی ایران",
        "Total Oil",
        "Max Müller",
        "Mobile",
        "تنظیمی",
        "شرکت جمع‌آور",
    ],
)
def test_people_and_firms_with_such_names_are_called(name: str) -> None:
    rows, _ = read("\n".join(["نام,موبایل", *(f"{name},0912111000{n}" for n in range(6))]))
    assert called(rows) == NUMBERS


@pytest.mark.parametrize(
    "number", ["09123456789", "09111111111", "09121111111", "0912-345-6789", "09333333333"]
)
def test_a_number_that_is_easily_remembered_is_called(number: str) -> None:
    rows, _ = read("\n".join(["نام,موبایل,تعداد", *PEOPLE, f"رضا,{number},"]))
    assert (len(called(rows)), rows[-1].reason) == (7, None)


@pytest.mark.parametrize(
    "filler", ["09000000000", "9000000000", "+989999999999", "۰۹۰۰۰۰۰۰۰۰۰", "0900-000-0000"]
)
@pytest.mark.parametrize("several", ["none", "first", "all"])
def test_what_is_typed_for_an_unknown_number_is_set_aside(filler: str, several: str) -> None:
    text = "\n".join(["نام,موبایل,تعداد", *PEOPLE, f"رضا,{filler},"])
    rows, _ = read(text, Choices(several=several))
    assert (called(rows), rows[-1].reason) == (NUMBERS, "filler")
    rows, _ = read(text, Choices(several=several), fillers=True)
    assert len(called(rows)) == 7


def test_the_first_column_of_a_pivot_table_may_hold_the_numbers() -> None:
    for name in ("Row Labels", "برچسب های ردیف"):
        rows, _ = read(f"{name},Sum of amount\n09121110000,2\n09121110001,1\nGrand Total,3\n")
        assert called(rows) == NUMBERS[:2]
