"""Result files: readable in Excel, harmless, streamed, whole or not at all."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import tracemalloc

import openpyxl
import pytest

from engine.atomic_file import whole_file
from engine.errors import BadInput, StoreUnavailable
from engine.services.lists.reader import open_list
from engine.services.numbering.numbers import normalise
from engine.services.reports.files import csv_chunks, write_csv, write_report, write_xlsx

COLUMNS = ["number", "نام", "tries", "heard_s", "voted"]
ROWS = [
    ("09123456789", "علی رضایی", 1, 4.5, True),
    ("02188881234", 'with "quotes", and\nlines', 2, -1.5, None),
    ("09351234567", "", 0, 0, False),
]
DANGEROUS = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1+1",
    "=HYPERLINK(1)",
]


def sheets(path_or_stream):
    book = openpyxl.load_workbook(path_or_stream)
    return [[[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in book.worksheets]


def test_csv_opens_in_excel_in_persian(tmp_path):
    path = tmp_path / "result.csv"
    assert write_report(path, COLUMNS, iter(ROWS)) == 3
    assert path.read_bytes().startswith(b"\xef\xbb\xbfnumber,")
    with path.open(encoding="utf-8-sig", newline="") as file:
        read = list(csv.reader(file))
    assert read == [
        COLUMNS,
        ['="09123456789"', "علی رضایی", "1", "4.5", "True"],
        ['="02188881234"', 'with "quotes", and\nlines', "2", "-1.5", ""],
        ['="09351234567"', "", "0", "0", "False"],
    ]


def test_xlsx(tmp_path):
    path = tmp_path / "result.xlsx"
    assert write_report(path, COLUMNS, iter(ROWS)) == 3
    assert sheets(path) == [
        [
            COLUMNS,
            ["09123456789", "علی رضایی", 1, 4.5, True],
            ["02188881234", 'with "quotes", and\nlines', 2, -1.5, None],
            ["09351234567", None, 0, 0, False],
        ]
    ]
    assert [found.name for found in tmp_path.iterdir()] == ["result.xlsx"]


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_cell_becomes_a_formula(text):
    csv_out, xlsx_out = io.BytesIO(), io.BytesIO()
    write_csv(csv_out, ["number", text], [("09123456789", text)])
    rows = list(csv.reader(io.StringIO(csv_out.getvalue().decode("utf-8-sig"), newline="")))
    blank, formula = text[: -len(text.lstrip())], text.lstrip()
    guarded = f"{blank}'{formula}"
    assert rows == [["number", guarded], ['="09123456789"', guarded]]
    write_xlsx(xlsx_out, ["number", text], [("09123456789", text)])
    book = openpyxl.load_workbook(xlsx_out)
    assert {cell.data_type for row in book.active.iter_rows() for cell in row} == {"s"}
    assert book.active["B2"].value.replace("_x000D_", "\r") == text


def test_links_and_odd_values_stay_text():
    out = io.BytesIO()
    row = ("https://evil.example", "{=1}", 10**18, float("nan"), float("inf"), "x" * 40_000, "a\x00\x1fb")
    write_xlsx(out, list("abcdefg"), [row])
    cells = openpyxl.load_workbook(out).active[2]
    assert [cell.data_type for cell in cells] == ["s"] * 7
    assert not any(cell.hyperlink for cell in cells)
    assert cells[2].value == "1000000000000000000"
    assert len(cells[5].value) == 32_767


def test_sheets_are_split_and_each_has_the_header():
    out = io.BytesIO()
    assert write_xlsx(out, ["n"], ((i,) for i in range(6)), sheet_rows=4) == 6
    assert sheets(out) == [[["n"], [0], [1], [2]], [["n"], [3], [4], [5]]]
    out = io.BytesIO()
    assert write_xlsx(out, ["n"], [], is_right_to_left=True) == 0
    assert sheets(out) == [[["n"]]]
    assert openpyxl.load_workbook(out).active.sheet_view.rightToLeft


def test_pieces_of_a_download_come_while_rows_come():
    taken = []

    def rows():
        for number in range(5_000):
            taken.append(number)
            yield (number,)

    pieces = csv_chunks(["n"], rows())
    next(pieces)
    assert len(taken) == 1_000
    whole = b"".join(pieces)
    assert whole.count(b"\r\n") == 4_000
    assert b"".join(csv_chunks(["n"], [])) == b"\xef\xbb\xbfn\r\n"


def test_memory_stays_flat(tmp_path):
    rows = ((f"0912{i:07}", "علی رضایی", i) for i in range(60_000))
    tracemalloc.start()
    try:
        assert write_csv(tmp_path / "a.csv", ["a", "b", "c"], rows) == 60_000
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["result.csv", "result.xlsx"])
def test_a_report_that_breaks_off_leaves_the_old_one(tmp_path, name):
    path = tmp_path / name
    path.write_text("old")

    def rows():
        yield ("1",)
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError, match="went away"):
        write_report(path, ["n"], rows())
    assert path.read_text() == "old"
    assert [found.name for found in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["result.csv", "result.xlsx"])
def test_a_full_disk(tmp_path, name):
    script = (
        "import resource, signal, sys\n"
        "from engine.errors import StoreUnavailable\n"
        "from engine.services.reports.files import write_report\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "try:\n"
        "    write_report(sys.argv[1], ['n'], ((f'{i * 7919 % 10**9}',) for i in range(20_000)))\n"
        "except StoreUnavailable as error:\n"
        "    print(error)\n"
    )
    path = tmp_path / name
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"The disk is full: {path} was not written."
    assert list(tmp_path.iterdir()) == []


def test_a_full_device_as_stream():
    with (
        pytest.raises(StoreUnavailable, match="disk is full: the report"),
        open("/dev/full", "wb", 0) as full,
    ):
        write_csv(full, ["n"], [("1",)])


def test_where_nothing_can_be_written(tmp_path):
    for name in ("a.csv", "a.xlsx"):
        with pytest.raises(BadInput, match="cannot be written: No such file"):
            write_report(tmp_path / "none" / name, ["n"], [])
    with pytest.raises(BadInput, match=r"as \.csv or \.xlsx, not as «a\.pdf»"):
        write_report(tmp_path / "a.pdf", ["n"], [])


def test_whole_file_is_as_readable_as_any_other(tmp_path):
    (tmp_path / "plain").write_bytes(b"")
    with whole_file(tmp_path / "whole") as file:
        file.write(b"x")
        assert not (tmp_path / "whole").exists()
    assert (tmp_path / "whole").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("09123456789", '="09123456789"'),
        ("+0989121110018", '="+0989121110018"'),
        ("007", '="007"'),
        ("6037991234567890", '="6037991234567890"'),
        ("-5000", "-5000"),
        ("-1,250,000", "-1,250,000"),
        ("+12.5%", "+12.5%"),
        ("-0.75", "-0.75"),
        ("0", "0"),
        ("12,500", "12,500"),
        ("-2+3", "'-2+3"),
        ("-5000 ریال", "'-5000 ریال"),
        ("-A1", "'-A1"),
        ("+", "'+"),
        ('="0912"&A1', '\'="0912"&A1'),
    ],
)
def test_a_spreadsheet_shows_what_was_written(text, written):
    out = io.BytesIO()
    write_csv(out, ["cell"], [(text,)])
    assert list(csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig"))))[1] == [written]
    with open_list(io.BytesIO(out.getvalue() + b"09121110000\r\n"), filename="again.csv") as reader:
        first = next(iter(reader))[0]
    assert (first.number or first.reason) == normalise(text)
