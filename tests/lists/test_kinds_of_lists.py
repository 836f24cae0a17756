"""Lists of the kinds that people really bring; each small, and made here."""

from __future__ import annotations

import datetime
import io
import zipfile

import openpyxl
import pytest

from engine.errors import BadInput
from engine.services.lists.choices import Choices
from engine.services.lists.reader import open_list
from engine.services.numbering.numbers import NumberRules
from engine.services.reports.files import write_xlsx

PEOPLE = ["Ali,09121110000", "Reza,09121110001", "Sara,09121110002"]


def read(data: bytes | str, choices: Choices = Choices(), name: str = "list.csv", **accepted):
    content = data if isinstance(data, bytes) else data.encode()
    with open_list(io.BytesIO(content), choices, NumberRules(**accepted), filename=name) as reader:
        rows = [row for chunk in reader for row in chunk]
        facts = reader.facts()
    assert facts.lines + facts.more == len(rows) + facts.left_out.total()
    return rows, facts


def called(rows) -> list[str]:
    return [row.number.e164 for row in rows if row.reason is None]


def workbook(**sheets: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    "bad",
    ['"Ali,09121110000', 'A "li,09121110000', '"Ali"x,09121110000', 'Ali,"09121110000', '"Ali",09121110000"'],
)
def test_a_quote_without_a_partner_swallows_no_line(bad: str) -> None:
    rows, facts = read("\n".join(["name,number", bad, *PEOPLE[1:], '"Zahra,09121110003', "Omid,09121110004"]))
    assert len(called(rows)) == 5
    assert "5" in str(facts.notes[0])


def test_two_stray_quotes_at_ends_of_lines_swallow_no_number() -> None:
    rows, _ = read('number\tname\n09121110000\tx\n09121110001\t"\n09121110002\t"\n09121110003\ty\n')
    assert len(called(rows)) == 4


def test_a_stray_quote_takes_no_part_of_the_next_row() -> None:
    rows, _ = read(',,,"open,\n09120000000,,,TV 32",\n09120000001,,,,\n')
    assert called(rows) == ["+989120000000", "+989120000001"]


def test_a_cell_of_several_lines_is_one() -> None:
    rows, facts = read('name,number\n"Ali\nR, ""x""",09121110000\nReza,09121110001\n')
    assert (len(rows), facts.lines, rows[0].cells) == (2, 3, ['Ali\nR, "x"'])


@pytest.mark.parametrize("title", ["کد پستی", "کد ملی", "شماره قرارداد", "شناسه قبض", "account no"])
def test_codes_are_never_chosen(title: str) -> None:
    lines = [f"{1_141_900_000 + n},{'' if n == 3 else f'0912111{n:04}'}" for n in range(30)]
    rows, facts = read("\n".join([f"{title},همراه مشتری", *lines]))
    assert facts.columns == ["همراه مشتری"]
    assert len(called(rows)) == 29
    with pytest.raises(BadInput, match="certainly"):
        read("\n".join([f"{title},x", *(f"{1_141_900_000 + n},a" for n in range(30))]))


def test_titles_above_the_header_and_what_nobody_sees_in_it() -> None:
    text = "لیست شماره موبایل‌ها,,\n\nنام,\u200fشماره\u200cموبایل,مبلغ\nعلی,09121110000,5\n"
    rows, facts = read(text, Choices("شماره موبایل"))
    assert (called(rows), facts.left_out) == (["+989121110000"], {"header": 1, "title": 1, "blank": 1})


def test_a_header_may_name_one_column_alone() -> None:
    rows, facts = read("Mobile No,\n09121110000,x\n1141989336,y\n02188776655,z\n")
    assert (called(rows), facts.header_line) == (["+989121110000", "+982188776655"], 1)


def test_sheets_are_told_and_chosen() -> None:
    data = workbook(
        راهنما=[["شماره‌ها در برگهٔ بعد"]], الف=[["شماره"], ["09121110000"]], ب=[["شماره"], ["09121110001"]]
    )
    rows, facts = read(data, name="a.xlsx")
    assert called(rows) == ["+989121110000"]
    assert [(one.name, one.is_read) for one in facts.sheets] == [
        ("راهنما", False),
        ("الف", True),
        ("ب", False),
    ]
    assert called(read(data, Choices(sheet="ب"), "a.xlsx")[0]) == ["+989121110001"]


def test_our_own_workbook_is_one_list_on_all_its_sheets() -> None:
    out = io.BytesIO()
    write_xlsx(out, ["number", "source"], [(f"0912111{n:04}", "key") for n in range(25)], sheet_rows=11)
    rows, facts = read(out.getvalue(), name="do-not-call.xlsx")
    assert len(called(rows)) == 25
    assert all(sheet.is_read for sheet in facts.sheets)


