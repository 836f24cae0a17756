"""Files made to break the reader, by accident or on purpose: one clear sentence each."""

from __future__ import annotations

import contextlib
import io
import re
import tracemalloc
import zipfile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BadInput
from engine.services.lists.list_reading import open_reading
from engine.services.lists.opc import MAX_PARTS, Package
from engine.services.lists.reader import open_list
from engine.services.numbering.reasons import Reason


def read(data, filename="list.csv", **options):
    with open_list(io.BytesIO(data), filename=filename, **options) as reader:
        return [row for chunk in reader for row in chunk]


def read_here(data, filename):
    """As the worker reads, in this process: its memory can be looked at."""
    with open_reading(io.BytesIO(data), filename, max_rows=1_000, chunk_rows=1_000) as reading:
        return [row for chunk in reading for row in chunk]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "list.csv is empty."),
        (b"\xef\xbb\xbf", "list.csv is empty."),
        (b"\n\n , ,\n", "list.csv is empty."),
        (b"number,name\n", "list.csv has a header in line 1 and no rows."),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "list.csv is a JPEG picture, not a list of numbers."),
        (b"\x89PNG\r\n\x1a\n", "list.csv is a PNG picture, not a list of numbers."),
        (b"%PDF-1.7", "a PDF document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is a document of an old Office program, not a workbook"),
        (b"number\n0912\x003456789\n", "Line 2 of list.csv holds a NUL byte"),
        (b"number\n09123456789\n\xd8", "ends in the middle of a letter"),
        ("number,n\n09123456789,Müller é ö ß Čapek\n".encode("cp1250"), "Line 2 of list.csv is neither"),
        ("number,n\n09123456789,Привет Иван\n".encode("cp1251"), "neither UTF-8 nor Windows-1256"),
        ("number,n\n1,علی رضایی\n2,زهرا\n".encode() + b"3,\xc7\n", "Line 4 of list.csv is damaged"),
        (
            b"a,b\nfoo,bar\nx,y\n",
            "No column of list.csv holds telephone numbers: line 2 has column 1 «foo», ",
        ),
        (b"number\n" + b"x" * 1_000_001, "Line 2 of list.csv is longer than 1,000,000 bytes"),
        (b'number\n"' + b"1" * 200_000, "Line 2 of list.csv has a cell of more than 131,072 characters."),
        (
            b"number\n09123456789" + b",1" * 300 + b"\n",
            "Line 2 of list.csv has 301 columns; a list may have 256.",
        ),
        (
            b"number\nabc\n1\n0950345678\n",
            "No number in column «number» of list.csv can be called: line 2 has «abc» (This is not a telephone "
            "number.), line 3 has «1» (The number has too few digits.), line 4 has «0950345678» (The number has "
            "too few digits.).",
        ),
    ],
)
def test_one_sentence_that_says_what_and_where(data, sentence):
    with pytest.raises(BadInput, match=re.escape(sentence)):
        read(data)


def test_limits_of_size_and_rows():
    with pytest.raises(BadInput, match="has 19 bytes; a list may have 10"):
        read(b"number\n09123456789\n", max_bytes=10)
    with pytest.raises(BadInput, match=r"more than 2 rows \(line 4\); split it"):
        read(b"number\n09123456789\n09123456780\n09123456781\n", max_rows=2)


def test_a_hundred_megabytes_in_one_line_take_little_memory():
    data = b"0" * 100_000_000
    tracemalloc.start()
    try:
        with pytest.raises(BadInput, match=r"Line 1 of .* is longer than"):
            read_here(data, "list.csv")
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data):
    with contextlib.suppress(BadInput):
        read(data)


def simple_workbook():
    book = openpyxl.Workbook()
    for number in range(50):
        book.active.append([f"0912{number:07}", "x" * 50])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def repacked(data, **changed):
    """Return a workbook with parts replaced: keys are part names with / as __ and . as _DOT_."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(
                part.filename, changed.get(part.filename.rsplit("/")[-1].split(".")[0], old.read(part))
            )
    return out.getvalue()


def renamed(data, part, place):
    """Return a workbook with a part under another name, and the relationships that name it."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for one in old.infolist():
            content = old.read(one)
            if one.filename.endswith((".rels", "Types].xml")):
                content = content.replace(b"/" + part.encode(), b"/" + place.encode())
            new.writestr(place if one.filename == part else one.filename, content)
    return out.getvalue()


SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    '<row r="1"><c r="A1" t="inlineStr"><is><t>09123456789</t></is></c></row>{}</sheetData></worksheet>'
)


