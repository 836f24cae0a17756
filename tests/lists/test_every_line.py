"""Any list: each line of the file is accounted for, and nothing is called that a person would not call a telephone.

``--lists=3400`` makes ten thousand.
"""

from __future__ import annotations

import contextlib
import csv
import datetime
import io

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import BadInput
from engine.services.lists.choices import Choices, HiddenRows
from engine.services.lists.list_reading import open_reading
from engine.services.numbering.numbers import NumberRules

pytestmark = pytest.mark.timeout(3600)  # a test makes as many lists as it is told

TELEPHONES = st.one_of(
    st.integers(0, 9_999_999).map("0912{:07d}".format),
    st.integers(0, 9_999_999).map("912{:07d}".format),
    st.integers(0, 9_999_999).map("+98935{:07d}".format),
    st.integers(0, 9_999_999).map("0098 912 {:07d}".format),
    st.integers(0, 999).map("۰۹۱۲-۱۱۱-۰{:03d}".format),
    st.integers(0, 999).map("0912 111 0{:03d}#".format),
    st.integers(0, 999).map("tel:0912-111-0{:03d}".format),
    st.integers(1_000_000, 9_999_999).map("0218{:07d}".format),
)
NO_TELEPHONES = st.one_of(
    st.sampled_from(
        [
            "",
            " ",
            "-",
            "abc",
            "علی",
            "1405/08/30",
            "28-11-2026",
            "2026-11-28 10:00",
            "14050830",
            "26:30:00",
            "TRUE",
            "#N/A",
            "0.9121110023",
            "35.72198750",
        ]
    ),
    st.integers(1, 99_999).map(str),
    st.integers(1, 99_999).map("-{}000".format),
    st.floats(0, 1e12, allow_nan=False).map("{:.2f}".format),
    st.integers(0, 9_999_999_999_999_999).map("{:016d}".format),
    st.integers(0, 9).map("2188776655-{}".format),
)
CODES = st.integers(10_000, 99_999).map("11419{:05d}".format)  # postal codes, that might be landlines
NAMES = st.sampled_from(
    [
        "نام",
        "name",
        "کد پستی",
        "کد ملی",
        "ردیف",
        "مبلغ",
        "تاریخ",
        "شماره قرارداد",
        "x",
        "شهر",
        "",
        "Address 1",
        "بدهی",
    ]
)
MOBILE_NAMES = st.sampled_from(
    [
        "موبایل",
        "شماره موبایل مشتری",
        "تلفن همراه",
        "Mobile No",
        "\u200fموبايل",
        "همـراه",
        "mobile_1",
        "CellPhone",
    ]
)
NUMBER_NAMES = st.one_of(MOBILE_NAMES, st.sampled_from(["phone", "شماره تماس", "number", "شماره", "Tel."]))
NOTES = st.sampled_from(
    [
        "",
        "x",
        'TV 32"',
        '"open',
        'a "b" c',
        "a, b",
        "a\nb",
        "سلام، دنیا",
        '"',
        "x;y",
        '""',
        '"a" b',
        "a|b",
        "'",
        "5'11\"",
    ]
)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1256"])
TITLES = st.sampled_from(["گزارش بدهکاران", "Report 1405/08/30", "شماره تلفن‌های مشتریان", "لیست"])


@st.composite
def tables(draw):
    """Rows of cells, the telephones among them, and whether a row names the columns."""
    width = draw(st.integers(1, 5))
    place = draw(st.integers(0, width - 1))
    rows, telephones = [], set()
    has_header = draw(st.integers(0, 4)) > 0
    codes = has_header and draw(st.booleans())
    others = st.one_of(NO_TELEPHONES, CODES) if codes else NO_TELEPHONES
    if has_header:
        for _ in range(draw(st.integers(0, 2))):
            rows.append([draw(TITLES)] + [""] * (width - 1))
        if draw(st.integers(0, 5)) == 0:
            rows.append([""] * width)
        header = [draw(NAMES) for _ in range(width)]
        header[place] = draw(MOBILE_NAMES if codes else NUMBER_NAMES)
        rows.append(header)
    for _ in range(draw(st.integers(1, 12))):
        if draw(st.integers(0, 9)) == 0:
            rows.append([""] * width)
            continue
        row = [draw(st.one_of(NOTES, others)) for _ in range(width)]
        if draw(st.integers(0, 3)):
            row[place] = draw(TELEPHONES)
            telephones.add(row[place].strip())
        else:
            row[place] = draw(others)
        rows.append(row)
    return rows, telephones