DATES = [
    "1405/08/30", "1405-08-31", "۱۴۰۵/۰۸/۳۰", "2026-11-28", "28/11/2026", "28.11.26", "84/03/12", "20261128", "14050830",
    "30081405", "2026-11-28T10:20:00Z", "1405/08/30 10:20", "1405/08/30-1405/09/30",
]  # fmt: skip


@pytest.mark.parametrize("date", DATES)
def test_a_date_is_no_local_number(date: str) -> None:
    rows, _ = read(f"شماره تلفن,نام\n88776655,علی\n{date},رضا\n", area="21")
    assert [(row.raw, row.reason) for row in rows] == [("88776655", None), (date, "date")]


@pytest.mark.parametrize("value", [datetime.datetime(2026, 11, 28), datetime.datetime(2026, 11, 28, 10, 20)])
def test_a_date_cell_is_no_local_number(value: datetime.datetime) -> None:
    data = workbook(a=[["تلفن", "نام"], ["88776655", "علی"], [value, "رضا"]])
    rows, _ = read(data, name="a.xlsx", area="21")
    assert [row.reason for row in rows] == [None, "date"]


@pytest.mark.parametrize(
    "code", ["[h]:mm", "[h]:mm:ss", "[mm]:ss", "[ss]", "h:mm", "yyyy/mm/dd", "[$-409]d-mmm-yy"]
)
def test_a_large_number_shown_as_a_time_is_read(code: str) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["شماره", "مدت", "مبلغ"])
    for n in range(3):
        sheet.append([9121110000 + n, datetime.timedelta(hours=30 + n), 25_000_000_000])
        for cell in sheet[sheet.max_row]:
            cell.number_format = code
    out = io.BytesIO()
    book.save(out)
    rows, _ = read(out.getvalue(), name="a.xlsx")
    assert called(rows) == [f"+98912111000{n}" for n in range(3)]
    assert rows[0].cells[1] == "25000000000"


@pytest.mark.parametrize(
    "delimiter", ["|", "||", " | ", "،", "؛", "،، ", "~", "^", "¦", ":", "/", "#", "*", ">", "•"]
)
def test_what_parts_cells_is_found(delimiter: str) -> None:
    lines = [["نام", "شماره"], *(line.split(",") for line in PEOPLE)]
    rows, facts = read("\n".join(map(delimiter.join, lines)))
    assert called(rows) == ["+989121110000", "+989121110001", "+989121110002"]
    assert (facts.columns, rows[0].cells[0].strip()) == (["شماره"], "Ali")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "،"])
@pytest.mark.parametrize("inner", ["", '""'])
def test_whole_rows_in_quotes_are_read(delimiter: str, inner: str) -> None:
    lines = [["name", "number"], *(line.split(",") for line in PEOPLE)]
    text = "\n".join('"' + delimiter.join(inner + cell + inner for cell in line) + '"' for line in lines)
    rows, _ = read(text)
    assert (called(rows), rows[0].cells) == (["+989121110000", "+989121110001", "+989121110002"], ["Ali"])


@pytest.mark.parametrize("delimiter", ["  ", "_", "-"])
@pytest.mark.parametrize("header", ["نام{}شماره", "a{}b"])
def test_cells_that_nothing_parts_are_named(delimiter: str, header: str) -> None:
    lines = [header.format(delimiter), *(line.replace(",", delimiter) for line in PEOPLE)]
    with pytest.raises(BadInput, match=r"^The delimiter of list\.csv is not recognised: line 2 is «Ali"):
        read("\n".join(lines))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("header", ["name,number", "نام,شماره", "علی,09121119999"])
def test_utf_16_without_a_mark_is_read(encoding: str, header: str) -> None:
    rows, facts = read("\r\n".join([header, *PEOPLE, ""]).encode(encoding))
    assert called(rows)[-3:] == ["+989121110000", "+989121110001", "+989121110002"]
    assert facts.encoding == encoding


def test_contacts_of_google() -> None:
    header = "First Name,Phone 1 - {0},Phone 1 - Value,Phone 2 - {0},Phone 2 - Value,E-mail 1 - Value"
    lines = [
        "Ali,Mobile,+98 912 111 0000 ::: +98 21 8877 6655,Home,021 8877 6650,a@b.c",
        "Sara,,,Home,0912 111 0001,",
        "Reza,Mobile,,,,",
    ]
    for word in ("Label", "Type"):
        rows, facts = read("\n".join([header.format(word), *lines]))
        assert called(rows) == ["+989121110000", "+989121110001"]
        assert facts.columns == ["Phone 1 - Value", "Phone 2 - Value"]
        assert "choose" not in " ".join(map(str, facts.notes))
    assert len(called(read("\n".join([header.format("Label"), *lines]), Choices(several="all"))[0])) == 3