def test_a_workbook_cut_anywhere_is_refused_or_read():
    data = simple_workbook()
    assert len(read(data, "list.xlsx")) == 50
    for end in range(0, len(data) - 1, 97):
        with pytest.raises(BadInput):
            read(data[:end], "list.xlsx")


@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=30))
def test_a_workbook_damaged_anywhere_is_refused_or_read(position, noise):
    data = bytearray(simple_workbook())
    position %= len(data)
    data[position : position + len(noise)] = noise
    with contextlib.suppress(BadInput):
        read(bytes(data), "list.xlsx")


def test_a_zip_bomb_is_refused_by_its_directory():
    bomb = repacked(simple_workbook(), sheet1=SHEET.format("<!-- " + " " * 5_000_000 + "-->"))
    assert len(bomb) < 50_000
    with pytest.raises(BadInput, match="more than a list may have"):
        Package(io.BytesIO(bomb), "list.xlsx", max_unpacked=1_000_000)


def test_too_many_parts_are_named():
    made = io.BytesIO(simple_workbook())
    with zipfile.ZipFile(made, "a") as file:
        for number in range(MAX_PARTS):
            file.writestr(f"xl/media/{number}", b"")
    with pytest.raises(BadInput, match=r"has 2,\d\d\d parts, more than a list may have \(2,000\)"):
        Package(made, "list.xlsx")


def test_a_zip_directory_that_lies_is_refused():
    data = bytearray(repacked(simple_workbook(), sheet1=SHEET.format(" " * 3_000_000)))
    real = (3_000_000 + len(SHEET) - 2).to_bytes(4, "little")
    assert data.count(real) == 2
    data = bytes(data).replace(real, (1_000).to_bytes(4, "little"))
    with pytest.raises(BadInput, match="damaged or cut short"):
        read(data, "list.xlsx")


@pytest.mark.parametrize(
    "cells",
    [
        '<row r="1048576"><c r="XFD1048576" t="n"><v>1</v></c></row>',
        "<row r='1048576'><c  t='n' r = 'xfd1048576' ><v>1</v></c></row>",
    ],
)
@pytest.mark.parametrize("place", ["xl/worksheets/sheet1.xml", "xl/elsewhere/people.xml", "people.dat"])
def test_a_cell_in_the_last_corner_takes_no_memory(cells, place):
    data = repacked(simple_workbook(), sheet1=SHEET.format(cells))
    data = renamed(data, "xl/worksheets/sheet1.xml", place)
    tracemalloc.start()
    try:
        with pytest.raises(
            BadInput, match=r"Line 1048576 of list\.xlsx has 16,384 columns; a list may have 256"
        ):
            read_here(data, "list.xlsx")
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_a_cell_far_down_is_read():
    cells = '<row r="900000"><c r="AA900000"><v>1</v></c></row>'
    rows = read(repacked(simple_workbook(), sheet1=SHEET.format(cells)), "list.xlsx")
    assert [(row.line, row.reason) for row in rows] == [(1, None), (900_000, Reason.EMPTY)]


@pytest.mark.parametrize(
    "cells",
    ['<row r="1048577"><c r="A1048577"><v>1</v></c></row>', '<row r="2"><c r="XFE2"><v>1</v></c></row>',
     '<row r="-1"/>', '<row r="2"><c r="A2" t="s"><v>7</v></c></row>', '<row r="2"><c r="A2"><v>1</v></row>'],
)  # fmt: skip
def test_what_no_sheet_has_is_damage(cells):
    with pytest.raises(BadInput, match=r"list\.xlsx is damaged or cut short"):
        read(repacked(simple_workbook(), sheet1=SHEET.format(cells)), "list.xlsx")


def test_entities_are_refused():
    bomb = '<!DOCTYPE a [<!ENTITY b "lol"><!ENTITY c "&b;&b;">]>' + SHEET.format("")
    with pytest.raises(BadInput, match=r"declares XML entities in xl/worksheets/sheet1\.xml"):
        read(repacked(simple_workbook(), sheet1=bomb), "list.xlsx")
    with pytest.raises(BadInput, match="declares XML entities"):
        read(repacked(simple_workbook(), sheet1=bomb.encode("utf-16")), "list.xlsx")


def test_other_zip_files_are_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<a/>")
    with pytest.raises(BadInput, match="a zip file but not an XLSX workbook; unpack it"):
        read(out.getvalue(), "list.xlsx")


def test_an_empty_workbook():
    out = io.BytesIO()
    openpyxl.Workbook().save(out)
    with pytest.raises(BadInput, match="is empty: none of its sheets has a cell"):
        read(out.getvalue(), "list.xlsx")
