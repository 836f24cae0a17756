"""Digits of any script mean the same wherever people type them."""

from __future__ import annotations

import pytest

from engine.agreement.dates import parse_date
from engine.fold import digits_in, fold, to_ascii_digits
from engine.services.messages.template import tidy
from engine.services.money.receipts import receipt_key
from engine.services.numbering.numbers import normalise
from engine.services.onboarding.national_numbers import national_code
from webui.forms.number_fields import ascii_digits

SCRIPTS = ("0123456789", "۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩", "０１２３４５６７８９", "०१२३४५६७८९", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗")


@pytest.mark.parametrize(
    "script", SCRIPTS, ids=["ASCII", "Persian", "Arabic", "full width", "Devanagari", "bold"]
)
def test_digits_of_any_script_are_read_alike(script: str) -> None:
    to_script = str.maketrans("0123456789", script)
    for read, text in (
        (to_ascii_digits, "a ²1,203.50 ب"),
        (digits_in, "12 34-5"),
        (fold, "Phone 2"),
        (parse_date, "1405-08-03"),
        (normalise, "0912 123 4567"),
        (national_code, "0499370899"),
        (receipt_key, "PAY-90210"),
        (tidy, "کد 12"),
        (ascii_digits, " 1,234.5 "),
    ):
        assert read(text.translate(to_script)) == read(text)
    assert to_ascii_digits("a ²1,203.50 ب".translate(to_script)) == "a ²1,203.50 ب"
