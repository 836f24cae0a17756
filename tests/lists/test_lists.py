"""Lists as customers send them: any encoding, delimiter and column, duplicates, junk."""

from __future__ import annotations

import io

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BadInput
from engine.fold import fold
from engine.services.lists.choices import Choices
from engine.services.lists.duplicates import SeenNumbers
from engine.services.lists.reader import open_list
from engine.services.numbering.numbers import NumberRules
from engine.services.numbering.reasons import Reason


def read(content, filename="list.csv", **options):
    data = content if isinstance(content, bytes) else content.encode("utf-8")
    chosen = {
        name: options.pop(name) for name in ("columns", "sheet", "hidden_rows", "several") if name in options
    }
    with open_list(io.BytesIO(data), Choices(**chosen), NumberRules(**options), filename=filename) as reader:
        rows = [row for chunk in reader for row in chunk]
    return reader, rows


def variables(reader, row):
    return dict(zip(reader.variable_columns, row.cells, strict=False))


def numbers(rows):
    return [row.number.e164 for row in rows if row.reason is None]


PERSIAN = (
    "نام,شماره,شهر\nعلي رضايي,09123456789,تهران\nزهرا پژمان,09351234567,کرج\nگلناز چگيني,02188881234,قم\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1256", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_delimiters(encoding, delimiter, end):
    content = PERSIAN.replace(",", delimiter).replace("\n", end).encode(encoding)
    reader, rows = read(content)
    assert reader.facts().names == ["نام", "شماره", "شهر"]
    assert (reader.number_column, reader.facts().delimiter) == ("شماره", delimiter)
    assert reader.variable_columns == ["نام", "شهر"]
    assert numbers(rows) == ["+989123456789", "+989351234567", "+982188881234"]
    assert [row.line for row in rows] == [2, 3, 4]
    assert variables(reader, rows[2]) == {"نام": "گلناز چگيني", "شهر": "قم"}
    assert reader.facts().encoding == {"utf-8": "utf-8-sig"}.get(encoding, encoding)


def test_one_persian_name_at_the_far_end_decides_the_encoding():
    lines = "number,name\n" + "".join(f"0912{i:07},a\n" for i in range(120_000))
    reader, rows = read((lines + "09351234567,ژاله پگاه\n").encode("cp1256"))
    assert variables(reader, rows[-1]) == {"name": "ژاله پگاه"}
    reader, rows = read((lines + "09351234567,ژاله پگاه\n").encode())
    assert variables(reader, rows[-1]) == {"name": "ژاله پگاه"}


@pytest.mark.parametrize(
    "header",
    [
        "number",
        "Mobile",
        "PHONE NUMBER",
        "phone_number",
        "شماره",
        "موبایل",
        "موبايل",
        "تلفن همراه",
        "تلفن\u200cهمراه",
        "شماره موبایل",
        "شماره‌ی تماس".replace("‌ی", ""),
        "شمارۀ".replace("ۀ", "ه"),
        "Mobile 1",
        "\u200fموبایل\u200f",
        "شـماره",
    ],
)
def test_the_number_column_by_name(header):
    reader, rows = read(f"کد,{header},تلفن دفتر\n1234567890,9123456789,02188881234\n")
    assert reader.number_column == " ".join(header.split())
    assert numbers(rows) == ["+989123456789"]


def test_mobile_beats_phone_beats_number():
    assert read("شماره,تلفن,موبایل\n1,02188881234,09123456789\n")[0].number_column == "موبایل"
    assert read("شماره,تلفن\n1,02188881234\n")[0].number_column == "تلفن"


def test_a_name_that_holds_no_number_gives_way_to_a_column_that_does():
    assert read("شماره,نام,x\n1,علی,09123456789\n2,رضا,09123456780\n")[0].number_column == "x"


def test_the_number_column_by_looking():
    reader, rows = read("علی;12;09123456789\nرضا;13;09351234567\n")
    assert not reader.facts().header_line
    assert (reader.facts().names, reader.number_column) == (["column_1", "column_2", "column_3"], "column_3")
    assert [row.line for row in rows] == [1, 2]
    assert variables(reader, rows[0]) == {"column_1": "علی", "column_2": "12"}
    reader, _ = read("who,where\nAli,09123456789\n")
    assert (reader.facts().header_line, reader.number_column) == (1, "where")


def test_the_number_column_by_wish():
    content = "number,other\n09123456789,09351234567\n"
    assert numbers(read(content, columns="OTHER")[1]) == ["+989351234567"]
    assert numbers(read(content, columns="2")[1]) == ["+989351234567"]
    with pytest.raises(BadInput, match="no column «third»; the list has: number, other"):
        read(content, columns="third")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("list.txt", "09123456789\n09351234567\n\n02188881234\n"),
        ("list.txt", "\ufeff09123456789\r\n09351234567\r\n02188881234"),
        ("list.txt", "09123456789, 09351234567 ,02188881234\n"),
        ("list.txt", "09123456789;09351234567\n02188881234\n"),
        ("list.tsv", "09123456789\tAli\n09351234567\tReza\n02188881234\t\n"),
        ("list.csv", "sep=;\nnumber;x\n09123456789;1\n09351234567;2\n02188881234;3\n"),
        ("list.csv", '"number","x"\n"09123456789","a ""b"", c"\n"09351234567",2\n02188881234,3\n'),
        ("list.csv", "number;amount\n09123456789;1,250\n09351234567;1,300\n02188881234;2,000\n"),
        ("list.csv", "09123456789;1,250\n09351234567;1,300\n02188881234;2,000\n"),
    ],
)
def test_plain_texts(name, content):
    assert numbers(read(content, name)[1]) == ["+989123456789", "+989351234567", "+982188881234"]


