"""How a gateway's carrier wants numbers to be dialled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BadInput
from engine.esl.checks import DIALLED
from engine.services.numbering.dialled import FORMATS, check, dialled

IRAN, ABROAD = "989121234567", "442079460000"


@pytest.mark.parametrize(
    ("number_format", "prefix", "in_iran", "abroad"),
    [
        ("98", "", "989121234567", "442079460000"),
        ("+98", "", "+989121234567", "+442079460000"),
        ("0098", "", "00989121234567", "00442079460000"),
        ("0", "", "09121234567", "00442079460000"),
        ("98", "77", "77989121234567", "77442079460000"),
        ("0", "9", "909121234567", "900442079460000"),
        ("0098", "1234567890", "123456789000989121234567", "123456789000442079460000"),
    ],
)
def test_each_form(number_format: str, prefix: str, in_iran: str, abroad: str) -> None:
    check(number_format, prefix)
    assert dialled(IRAN, number_format, prefix) == in_iran
    assert dialled(ABROAD, number_format, prefix) == abroad


@pytest.mark.parametrize(
    ("number_format", "prefix"),
    [
        ("", ""),
        ("+", ""),
        ("99", ""),
        ("98", "+"),
        ("98", "12 "),
        ("98", "۱۲"),
        ("98", "1" * 11),
        ("+98", "7"),
    ],
)
def test_what_cannot_be_dialled_is_refused(number_format: str, prefix: str) -> None:
    with pytest.raises(BadInput):
        check(number_format, prefix)


@given(
    digits=st.from_regex(r"[1-9][0-9]{5,14}", fullmatch=True),
    number_format=st.sampled_from(FORMATS),
    prefix=st.from_regex(r"[0-9]{0,10}", fullmatch=True),
)
def test_every_number_in_every_form_may_be_dialled_and_ends_in_itself(
    digits: str, number_format: str, prefix: str
) -> None:
    try:
        check(number_format, prefix)
    except BadInput:
        return
    out = dialled(digits, number_format, prefix)
    assert DIALLED.fullmatch(out)
    assert out.endswith(digits.removeprefix("98"))