def read(data: bytes, name: str, choices: Choices = Choices()):
    with open_reading(
        io.BytesIO(data), name, choices, NumberRules("21"), max_rows=1_000, chunk_rows=100
    ) as reader:
        rows = [row for chunk in reader for row in chunk]
        return rows, reader.facts()


def hold(rows, facts, telephones: set[str], lines: int) -> None:
    assert facts.lines == lines
    assert facts.lines + facts.more == len(rows) + facts.left_out.total()
    called = [row.raw for row in rows if row.reason is None]
    assert set(called) <= telephones, [raw for raw in called if raw not in telephones]


def encoded(text: str, encoding: str) -> bytes:
    """In an encoding, or in UTF-8 what it cannot write."""
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        return text.encode()


@settings(settings.get_profile("lists"))
@given(tables(), st.sampled_from(",;\t|،؛~^¦"), ENCODINGS,
       st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), st.sampled_from(["\n", "\r\n"]))  # fmt: skip
def test_a_text_file_that_a_program_wrote(table, delimiter, encoding, quoting, end) -> None:
    rows, telephones = table
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=end).writerows(rows)
    with contextlib.suppress(BadInput):
        found, facts = read(encoded(out.getvalue(), encoding), "list.csv")
        hold(found, facts, telephones, len(rows))


@settings(settings.get_profile("lists"))
@given(tables(), st.sampled_from(",;\t|"), ENCODINGS, st.sampled_from(["\n", "\r\n", "\r"]))
def test_a_text_file_without_any_care_for_quotes(table, delimiter, encoding, end) -> None:
    rows, telephones = table
    lines = [delimiter.join(cell.replace("\n", " ").replace(delimiter, "/") for cell in row) for row in rows]
    with contextlib.suppress(BadInput):
        found, facts = read(encoded(end.join([*lines, ""]), encoding), "list.csv")
        # A mark that meets its partner in a line below is a cell of several lines; none of them has a telephone.
        assert facts.lines <= len(rows)
        hold(found, facts, telephones, facts.lines)
        lines_found, cells_found = {row.line for row in found}, {row.raw.strip() for row in found}
        for line, row in enumerate(rows, 1):
            # The line with the telephone may be the second one of a record, which then has it.
            held = telephones.intersection(map(str.strip, row))
            assert not held or line in lines_found or held <= cells_found


def as_typed(draw, text: str) -> object:
    """A cell as a spreadsheet may hold what stands there: as text, as a number, a date, a span of time."""
    if not draw(st.booleans()):
        return text or None
    if text.isascii() and text.isdecimal() and len(text) < 15 and text[0] != "0":
        return draw(st.sampled_from([int(text), float(text)]))
    if text == "2026-11-28 10:00":
        return datetime.datetime(2026, 11, 28, 10)
    if text == "26:30:00":
        return datetime.timedelta(hours=draw(st.integers(26, 9_129_999)))
    return text or None


@settings(settings.get_profile("lists"))
@given(tables(), st.data(), st.sampled_from(list(HiddenRows)))
def test_a_workbook(table, data, hidden_rows) -> None:
    rows, telephones = table
    book = openpyxl.Workbook()
    if data.draw(st.booleans()):
        book.active.append(["راهنما: شماره‌ها در برگهٔ دیگر است"])
        book.create_sheet("داده")
    sheet = book.worksheets[-1]
    for number, row in enumerate(rows, 1):
        for place, cell in enumerate(row, 1):
            sheet.cell(number, place, as_typed(data.draw, cell))
    if data.draw(st.booleans()):
        book.create_sheet("دیگر").append(["شماره", "09350000000"])
    if len(rows[0]) > 1 and data.draw(st.booleans()):
        sheet.column_dimensions["B"].hidden = True
    hidden = data.draw(st.sets(st.integers(len(rows) - 1, len(rows))))
    for line in hidden:
        sheet.row_dimensions[line].hidden = True
    out = io.BytesIO()
    book.save(out)
    with contextlib.suppress(BadInput):
        found, facts = read(out.getvalue(), "list.xlsx", Choices(hidden_rows=hidden_rows))
        if facts.sheets[-1].is_read and facts.sheets[-1].name == "دیگر":
            return  # nothing in the first one is surely a number
        # Blank rows at the end are no lines of a sheet; openpyxl writes none.
        filled = max((n for n, row in enumerate(rows, 1) if any(cell for cell in row)), default=0)
        assert filled <= facts.lines <= len(rows)
        hold(found, facts, telephones, facts.lines)
        if hidden_rows == HiddenRows.SKIP:
            assert not {row.line for row in found if row.reason is None} & hidden