def test_every_row_is_accounted_for_and_duplicates_name_the_first_line():
    _, rows = read(
        "number,name\n09123456789,a\n+98 912 345 6789,b\nabc,c\n\n,d\n88881234,e\n۹۱۲۳۴۵۶۷۸۹,f\n0935,g\n"
    )
    assert [(row.line, row.reason, row.first_line) for row in rows] == [
        (2, None, None),
        (3, Reason.DUPLICATE, 2),
        (4, Reason.NOT_A_NUMBER, None),
        (6, Reason.EMPTY, None),
        (7, Reason.NO_AREA_CODE, None),
        (8, Reason.DUPLICATE, 2),
        (9, Reason.TOO_SHORT, None),
    ]
    assert rows[1].number.e164 == "+989123456789"


def test_default_area_and_numbers_abroad():
    content = "number\n88881234\n+4915112345678\n09099071234\n09123456789\n"
    _, rows = read(content, area="21", abroad=True)
    assert numbers(rows) == ["+982188881234", "+4915112345678", "+989123456789"]
    with pytest.raises(BadInput, match="area code"):
        read(content, area="99")


def test_cells_stay_text_and_ragged_rows_keep_their_cells():
    reader, rows = read(
        'number,note\n09123456789,=1+1\n09123456780\n09123456781,@x,extra\n09123456782,"two\nlines"\n'
    )
    assert variables(reader, rows[0]) == {"note": "=1+1", "column_3": ""}
    assert variables(reader, rows[1]) == {"note": "", "column_3": ""}
    assert variables(reader, rows[2]) == {"note": "@x", "column_3": "extra"}
    assert variables(reader, rows[3]) == {"note": "two\nlines", "column_3": ""}
    assert rows[3].line == 5


def test_a_longer_row_far_down_adds_a_column_from_there_on():
    content = "number,a\n" + "".join(f"0912{i:07},x\n" for i in range(1_500)) + "09351234567,y,z\n"
    reader, rows = read(content)
    assert variables(reader, rows[0]) == {"a": "x"}
    assert variables(reader, rows[-1]) == {"a": "y", "column_3": "z"}
    assert reader.variable_columns == ["a", "column_3"]


def test_headers_are_made_unique_and_bounded():
    reader, _ = read(f"number,a,a,,{'x' * 500}\n09123456789,1,2,3,4\n")
    assert reader.facts().names == ["number", "a", "a (2)", "column_4", "x" * 64]


