"""Which column is meant: names in other words, headers over two rows, numbers of people whom the list is not about."""

from __future__ import annotations

import csv
import io

import pytest

from engine.errors import BadInput
from engine.services.lists.choices import Choices
from engine.services.lists.headers import find_header
from tests.lists.test_kinds_of_lists import called, read

MOBILES = [f"0912111000{n}" for n in range(6)]
OTHERS = [f"0935222000{n}" for n in range(6)]
LANDLINES = [f"0218877000{n}" for n in range(6)]


def table(*rows: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def columns(*named: tuple[str, list[str]]) -> str:
    return table([name for name, _ in named], *map(list, zip(*(cells for _, cells in named), strict=True)))


def e164(numbers: list[str]) -> list[str]:
    return [f"+98{number[1:]}" for number in numbers]


@pytest.mark.parametrize(
    "name",
    ["مبایل", "hamrah", "shomare hamrah", "Mobil", "Whats App No", "WhatsApp", "سیم کارت", "سیم‌کارت", "جوال", "شماره همراه",
     "موبایل صاحب حساب", "موبایل بیمه‌گذار", "شماره همراه دارنده کارت", "تلفن همراه مالک ملک"],
)  # fmt: skip
def test_a_column_of_mobiles_in_other_words(name: str) -> None:
    rows, facts = read(columns(("تلفن ثابت", LANDLINES), (name, MOBILES)))
    assert (called(rows), facts.columns) == (e164(MOBILES), [name])


@pytest.mark.parametrize(
    "name",
    ["کد موبایل", "موبایل کد", "شناسه موبایل", "mobile id", "Telegram ID", "کد پیگیری", "شماره پیگیری"],
)
def test_codes_beside_numbers_stay_codes(name: str) -> None:
    codes = [f"9121{n:06}" for n in range(0, 78, 13)]
    rows, facts = read(columns((name, codes), ("موبایل", MOBILES)))
    assert (called(rows), facts.columns) == (e164(MOBILES), ["موبایل"])
    if "پیگیری" in name:
        with pytest.raises(BadInput, match="may hold codes"):
            read(columns((name, codes), ("شهر", ["تهران"] * 6)))


@pytest.mark.parametrize(
    "name",
    ["موبایل راننده", "تلفن همراه پیک", "موبایل معرف", "موبایل کارشناس", "موبایل پزشک", "Driver Mobile", "agentMobile",
     "موبایل نماینده", "شماره سفیر", "موبایل ضامن", "موبایل فرستنده", "Referrer mobile", "موبایل مدیر"],
)  # fmt: skip
@pytest.mark.parametrize("theirs", ["موبایل مشتری", "موبایل", "Customer Mobile"])
def test_numbers_of_others_give_way_to_those_whom_the_list_is_about(name: str, theirs: str) -> None:
    rows, facts = read(columns((name, OTHERS), (theirs, MOBILES)))
    assert (called(rows), facts.columns) == (e164(MOBILES), [theirs])
    rows, facts = read(columns((name, OTHERS), ("شهر", ["تهران"] * 6)))
    assert (called(rows), facts.columns) == (e164(OTHERS), [name])


def test_a_report_of_texts_calls_whom_they_went_to() -> None:
    rows, facts = read(columns(("از", ["09351112222"] * 6), ("به", MOBILES), ("متن", ["سلام"] * 6)))
    assert (called(rows), facts.columns) == (e164(MOBILES), ["به"])


@pytest.mark.parametrize("people", [1, 6])
@pytest.mark.parametrize(
    ("upper", "lower", "names"),
    [
        (["نام", "تلفن", "", "شهر"], ["", "ثابت", "همراه", ""], ["نام", "ثابت", "همراه", "شهر"]),
        (["نام", "تماس", "", "شهر"], ["", "منزل", "موبایل", ""], ["نام", "تماس منزل", "موبایل", "شهر"]),
        (
            ["Name", "Contact", "", "City"],
            ["", "Landline", "Mobile", ""],
            ["Name", "Contact Landline", "Mobile", "City"],
        ),
        (["نام", "مشخصات", "", "شهر"], ["", "ثابت", "همراه", ""], ["نام", "ثابت", "همراه", "شهر"]),
        (["مشخصات", "تماس", "", ""], ["نام", "منزل", "موبایل", "نشانی"], ["نام", "منزل", "موبایل", "نشانی"]),
    ],
)
def test_a_header_over_two_rows(upper: list[str], lower: list[str], names: list[str], people: int) -> None:
    people_ = list(zip(["علی"] * 6, LANDLINES, MOBILES, ["تهران"] * 6, strict=True))[:people]
    rows, facts = read(table(upper, lower, *map(list, people_)))
    assert (called(rows), facts.names, facts.header_line) == (e164(MOBILES[:people]), names, 2)
    assert len(rows) == people
    rows, facts = read(table(["فهرست مشترکان", "", "", ""], upper, lower, *map(list, people_)))
    assert (called(rows), facts.names, facts.header_line) == (e164(MOBILES[:people]), names, 3)


def test_a_first_row_without_a_number_is_no_second_header() -> None:
    for first in (["رضا", "", "تهران"], ["رضا", "ندارد", ""], ["", "نامشخص", "تهران"]):
        rows, facts = read(table(["نام", "موبایل", "شهر"], first, ["علی", MOBILES[0], "تهران"]))
        assert (len(rows), facts.header_line, facts.names) == (2, 1, ["نام", "موبایل", "شهر"])


@pytest.mark.parametrize(
    "cell", ["تلفن‌همراه: 09121110000", "تلفن آقای کریمی: 09121110000", "موبایل پدر 09121110000"]
)
def test_a_number_with_words_that_tell_is_no_header(cell: str) -> None:
    rows, facts = read(f"نام\tموبایل\nا\t{cell}\nب\t09121110001\n")
    assert (facts.header_line, len(rows)) == (1, 2)


def test_a_header_may_hold_an_example() -> None:
    rows, facts = read("نام,موبایل (مثال 09121230000)\nعلی,09121110000\n")
    assert (called(rows), facts.header_line) == (["+989121110000"], 1)


def test_people_with_only_a_landline_in_another_column_are_told() -> None:
    _, facts = read(
        columns(("موبایل", [*MOBILES[:3], "", "", ""]), ("تلفن منزل", LANDLINES), ("کد", LANDLINES))
    )
    assert facts.elsewhere == 3
    assert "Rows without a number that have one in a column that was not chosen: 3" in " ".join(
        map(str, facts.notes)
    )


def test_the_members_of_a_group_are_all_called() -> None:
    rows, _ = read("+98 912 111 0000, +98 912 111 0001, علی, +98 912 111 0002, شما")
    assert called(rows) == e164(MOBILES[:3])
    rows, _ = read("09121110000,02188770000\n")
    assert called(rows) == e164([MOBILES[0], LANDLINES[0]])
    rows, _ = read("علی,09121110000,09121110001\n")
    assert called(rows) == e164(MOBILES[:1])


@pytest.mark.parametrize(
    "text",
    [
        "[1405/01/01, 10:20:11] علی: شماره من 09121110000\n[1405/01/01, 10:21:11] رضا: سلام\n",
        "12/5/23, 10:15 - +98 912 111 0000: سلام\n12/5/23, 10:16 - علی: 09121110001\n",
        "\u200e[12/5/23, 10:15:01 PM] Ali: 09121110000\n\u200e[12/5/23, 10:16:01 PM] Ali: x\n",
    ],
)
def test_a_chat_is_no_list(text: str) -> None:
    with pytest.raises(BadInput, match="a chat exported from WhatsApp"):
        read(text, name="chat.txt")


@pytest.mark.parametrize(
    "cell",
    ["sms:09121110000", "https://wa.me/989121110000?text=hi", "https://api.whatsapp.com/send?phone=989121110000&text=hi",
     "whatsapp://send?phone=+989121110000", "https://t.me/+989121110000", "[0912 111 0000](tel:+989121110000)",
     "شماره‌تماس:۰۹۱۲۱۱۱۰۰۰۰", "شماره ی تماس: 09121110000", "شماره‌ی همراه 09121110000", "تلفن‌همراه: 09121110000", "0912•111•0000",
     '"https://wa.me/989121110000?text=hi"', "«[09121110000](tel:+989121110000)»"],
)  # fmt: skip
def test_more_spellings(cell: str) -> None:
    rows, _ = read(f"نام\tموبایل\nا\t{cell}\nب\t09121110001\n")
    assert called(rows) == e164(MOBILES[:2])


@pytest.mark.parametrize(
    "cell",
    ["شماره سفارش: 09121110000", "تلفکس: 02188776655", "سریال 09121110000", "فاکتور 09121110000", "بارکد 09121110000",
     "tracking 09121110000", "order no 09121110000", "http://x.ir/09121110000", "کد پیگیری: 09121110000"],
)  # fmt: skip
@pytest.mark.parametrize("several", ["none", "first", "all"])
def test_numbers_beside_words_that_name_something_else(cell: str, several: str) -> None:
    rows, _ = read(f"نام\tموبایل\nا\t{cell}\nب\t09121110001\n", Choices(several=several))
    assert called(rows) == e164(MOBILES[1:2])


@pytest.mark.parametrize(
    "row",
    [
        ["رضا", "", "ندارد"],
        ["", "", "ندارد"],
        ["رضا", "ندارد", ""],
        ["رضا", "خاموش", "فوت شده"],
    ],
)
def test_somebody_without_a_number_is_no_second_row_of_the_header(row: list[str]) -> None:
    header, person = ["نام", "موبایل", ""], ["علی", "09121234567", ""]
    found = find_header([header, row, person])
    assert found is not None
    assert (found.first, found.last, list(found.names)) == (0, 0, header)


@pytest.mark.parametrize(
    ("upper", "lower", "names"),
    [
        (["نام", "تلفن", ""], ["", "ثابت", "همراه"], ["نام", "ثابت", "همراه"]),
        (["نام", "تلفن", ""], ["", "منزل", "محل کار"], ["نام", "تلفن منزل", "تلفن محل کار"]),
    ],
)
def test_a_second_row_parts_the_names_of_the_first(
    upper: list[str], lower: list[str], names: list[str]
) -> None:
    rows = [upper, lower, ["علی", "", "09121234567", ""][: len(upper)]]
    found = find_header(rows)
    assert found is not None
    assert (found.first, found.last, list(found.names)) == (0, 1, names)
