"""Files of other programs that people take for lists: each is named, or read whole."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from engine.errors import BadInput
from engine.services.lists.layout import is_unparted
from tests.lists.test_kinds_of_lists import PEOPLE, called, read


def _zip(**parts: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, content in parts.items():
            file.writestr(name.replace("__", "."), content)
    return out.getvalue()


DBASE = (
    struct.pack("<BBBBLHH20x", 3, 126, 1, 1, 2, 65, 12)
    + b"MOBILE\0\0\0\0\0C" + bytes(4) + bytes([11]) + bytes(15) + b"\r 09121110001 09121110002\x1a"
)  # fmt: skip


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"dn: cn=Ali\nmobile: 09121110001\n\ndn: cn=Reza\nmobile: 09121110002\n", "LDIF.*Thunderbird"),
        (b"version: 1\n\ndn: cn=Ali\nmobile: 09121110001\n", "LDIF"),
        (b"# x\ndn:: Y249QWxp\nmobile: 09121110001\n", "LDIF"),
        (DBASE, "dBase"),
        (_zip(mimetype="application/vnd.oasis.opendocument.text", content__xml="<x/>"), "word processor"),
        (_zip(list__csv="number\n09121110000\n"), "unpack it"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "a WebP picture"),
        (b"RIFF\x10\0\0\0WAVEfmt ", "a sound file"),
        (b"RIFF\x10\0\0\0AVI LIST", "a video"),
        (b"version: 1 \n# one\n\n# two\ndn: cn=Ali\n", "LDIF"),
        ("نام,موبایل\nعلی,09121110000\n".encode("utf-7"), "UTF-7"),
        (b"name,mobile\n+BjkGRAbM-,09121110000\n", "UTF-7"),
        (b"[9121110000,9121110001]", "a list as programs write it.*program that made it"),
        (b"['09121110000', '09121110001']\n", "a list as programs write it"),
        (b"NAME       MOBILE\n---------- -----------\nali1       09121110001\n", "delimiter.*line 3"),
        ("نام,موبايل\nعلي رضايي,1\nسارا كريمي,2\nرضا محمدي,3\n".encode("cp720"), "Windows-1256; save"),
    ],
)
def test_each_is_named(data: bytes, what: str) -> None:
    with pytest.raises(BadInput, match=what):
        read(data)


@pytest.mark.parametrize(
    "text", ["+989121110000,علی", "+98912111000B,x", "+BkUG,x", "[09121110000]", "(0912) 1110000"]
)
def test_numbers_with_a_plus_or_in_brackets_are_neither(text: str) -> None:
    rows, _ = read(f"{text}\n09121110001,رضا\n09121110002,سارا\n")
    assert "+989121110001" in called(rows)


@pytest.mark.parametrize("said", [",", "\t", "|"])
def test_a_first_line_that_names_another_delimiter_is_not_believed(said: str) -> None:
    lines = [f"sep={said}", "name;number", *(line.replace(",", ";") for line in PEOPLE)]
    rows, facts = read("\r\n".join(lines))
    assert (len(called(rows)), facts.delimiter) == (3, ";")


@pytest.mark.parametrize("word", ["Work Fax", "Home fax", "فکس محل کار", "نمابر", "Pager"])
@pytest.mark.parametrize("label", ["Label", "Type"])
def test_what_an_address_book_calls_a_fax_is_not_called(word: str, label: str) -> None:
    header = f"First Name,Phone 1 - {label},Phone 1 - Value,Phone 2 - {label},Phone 2 - Value"
    lines = [
        f"Ali,{word},02188776600,Mobile,09121110001",
        "Reza,Mobile,09121110002,,",
        f"Sara,{word},02188776601,,",
    ]
    rows, _ = read("\n".join([header, *lines]))
    assert called(rows) == ["+989121110001", "+989121110002"]
    assert (rows[2].raw, rows[2].reason) == (f"Fax ({word}): 02188776601", "not_a_number")


@pytest.mark.parametrize(
    "start", ["<?xml version='1.0'?>", "", "<?xml?><?mso-application x?>", "<!DOCTYPE html>", "<a>"]
)
@pytest.mark.parametrize("unit", ["<!---->", "<!-- a -->\n", "<!--", "\n", "<?mso-application?><!---->"])
def test_a_page_of_nothing_but_comments_is_named_at_once(start: str, unit: str) -> None:
    """It took twice as long for each comment: 22 of them eight seconds, 40 longer than anybody waits."""
    with pytest.raises(BadInput, match=r"list\.csv"):
        read(start + unit * 2_000 + "<x")


@pytest.mark.parametrize(
    ("line", "is_so"),
    [
        ("Ali 09121110000", True),
        ("09121110000 علی", True),
        ("Ali 091211", False),
        ("09121110000 -- 12", False),
        ("ا" * 1_000_000, False),
        ("1 " * 500_000, False),
        ("1" * 1_000_000, False),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_line_of_words_and_a_number(line: str, is_so: bool) -> None:
    assert is_unparted(line) is is_so
