"""No text of a stranger is computed by the spreadsheet that opens an export."""

from __future__ import annotations

import ast
import csv
import io
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.csv_cells import safe_cell
from engine.services.reports.files import write_csv, write_xlsx

ROOT = Path(__file__).resolve().parents[2]
STARTS = "=+-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212"
UNSEEN = ' \t\r\n\x00\x0b\x1f\x85\u00a0\u00ad\u034f\u200b\u200c\u200d\u200e\u202e\u2028\u2060\u2066\u3000\u3164\ufe0f\ufeff"'
SEPARATORS = ",;\t|\u061b"


@pytest.mark.parametrize("unseen", ["", *UNSEEN, " \u200b\ufeff\t", "\ufeff" * 40])
@pytest.mark.parametrize("start", STARTS)
def test_a_formula_behind_what_nobody_sees_is_a_text(unseen, start):
    formula = f"{unseen}{start}1+cmd(A0)"
    assert safe_cell(formula) != formula
    assert safe_cell(formula).replace("'", "") == formula
    _check([[f"{unseen}{start}1+1", "x"], ["x", f"{unseen}{start}A1"]])


@given(
    st.lists(
        st.lists(
            st.text(st.sampled_from(STARTS + UNSEEN + SEPARATORS + "1A'(")) | st.text(),
            min_size=2,
            max_size=2,
        ),
        min_size=1,
        max_size=3,
    )
)
@example([["a;=1+1;b", "x"]])
@example([["a\n=HYPERLINK(1)", 'b;"=1"']])
def test_however_a_spreadsheet_parts_the_file_no_cell_is_a_formula(rows):
    _check(rows)


@pytest.mark.parametrize("amount", ["-5000", "-1,250,000", " -5000", "+12.5%", "-0.75", "\u200f-5000"])
def test_negative_amounts_stay_numbers(amount):
    assert safe_cell(amount).lstrip("'\u200f") == amount.lstrip("\u200f")


@pytest.mark.parametrize("number", ["09123456789", " 09123456789", "09123456789\t", "\u00a0007"])
def test_a_telephone_number_keeps_its_zero(number):
    assert safe_cell(number) == f'="{number.strip()}"'


@pytest.mark.parametrize(
    "text", ["", "علی", "a-b", "x=1", "متن؛ دوم", "a;b", "5 - 3", "12:30-14:00", "me@example.com", "'=1"]
)
def test_other_texts_stay_as_they_are(text):
    assert safe_cell(text) == text


def test_nobody_else_writes_csv_for_people():
    """Whoever calls `csv.writer` makes its cells safe; `list_shelf` writes for our own reader alone."""
    writers = {
        str(path.relative_to(ROOT))
        for folder in ("engine", "webui")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "csv"
        and node.attr in ("writer", "DictWriter")
    }
    safe = {path for path in writers if "safe_cell(" in (ROOT / path).read_text("utf-8")}
    assert writers - safe == {"engine/services/campaigns/list_shelf.py"}


def test_the_workbook_holds_texts_only():
    import openpyxl

    out = io.BytesIO()
    rows = [
        (unseen + start + "1+1",)
        for unseen in ["", " ", "\t", "\r", "\u00a0", "\u200b", "\ufeff"]
        for start in STARTS
    ]
    write_xlsx(out, ["=1+1"], rows)
    assert {cell.data_type for row in openpyxl.load_workbook(out).active.iter_rows() for cell in row} == {"s"}


def _check(rows: list[list[str]]) -> None:
    out = io.BytesIO()
    write_csv(out, ["number", "name"], rows)
    text = out.getvalue().decode("utf-8-sig")
    for separator in SEPARATORS:
        for quotes in [csv.QUOTE_MINIMAL] if separator == "," else [csv.QUOTE_MINIMAL, csv.QUOTE_NONE]:
            lines = io.StringIO(text, newline="") if quotes == csv.QUOTE_MINIMAL else text.splitlines()
            for row in csv.reader(lines, delimiter=separator, quoting=quotes):
                for cell in row:
                    _check_cell(cell)


def _check_cell(cell: str) -> None:
    bare = "".join(
        char for char in cell if unicodedata.category(char)[0] not in "CZM" and char not in '"\u3164'
    )
    if (
        bare.removeprefix("=").removeprefix("+").isascii()
        and bare.removeprefix("=").removeprefix("+").isdigit()
    ):
        return  # ="0912…" or an amount
    if bare[:1] in ("+", "-") and bare[1:].replace(",", "").replace(".", "").removesuffix("%").isdigit():
        return
    assert unicodedata.normalize("NFKC", bare)[:1] not in ("=", "+", "-", "@", "\u2212"), ascii(cell)