@pytest.mark.parametrize("written", ["+0989121110018", "++989121110018", "0912-111-001", " 0912x"])
def test_what_is_refused_is_shown_as_it_was_written(written: str) -> None:
    rows, _ = read(f"number,name\n09121110000,a\n{written},b\n")
    assert rows[1].raw == written.strip()
    assert rows[1].reason is not None


def test_an_address_cell_of_two_lines_and_a_cell_of_two_numbers_stay_one() -> None:
    rows, _ = read(
        'name;number\n"x;y";"09121110000\n09121110001"\nReza;09121110002\n', Choices(several="all")
    )
    assert called(rows) == ["+989121110000", "+989121110001", "+989121110002"]
    rows, facts = read(';;;\na;a;mobile;a\n"x;y";"a\nb";09120000000;\n')
    assert (called(rows), rows[0].cells[:2], facts.lines) == (["+989120000000"], ["x;y", "a\nb"], 3)


@pytest.mark.parametrize("several", ["none", "first", "all"])
def test_two_numbers_in_a_cell_are_a_choice(several: str) -> None:
    rows, facts = read("number\n09121110000 / 09121110001\n09121110002\n", Choices(several=several))
    assert len(called(rows)) == {"none": 1, "first": 2, "all": 3}[several]
    assert facts.several == 1


@pytest.mark.parametrize("several", ["none", "first", "all"])
def test_a_number_with_words_beside_it_is_a_choice(several: str) -> None:
    rows, facts = read("number\n09121110000 علی\n09121110002\n", Choices(several=several))
    assert called(rows) == {"none": ["+989121110002"]}.get(several, ["+989121110000", "+989121110002"])
    assert (rows[0].raw, facts.beside_words, facts.several) == ("09121110000 علی", 1, 0)
    assert any("words" in str(note) for note in facts.notes)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (",09121110000\nx,-\nx,09121110001\n", "09121110000"),
        ("09121110000 x\nx\n09121110001\n", "09121110000 x"),
    ],
)
def test_a_number_above_a_row_of_words_is_not_lost_as_a_title(text: str, first: str) -> None:
    rows, facts = read(text)
    assert (rows[0].raw, len(rows), facts.header_line) == (first, 3, 0)


def test_a_letterhead_with_a_number_is_never_called() -> None:
    rows, _ = read("لیست مشتریان - تماس 09121119999\nموبایل\n09121110000\n", Choices(several="all"))
    assert called(rows) == ["+989121110000"]


def test_a_second_column_helps_where_the_first_has_none() -> None:
    rows, _ = read("موبایل,منزل\n09121110000,02188776655\n,02188776656\n", Choices("موبایل,منزل"))
    assert called(rows) == ["+989121110000", "+982188776656"]


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"<html><table><tr><td>09121110000</td></tr></table></html>", "a web page"),
        (b"BEGIN:VCARD\r\nTEL:09121110000\r\nEND:VCARD\r\n", "vCard"),
        (b'[{"number": "09121110000"}]', "a JSON file"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500) + "EncryptedPackage".encode("utf-16-le"),
            "a password",
        ),
    ],
)
def test_what_is_no_list_is_named(data: bytes, what: str) -> None:
    with pytest.raises(BadInput, match=what):
        read(data, name="list.xls")


def test_parts_with_backslashes_under_other_names() -> None:
    data = workbook(a=[["number"], ["09121110000"]])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.infolist():
            new.writestr(part.filename.replace("/", "\\"), old.read(part))
    assert called(read(out.getvalue(), name="a.xlsx")[0]) == ["+989121110000"]


def test_a_first_row_whose_cells_hold_two_numbers_each_is_no_header() -> None:
    people = "".join(f"a,Mobile,0912111000{i} ::: 02188776655\n" for i in range(9))
    rows, facts = read("Name,Phone 1 - Type,Phone 1 - Value\n" + people)
    assert (facts.header_line, len(called(rows))) == (1, 9)


def test_the_number_of_the_sender_above_the_header_is_not_called() -> None:
    rows, facts = read("تماس: 02188776655\nشماره موبایل\n09121110000\n09121110001\n")
    assert called(rows) == ["+989121110000", "+989121110001"]
    assert facts.left_out == {"title": 1, "header": 1}


def test_ten_digits_of_which_many_are_no_number_are_codes() -> None:
    codes = ["1141993908", "1135414002", "1151050631", "1144556677", "1998877665", "1417753911", "1599637812"]
    with pytest.raises(BadInput, match="may hold codes"):
        read("\n".join(codes))


def test_places_on_a_map_are_not_called() -> None:
    rows = [f"35.7219875{i},51.3347543{i},0912111000{i}" for i in range(8)]
    found, facts = read("\n".join(["x,y,z", *rows]), area="021")
    assert (facts.columns, len(called(found))) == (["z"], 8)
    with pytest.raises(BadInput):
        read("\n".join(["x,y", *(row[:23] for row in rows)]), area="021")
