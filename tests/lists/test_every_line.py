"""Any list: each line of the file is accounted for, and nothing is called that a person would not call a telephone."""

from __future__ import annotations

import contextlib
import csv
import io

import openpyxl
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BadInput
from engine.services.lists.choices import Choices, HiddenRows
from engine.services.lists.reader import open_list

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
    ["نام", "name", "کد پستی", "کد ملی", "ردیف", "مبلغ", "تاریخ", "شماره قرارداد", "x", "شهر", ""]
)
MOBILE_NAMES = st.sampled_from(
    ["موبایل", "شماره موبایل مشتری", "تلفن همراه", "Mobile No", "\u200fموبايل", "همـراه"]
)
NUMBER_NAMES = st.one_of(MOBILE_NAMES, st.sampled_from(["phone", "شماره تماس", "number", "شماره"]))
NOTES = st.sampled_from(
    ["", "x", 'TV 32"', '"open', 'a "b" c', "a, b", "a\nb", "سلام، دنیا", '"', "x;y", '""']
)


@st.composite
def tables(draw):
    """Rows of cells with the place of the numbers, the telephones among them, and how many lines there are."""
    width = draw(st.integers(1, 4))
    place = draw(st.integers(0, width - 1))
    rows, telephones = [], set()
    codes = draw(st.booleans())
    others = st.one_of(NO_TELEPHONES, CODES) if codes else NO_TELEPHONES
    for _ in range(draw(st.integers(0, 2))):
        rows.append(["گزارش بدهکاران"] + [""] * (width - 1))
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
    with open_list(io.BytesIO(data), choices, filename=name, default_area="021") as reader:
        rows = [row for chunk in reader for row in chunk]
        return rows, reader.facts()


def hold(rows, facts, telephones: set[str], lines: int) -> None:
    assert facts.lines == lines
    assert facts.lines + facts.more == len(rows) + facts.left_out.total()
    called = [row.raw for row in rows if row.reason is None]
    assert set(called) <= telephones, [raw for raw in called if raw not in telephones]


@given(tables(), st.sampled_from(",;\t|،"), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le"]),
       st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), st.sampled_from(["\n", "\r\n"]))  # fmt: skip
def test_a_text_file_that_a_program_wrote(table, delimiter, encoding, quoting, end) -> None:
    rows, telephones = table
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=end).writerows(rows)
    with contextlib.suppress(BadInput):
        found, facts = read(out.getvalue().encode(encoding), "list.csv")
        hold(found, facts, telephones, len(rows))


@given(tables(), st.sampled_from(",;\t"))
def test_a_text_file_without_any_care_for_quotes(table, delimiter) -> None:
    rows, telephones = table
    lines = [delimiter.join(cell.replace("\n", " ").replace(delimiter, "/") for cell in row) for row in rows]
    with contextlib.suppress(BadInput):
        found, facts = read("\n".join([*lines, ""]).encode(), "list.csv")
        # A mark that meets its partner some lines further down is a cell of several lines.
        cells = sum(row.raw.count("\n") + sum(cell.count("\n") for cell in row.cells) for row in found)
        hold(found, facts, telephones, len(rows) - cells)


@given(tables(), st.data(), st.sampled_from(list(HiddenRows)))
def test_a_workbook(table, data, hidden_rows) -> None:
    rows, telephones = table
    book = openpyxl.Workbook()
    if data.draw(st.booleans()):
        book.active.append(["راهنما: شماره‌ها در برگهٔ دیگر است"])
        book.create_sheet("داده")
    sheet = book.worksheets[-1]
    for row in rows:
        sheet.append([cell or None for cell in row])
    hidden = data.draw(st.sets(st.integers(len(rows) - 1, len(rows))))
    for line in hidden:
        sheet.row_dimensions[line].hidden = True
    out = io.BytesIO()
    book.save(out)
    with contextlib.suppress(BadInput):
        found, facts = read(out.getvalue(), "list.xlsx", Choices(hidden_rows=hidden_rows))
        # Blank rows at the end are no lines of a sheet; openpyxl writes none.
        filled = max((n for n, row in enumerate(rows, 1) if any(cell for cell in row)), default=0)
        assert filled <= facts.lines <= len(rows)
        hold(found, facts, telephones, facts.lines)
        if hidden_rows == HiddenRows.SKIP:
            assert not {row.line for row in found if row.reason is None} & hidden