def test_long_cells_are_cut():
    reader, rows = read(f"number,note\n09123456789,{'x' * 9_000}\n")
    assert variables(reader, rows[0]) == {"note": "x" * 1_000}


def test_a_stream_stays_open_and_need_not_seek(tmp_path):
    stream = io.BytesIO(b"number\n09123456789\n")
    with open_list(stream, filename="a.csv") as reader:
        assert len(next(iter(reader))) == 1
    stream.seek(0)

    class Pipe(io.RawIOBase):
        data = io.BytesIO(b"number\n09123456789\n")

        def readable(self):
            return True

        def readinto(self, buffer):
            return self.data.readinto(buffer)

    with open_list(io.BufferedReader(Pipe()), filename="pipe") as reader:
        assert len(next(iter(reader))) == 1
    path = tmp_path / "list.csv"
    path.write_text("number\n09123456789\n")
    with open_list(path) as reader:
        assert reader.filename == "list.csv"
        assert len(next(iter(reader))) == 1
    with pytest.raises(BadInput, match="cannot be opened: No such file"):
        open_list(tmp_path / "none.csv")
    with pytest.raises(BadInput, match="cannot be opened: Is a directory"):
        open_list(tmp_path)


def test_chunks_are_bounded():
    content = "number\n" + "".join(f"0912{i:07}\n" for i in range(12_000))
    with open_list(io.BytesIO(content.encode()), filename="a.csv") as reader:
        assert [len(chunk) for chunk in reader] == [5_000, 5_000, 2_000]


def workbook(*rows, title="Sheet"):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_xlsx():
    data = workbook(
        [],
        ["نام", "تلفن همراه", "مبلغ", "فعال"],
        ["علی", 9123456789, 12.5, True],
        ["رضا", "09351234567", 10, None],
        [None, "09123456789", None, None],
        [],
        ["=1+1", "junk", None, None],
    )
    reader, rows = read(data, "list.xlsx")
    assert (reader.facts().encoding, reader.facts().delimiter, reader.number_column) == (
        "xlsx",
        "",
        "تلفن همراه",
    )
    assert [(row.line, row.reason) for row in rows] == [
        (3, None),
        (4, None),
        (5, Reason.DUPLICATE),
        (7, Reason.NOT_A_NUMBER),
    ]
    assert variables(reader, rows[0]) == {"نام": "علی", "مبلغ": "12.5", "فعال": "TRUE"}
    assert rows[0].raw == "9123456789"
    assert rows[2].first_line == 3
    assert numbers(read(data, "really a workbook.csv")[1]) == ["+989123456789", "+989351234567"]


def test_xlsx_hidden_and_empty_sheets_are_passed_over():
    book = openpyxl.Workbook()
    book.active.append(["09120000000"])
    book.active.sheet_state = "hidden"
    book.create_sheet("empty")
    book.create_sheet("list").append(["09123456789"])
    book.active = 1
    out = io.BytesIO()
    book.save(out)
    assert numbers(read(out.getvalue(), "list.xlsx")[1]) == ["+989123456789"]


def test_names_are_compared_without_what_people_vary():
    assert fold(" Phone_Number ") == fold("phone-NUMBER") == "phonenumber"
    assert fold("تلفن\u200cهمراه") == fold("تلفن همراه")
    assert fold("موبايل") == fold("موبایل")
    assert fold("كد") == fold("کد")


@given(st.lists(st.lists(st.integers(9, 40), max_size=30), max_size=12))
def test_seen_numbers_against_a_dict(chunks):
    seen, truth, line = SeenNumbers(), {}, 0
    for chunk in chunks:
        lines, expected = [], {}
        for position, number in enumerate(chunk):
            line += 1
            lines.append(line)
            if number in truth:
                expected[position] = truth[number]
            truth.setdefault(number, line)
        assert seen.duplicates(chunk, lines) == expected


def test_seen_numbers_of_a_long_list():
    seen = SeenNumbers()
    for start in range(0, 300_000, 5_000):
        assert seen.duplicates(range(start, start + 5_000), range(start + 1, start + 5_001)) == {}
    assert seen.duplicates([299_999, 300_000, 0], [1, 2, 3]) == {0: 300_000, 2: 1}
