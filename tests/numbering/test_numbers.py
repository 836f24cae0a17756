"""Every spelling of shared rules for numbers of Iran, and the traps."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.errors import BadInput
from engine.services.numbering import numbers
from engine.services.numbering.numbers import (
    LineKind,
    NormalNumber,
    check_area,
    dial_digits,
    display,
    normalise,
)
from engine.services.numbering.provinces import PROVINCES
from engine.services.numbering.reasons import Reason
from engine.services.outbox.wording import in_persian

SPELLINGS = [
    "09123456789",
    "9123456789",
    "+989123456789",
    "00989123456789",
    "989123456789",
    "۰۹۱۲۳۴۵۶۷۸۹",
    "٠٩١٢٣٤٥٦٧٨٩",
    "+۹۸۹۱۲۳۴۵۶۷۸۹",
    "０９１２３４５６７８９",
    "+98 (0)912 345 6789",
    "0098 (0) 912 345 6789",
    "9809123456789",
    "+980912 3456789",
    "+09123456789",
    "(+98) 912 345 6789",
    "0912-345-6789",
    "0912–345—6789",
    "0912−345‑6789",
    "0912.345.6789",
    "0912/3456789",
    "(0912) 345-6789",
    "[0912] 3456789",
    "0912\u00a0345\u00a06789",
    "0912\u202f345\u20096789",
    "\u200e+98912\u202c3456789\u200f",
    "\u2066+98 912 345 6789\u2069",
    "۰۹۱۲\u200c۳۴۵\u200c۶۷۸۹",
    "\ufeff09123456789",
    "  09123456789\t\r\n",
    "9.123456789E9",
    "9.123456789e9",
    "9.123456789E+09",
    "9.1234567890E+09",
    "9,123456789E+9",
    "۹٫۱۲۳۴۵۶۷۸۹E9",
    "9.89123456789E+11",
    "9123456789.0",
    "9123456789.00",
    "'09123456789",
    '="09123456789"',
    "＋989123456789",
]


@pytest.mark.parametrize("text", SPELLINGS)
def test_every_spelling_is_the_same_mobile(text):
    assert normalise(text) == NormalNumber("+989123456789", LineKind.MOBILE, None)


@pytest.mark.parametrize("area", sorted(PROVINCES))
def test_a_landline_of_each_province(area):
    for text in (f"{area}32345678", f"{area[1:]}32345678", f"+98{area[1:]}32345678", f"{area}-3234 5678"):
        assert normalise(text) == NormalNumber(f"+98{area[1:]}32345678", LineKind.LANDLINE, area)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Reason.EMPTY),
        (" \u200e\u00a0 ", Reason.EMPTY),
        ("'", Reason.EMPTY),
        ("علی رضایی", Reason.NOT_A_NUMBER),
        ("n/a", Reason.NOT_A_NUMBER),
        ("0912ABC6789", Reason.NOT_A_NUMBER),
        ("09123456789 داخلی 12", Reason.EXTENSION),
        ("0912 345\n6789", Reason.NOT_A_NUMBER),
        ("0912+3456789", Reason.NOT_A_NUMBER),
        ("++989123456789", Reason.NOT_A_NUMBER),
        ("=1+1", Reason.FORMULA),
        ("1404/05/12 10:30", Reason.DATE),
        ("0" * 10_000, Reason.NOT_A_NUMBER),
        (" " * 10_000 + "09123456789", Reason.NOT_A_NUMBER),
        # What made a switch ring two phones, or another host.
        ("0912,sofia/gateway/lab/09129999990", Reason.NOT_A_NUMBER),
        ("09123456789,sofia/gateway/lab/09129999990", Reason.NOT_A_NUMBER),
        ("0912|sofia/gateway/lab/09129999990", Reason.NOT_A_NUMBER),
        ("0912^^:0", Reason.NOT_A_NUMBER),
        ("0912'0", Reason.NOT_A_NUMBER),
        ("0912@evil.example", Reason.NOT_A_NUMBER),
        ("09123456789${x}", Reason.NOT_A_NUMBER),
        ("09123456789\napi fsctl crash", Reason.BESIDE_WORDS),
        ("09123456789 / 09351234567", Reason.SEVERAL),
        ("09123456789-09351234567", Reason.SEVERAL),
        ("09123456789 09351234567", Reason.SEVERAL),
        ("09123456789، ۰۹۳۵۱۲۳۴۵۶۷", Reason.SEVERAL),
        ("02188881234\n09123456789", Reason.SEVERAL),
        ("9.12346E+09", Reason.ROUNDED),
        ("9.12345678E+09", Reason.ROUNDED),
        ("9.12E9", Reason.ROUNDED),
        ("9.1234567891E+09", Reason.ROUNDED),
        ("0912345678", Reason.TOO_SHORT),
        ("912345678", Reason.TOO_SHORT),
        ("+9891234567", Reason.TOO_SHORT),
        ("98912345678", Reason.TOO_SHORT),
        ("12", Reason.TOO_SHORT),
        ("00", Reason.TOO_SHORT),
        ("091234567890", Reason.TOO_LONG),
        ("0989123456789", Reason.TOO_LONG),
        ("+9891234567890", Reason.TOO_LONG),
        ("1" * 40, Reason.TOO_LONG),
        ("88881234", Reason.NO_AREA_CODE),
        ("۸۸۸۸-۱۲۳۴", Reason.NO_AREA_CODE),
        ("09503456789", Reason.UNASSIGNED),
        ("09881234567", Reason.UNASSIGNED),
        ("01288881234", Reason.UNASSIGNED),
        ("00000000000", Reason.UNASSIGNED),
        ("09423456789", Reason.ADVERTISING_RANGE),
        ("+989422121234", Reason.ADVERTISING_RANGE),
        ("+4915112345678", Reason.ABROAD),
        ("004915112345678", Reason.ABROAD),
        ("+93701234567", Reason.ABROAD),
        ("+" + "1" * 20, Reason.TOO_LONG),
        ("9099071234", Reason.PREMIUM),
        ("09099071234", Reason.PREMIUM),
        ("110", Reason.SHORT_NUMBER),
        ("۱۱۵", Reason.SHORT_NUMBER),
        ("9601", Reason.SHORT_NUMBER),
        ("0211818", Reason.SHORT_NUMBER),
    ],
)
def test_refused_with_the_reason(text, reason):
    assert normalise(text) is reason


def test_a_default_area_completes_local_numbers_only():
    assert normalise("88881234", default_area="021") == NormalNumber(
        "+982188881234", LineKind.LANDLINE, "021"
    )
    assert normalise("۸۸۸۸ ۱۲۳۴", default_area="31") == NormalNumber(
        "+983188881234", LineKind.LANDLINE, "031"
    )
    assert normalise("09123456789", default_area="021") == NormalNumber("+989123456789", LineKind.MOBILE)
    assert normalise("8888123", default_area="021") is Reason.TOO_SHORT
    assert normalise("08881234", default_area="021") is Reason.TOO_SHORT


def test_what_the_operator_may_open():
    assert normalise("+4915112345678", allow_abroad=True) == NormalNumber("+4915112345678", LineKind.MOBILE)
    assert normalise("0049 151 12345678", allow_abroad=True) == NormalNumber(
        "+4915112345678", LineKind.MOBILE
    )
    assert normalise("+499001123456", allow_abroad=True) is Reason.PREMIUM
    assert normalise("+999123456789", allow_abroad=True) is Reason.UNASSIGNED
    assert normalise("+49", allow_abroad=True) is Reason.TOO_SHORT
    assert normalise("09099071234", allow_abroad=True) is Reason.PREMIUM
    assert normalise("9601", allow_abroad=True) is Reason.SHORT_NUMBER
    assert normalise("110", allow_abroad=True) is Reason.SHORT_NUMBER


def test_numbers_without_a_place_are_of_another_kind():
    assert normalise("09412312345") == NormalNumber("+989412312345", LineKind.OTHER)


def test_check_area():
    assert check_area("021") == check_area("21") == check_area("۰۲۱") == check_area(" 021 ") == "021"
    for text in ("", "0", "012", "0211", "0912", "تهران"):
        with pytest.raises(BadInput, match="area code"):
            check_area(text)


def test_display_and_dial_digits():
    assert display("+989123456789") == dial_digits("+989123456789") == "09123456789"
    assert display("+4915112345678") == "004915112345678"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "09123456789",
        "+98912,sofia/x",
        "+98912|0",
        "+98912'0",
        "+98912@evil",
        "+98912\n345",
        "+98912345678\n",
        "+۹۸۹۱۲۳۴۵۶۷۸۹",
        "+98912²345",
        "+" + "9" * 10_000,
    ],
)
def test_nothing_but_e164_becomes_dial_digits(text):
    with pytest.raises(BadInput):
        dial_digits(text)


def test_every_reason_has_a_sentence_in_both_languages():
    for reason in Reason:
        assert str(reason.sentence).endswith(".")
        assert in_persian(reason.sentence).endswith(".")
        assert any("\u0600" <= char <= "\u06ff" for char in in_persian(reason.sentence))


PREFIXES = st.sampled_from(["", "0", "+98", "98", "0098", "00", "+", "+980", "980"])
AREAS = st.sampled_from(
    [code[1:] for code in PROVINCES] + ["9", "91", "93", "99", "998", "941", "942", "909", ""]
)
DIGITS = st.text("0123456789", max_size=12)
SCRIPTS = st.sampled_from([("0123456789"), ("۰۱۲۳۴۵۶۷۸۹"), ("٠١٢٣٤٥٦٧٨٩")])
MARKS = st.sampled_from(["", "", " ", "-", "\u00a0", "\u200e", "\u200c", "\u202c"])


@st.composite
def spelt(draw):
    plain = draw(PREFIXES) + draw(AREAS) + draw(DIGITS)
    script, mark, every = draw(SCRIPTS), draw(MARKS), draw(st.integers(2, 5))
    text = "".join(script[int(c)] if c.isdigit() else c for c in plain)
    return mark.join(text[i : i + every] for i in range(0, len(text), every))


@given(spelt())
@example("912345678.0")
@example("0098 - 9123456789")
def test_the_fast_path_agrees_with_the_slow_one(text):
    slow = numbers._normalise_slowly(text, None, allow_abroad=False)
    assert normalise(text) == slow


@given(PREFIXES, AREAS, st.text("0123456789", min_size=4, max_size=10))
def test_what_is_accepted_is_what_phonenumbers_reads(prefix, area, rest):
    text = prefix + area + rest
    found = normalise(text)
    try:
        number = phonenumbers.parse(text, "IR")
    except phonenumbers.NumberParseException:
        assert isinstance(found, Reason)
        return
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if isinstance(found, NormalNumber):
        assert phonenumbers.is_valid_number(number)
        assert found.e164 == e164
        assert (found.kind == LineKind.MOBILE) == (
            phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
        )
    elif phonenumbers.is_valid_number(number) and len(e164) == len("+989123456789") and e164[:3] == "+98":
        assert found is Reason.ADVERTISING_RANGE


@given(st.text(max_size=300))
def test_any_text_gives_a_number_or_a_reason(text):
    for opened in (False, True):
        found = normalise(text, default_area="021", allow_abroad=opened)
        assert isinstance(found, (NormalNumber, Reason))
        if isinstance(found, NormalNumber):
            assert dial_digits(found.e164).isdigit()
