"""Names are found as people see them."""

from __future__ import annotations

import pytest

from engine.fold import fold, visible


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("یلدا ۱۴۰۵", "1405"),
        ("یلدا ۱۴۰۵", "۱۴۰۵"),
        ("يلدا ١٤٠٥", "یلدا ۱۴۰۵"),
        ("كارت مليّ", "کارت ملی"),
        ("می\u200cخواهم", "می خواهم"),
        ("مدرسة", "مدرسه"),
        ("سـلام", "سلام"),
        ("\u200fسَلام\u200e", "سلام"),
        ("\ufeffName", "NAME"),
        ("Ökonom", "okonom"),
        ("آب", "اب"),
    ],
)
def test_what_looks_alike_is_alike(name: str, typed: str) -> None:
    assert fold(typed) in fold(name)


def test_what_is_invisible_is_shown() -> None:
    assert visible("\u200fنام\u00a0x") == "‹U+200F›نام‹U+00A0›x"
    assert visible("می\u200cخواهم") == "می\u200cخواهم"
