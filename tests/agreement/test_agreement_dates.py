"""Dates as people write them."""

from datetime import date

import pytest

from engine.agreement import dates
from engine.errors import BadInput


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-21T09:00:00+03:30",
        "2026-11-21T05:30:00Z",
        "2026-11-21 05:30Z",
        "2026-11-21T09:00:00.999+0330",
        "1405-08-30T09:00+03:30",
        "۱۴۰۵-۰۸-۳۰T۰۹:۰۰+۰۳:۳۰",
        "\u200f1405/8/30 9:00+03:30",
        "2026-11-20T24:00:00-05:30",
    ],
)
def test_one_instant_in_many_spellings(text):
    assert dates.parse_instant(text) == 1795239000


@pytest.mark.parametrize("text", ["1405-08-30T09:00", "2026-11-21 09:00", "٢٠٢٦-١١-٢١ ٠٩:٠٠"])
def test_a_time_without_offset_is_tehran_only_where_that_is_allowed(text):
    assert dates.parse_instant(text, local=True) == 1795239000
    with pytest.raises(BadInput, match=r"^outages\[3\]\.from: .* has no offset"):
        dates.parse_instant(text, "outages[3].from")


@pytest.mark.parametrize(
    "text",
    [
        "1405-12-30T10:00Z",  # no leap year
        "2026-02-29T10:00Z",
        "2026-11-21T24:01Z",
        "2026-11-21T10:60Z",
        "2026-11-21T10:00+19:00",
        "1700-01-01T10:00Z",
        "21-11-2026T10:00Z",
        "2026-11-21Tnoon",
        "tomorrow",
        "",
        None,
        1795239000,
        True,
    ],
)
def test_what_is_no_time_is_refused_with_its_place(text):
    with pytest.raises(BadInput, match=r"^here: "):
        dates.parse_instant(text, "here")


def test_clocks_turned_before_2022():
    # 1400-06-30 had 25 hours, 1400-01-02 had 23; both turns were at midnight.
    autumn, spring = date(2021, 9, 21), date(2021, 3, 22)
    assert dates.local_instant(autumn, 86400) - dates.local_instant(autumn, 0) == 25 * 3600
    assert dates.local_instant(spring, 86400) - dates.local_instant(spring, 0) == 23 * 3600
    assert dates.iso(dates.local_instant(date(2021, 7, 1), 0)) == "2021-07-01T00:00:00+04:30"
    assert dates.iso(dates.local_instant(date(2023, 7, 1), 0)) == "2023-07-01T00:00:00+03:30"


def test_texts():
    midnight = dates.parse_instant("1405-09-01", local=True)
    assert dates.instant_text(midnight) == "1405-09-01 00:00"
    assert dates.instant_text(midnight, is_end=True) == "1405-08-30 24:00"
    assert dates.instant_text(midnight, jalali=False, is_end=True) == "2026-11-21 24:00"
    assert dates.instant_text_fa(midnight + 61) == "۱۴۰۵/۰۹/۰۱ ساعت ۰۰:۰۱:۰۱"
    assert dates.duration_text(12000) == "3 h 20 min"
    assert dates.duration_text_fa(12000) == "۳ ساعت و ۲۰ دقیقه"
    assert dates.duration_text(100_800, days=True) == "1 d 4 h"
    assert dates.duration_text(0) == "0 min"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4h", (14400, False)),
        ("90m", (5400, False)),
        ("۱h۳۰m", (5400, False)),
        ("3d", (259_200, True)),
        ("1d 2h", (93_600, True)),
        ("45s", (45, False)),
        ("0h", (0, False)),
    ],
)
def test_amounts(text, expected):
    assert dates.parse_amount(text) == expected


@pytest.mark.parametrize("text", ["", "4", "h", "-4h", "1.5h", "4h4h", "9999999d"])
def test_bad_amounts(text):
    with pytest.raises(BadInput, match=r"^the amount: "):
        dates.parse_amount(text)
