"""Lists whose letters were spoiled before they came here: mended where that is exact, and told."""

from __future__ import annotations

import pytest

from engine.fold import visible
from engine.services.lists.spoiled import Mender
from tests.lists.test_kinds_of_lists import called, read

NAMES = ["علی رضا و سارا", "پژمان چگینی", "گل‌اندام کوفه", "فاطمه ضیغمی", "محمّد", "می‌شود ۰۹۱۲"]


def spoiled(text: str, encoding: str) -> str:
    """As a program shows UTF-8 that it takes for another encoding."""
    return "".join(bytes([byte]).decode(encoding, "ignore") or chr(byte) for byte in text.encode())


@pytest.mark.parametrize("encoding", ["cp1252", "cp1256", "latin-1"])
@pytest.mark.parametrize("name", NAMES)
def test_what_was_spoiled_is_mended_and_told(name: str, encoding: str) -> None:
    rows, facts = read(f"{spoiled('موبایل,نام', encoding)}\n09121110000,{spoiled(name, encoding)}\n")
    assert (called(rows), facts.columns) == (["+989121110000"], ["موبایل"])
    assert rows[0].cells == [name]
    assert [note.values["count"] for note in facts.notes] == [2]


def test_a_telephone_in_spoiled_digits_is_called() -> None:
    rows, _ = read(spoiled("نام,موبایل\nعلی,۰۹۱۲۱۱۱۰۰۰۰\n", "cp1252"))
    assert called(rows) == ["+989121110000"]


@pytest.mark.parametrize(
    "text",
    [
        *NAMES,
        "قطع، قطع، عک عکس طپطپ ظژ",
        "Ørsted Ø, Überfluß Ú°",
        "علی «طلا» غ‌ع‌",
        "مطلع»ظ»",
        "Müller – Ågren",
        "5 × 3 ÷ 2",
    ],
)
def test_what_was_not_spoiled_stays(text: str) -> None:
    mender = Mender()
    assert (mender.mend(text), mender.notes()) == (text, [])


def test_letters_that_are_lost_are_told() -> None:
    _, facts = read("نام,موبایل\nع\ufffdی,09121110000\n")
    assert ["lost" in note.id for note in facts.notes] == [True]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\u2028"])
def test_a_line_break_in_a_refusal_has_a_sign(end: str) -> None:
    assert visible(f"a{end}b\u200f") == "a↵b‹U+200F›"
