"""Lists that were made as their writers make them: odd line breaks, codes that look like numbers, what only seems a list."""

from __future__ import annotations

import csv
import io

import pytest

from engine.errors import BadInput
from engine.services.lists.choices import Choices
from tests.lists.test_kinds_of_lists import called, read

LINES = ["نام,موبایل", "علی,09121110000", "سارا,09121110001", "رضا,09121110002"]
THREE = [f"+98912111000{n}" for n in range(3)]


@pytest.mark.parametrize("end", ["\r", "\u2028", "\u2029", "\x85"])
def test_any_line_break_parts_lines(end: str) -> None:
    rows, facts = read(end.join([*LINES, ""]))
    assert called(rows) == THREE
    assert facts.lines - facts.left_out["blank"] == 4


def test_a_line_separator_in_a_cell_parts_nothing() -> None:
    rows, facts = read("\n".join(LINES).replace("علی", "ع\u2028لی"))
    assert (called(rows), facts.lines) == (THREE, 4)


@pytest.mark.parametrize("title", ["شماره", "number"])
def test_numbers_that_grow_by_one_are_serial_numbers(title: str) -> None:
    with pytest.raises(BadInput, match="may hold codes"):
        read("\n".join([title, *(str(2_188_000_001 + n) for n in range(8))]))
    found, _ = read("\n".join([title, *(f"0{2_188_000_001 + n}" for n in range(8))]))
    assert len(called(found)) == 8


def test_a_national_code_that_begins_with_two_zeros_is_no_number_abroad() -> None:
    rows, _ = read("شماره,نام\n09121110000,a\n0012345679,b\n00971501234567,c\n", abroad=True)
    assert [row.reason for row in rows] == [None, "not_a_number", None]


@pytest.mark.parametrize("form", ["{}. {}", "{}- {}", "{}) {}", "{}) +98{}"])
def test_lines_with_their_number_before_the_telephone(form: str) -> None:
    lines = [form.format(n + 1, f"912111000{n}" if "+" in form else f"0912111000{n}") for n in range(3)]
    assert called(read("\n".join(lines))[0]) == THREE


def test_a_list_with_the_columns_id_and_phone_is_no_link_table() -> None:
    rows, facts = read("ID;Phone\r\n1;09121110000\r\n2;09121110001\r\n")
    assert (called(rows), facts.columns) == (THREE[:2], ["Phone"])


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('ID;PWXL;N;E\r\nP;PGeneral\r\nC;Y1;X1;K"09121110000"\r\nE\r\n', "SYLK"),
        ("MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n\r\n09121110000\r\n", "MHTML"),
        ("From: <Saved by x>\r\nSubject: a\r\n b\r\nMIME-Version: 1.0\r\n\r\n09121110000\r\n", "MHTML"),
        ("<!-- made by x -->\n<html><table><tr><td>09121110000</td></tr></table></html>", "HTML"),
        ("<div><table><tr><td>09121110000</td></tr></table></div>", "HTML"),
        (
            'TABLE\n0,1\n"EXCEL"\nVECTORS\n0,2\n""\nDATA\n0,0\n""\n-1,0\nBOT\n1,0\n"09121110000"\n-1,0\nEOD\n',
            "DIF",
        ),
    ],
)
def test_what_only_seems_a_list_is_named(text: str, what: str) -> None:
    with pytest.raises(BadInput, match=what):
        read(text, name="list.xls")


def test_contacts_of_google_in_persian() -> None:
    rows, facts = read(
        "نام,تلفن 1 - برچسب,تلفن 1 - مقدار,تلفن ۲ - برچسب,تلفن ۲ - مقدار\n"
        "علی,موبایل,+98 912 111 0000 ::: 02188776655,منزل,021 8877 6650\nسارا,,,منزل,09121110001\n"
    )
    assert called(rows) == THREE[:2]
    assert facts.columns == ["تلفن 1 - مقدار", "تلفن ۲ - مقدار"]


def test_codes_beside_local_numbers_are_not_the_reason() -> None:
    text = "نام,کدپستی,تلفن\nعلی,1136945671,88776655\nرضا,1136945672,88776656\n"
    with pytest.raises(BadInput, match="without its area code"):
        read(text)
    assert len(called(read(text, area="021")[0])) == 2


def test_bills_that_look_like_mobiles_are_not_recommended() -> None:
    lines = [f"912765{n:04},1234567,0218877{n:04}" for n in range(1, 4)]
    rows, facts = read("\n".join(["شناسه قبض,شناسه پرداخت,تلفن مشترک", *lines]))
    assert (len(called(rows)), facts.columns, facts.notes) == (3, ["تلفن مشترک"], [])


def test_a_header_that_is_repeated_between_the_rows_is_no_person() -> None:
    rows, facts = read("نام,موبایل\nعلی,09121110000\nنام,موبایل\nسارا,09121110001\n")
    assert (called(rows), len(rows), facts.left_out) == (THREE[:2], 2, {"header": 2})


def test_people_whose_number_stands_in_another_column_are_told() -> None:
    text = "نام,موبایل,نام,موبایل\nعلی,09121110000,سارا,09121110001\nرضا,,مینا,09121110002\nم,09121110003,,\n"
    rows, facts = read(text)
    assert called(rows) == [THREE[0], "+989121110003"]
    assert facts.elsewhere == 1
    assert any("Other columns hold mobiles too: موبایل (2);" in str(note) for note in facts.notes)
    assert any("not chosen: 1;" in str(note) for note in facts.notes)
    assert called(read(text, Choices("2,4"))[0]) == [THREE[0], THREE[2], "+989121110003"]


PHONE = "09120000000"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "written",
    [
        [[PHONE, "a\nb", ""]],
        [[PHONE, "a\nb", "", ""]],
        [["a\nb", PHONE, ""]],
        [["", "a\nb", PHONE]],
        [[PHONE, "a\nb\nc\nd", "x"]],
        [[PHONE, "a\n\nb", ""]],
        [[PHONE, "\n", ""]],
        [[PHONE, "a\nb", "c\nd", ""]],
        [[PHONE, "a\nb", ""], ["09120000001", "c\nd", ""], ["09120000002", "e\nf", "x"]],
        [["موبایل", "نشانی", "شهر"], [PHONE, "تهران\nخیابان ولی‌عصر", "تهران"]],
        [["موبایل", "نشانی", "همراه دوم"], [PHONE, "a\nb", "09350000000"]],
        [["موبایل", "نشانی\nکامل", "شهر"], [PHONE, "a, b\nc", ""], ["09120000001", 'a "b"\nc', ""]],
    ],
)
def test_a_cell_with_a_line_break_is_one_cell_however_wide_its_record(
    written: list[list[str]], end: str
) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator=end).writerows(written)
    rows, facts = read(out.getvalue())
    assert facts.lines == len(written)
    numbers = [cell for cells in written for cell in cells if cell.startswith("0912")]
    assert called(rows) == [f"+98{number[1:]}" for number in numbers]


@pytest.mark.parametrize("text", ['0912000000{},"\n",0912000001{}\n', '0912000000{},"x\ny",0912000001{}\n'])
def test_two_stray_marks_around_a_line_break_swallow_no_number(text: str) -> None:
    _, facts = read("".join(text.format(n, n) for n in range(3)))
    assert facts.lines == 6
