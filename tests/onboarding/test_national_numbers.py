"""Check digits of national codes and national ids."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BadInput
from engine.services.onboarding.national_numbers import national_code, national_id


def test_real_ones_pass() -> None:
    assert national_code("۰۰۶۷۷۴۹۸۲۸") == "0067749828"
    assert national_code("67749828") == "0067749828"  # as a spreadsheet leaves it
    assert national_id("۱۰۳۸۰۲۸۴۷۹۰") == "10380284790"


@pytest.mark.parametrize(
    "text", ["", "12", "1111111111", "0067749829", "00677498280", "006774982a", "０" * 40]
)
def test_codes_that_are_none(text: str) -> None:
    with pytest.raises(BadInput):
        national_code(text)


@pytest.mark.parametrize("text", ["", "1038028479", "10380285692", "10380284791", "11100000001"])
def test_ids_that_are_none(text: str) -> None:
    with pytest.raises(BadInput):
        national_id(text)


@given(st.integers(0, 999_999_999).filter(lambda n: len(set(f"{n:09d}")) > 1))
def test_a_body_has_one_check_digit(body: int) -> None:
    assert len([end for end in "0123456789" if _passes(f"{body:09d}{end}")]) == 1


def _passes(code: str) -> str:
    try:
        return national_code(code)
    except BadInput:
        return ""
