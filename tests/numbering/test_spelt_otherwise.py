"""What is spelt as no telephone number of Iran is; two numbers in a cell; formulas."""

from __future__ import annotations

import pytest

from engine.services.numbering.numbers import NormalNumber, normalise, numbers_in
from engine.services.numbering.reasons import Reason


@pytest.mark.parametrize(
    "text",
    ["(415)5552671", "415-555-2671", "212.555.1234", "۲۱۲-۵۵۵-۱۲۳۴", "312 555 2671", "1 (415) 555-2671"],
)
def test_a_landline_parted_as_in_north_america_is_none_of_iran(text: str) -> None:
    assert normalise(text) in (Reason.FOREIGN_FORM, Reason.TOO_LONG)


@pytest.mark.parametrize(
    "text", ["11419-89336", "91857 – 12345", "81658 14315", "214-256789-7", "912-111000-1", "۱۱۴۱۹-۸۹۳۳۶"]
)
def test_postal_and_national_codes_with_their_dashes_are_no_numbers(text: str) -> None:
    assert normalise(text) is Reason.MAY_BE_CODE


@pytest.mark.parametrize(
    "text",
    ["912-111-0020", "912 111 0020", "0415-555-2671", "9121-110-020", "021-887-76655", "03132-12345-6"],
)
def test_what_is_parted_otherwise_is_a_number(text: str) -> None:
    assert isinstance(normalise(text), NormalNumber)


@pytest.mark.parametrize("sign", [" ", "_", "*", "-", "\\", " / ", "", " | "])
@pytest.mark.parametrize("form", ["{}{}{}", "{}-{}-{}", "{} {} {}"])
def test_two_whole_numbers_in_a_cell_whatever_parts_them(sign: str, form: str) -> None:
    one, other = form.format("0912", "111", "0020"), form.format("0935", "111", "0021")
    assert normalise(one + sign + other) is Reason.SEVERAL
    assert numbers_in(one + sign + other) == ["09121110020", "09351110021"]


@pytest.mark.parametrize(
    "text", ['="0"&B2', "=B2", "=SUM(B2:B9)", "='برگهٔ ۲'!B4", '=HYPERLINK("tel:09121110020","تماس")', "=…"]
)
def test_a_formula_without_its_result_is_named(text: str) -> None:
    assert normalise(text) is Reason.FORMULA
