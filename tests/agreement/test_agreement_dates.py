"""Dates as people write them."""

from datetime import date, datetime

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


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2026-11-21T23:59:59Z", "2026-11-21T23:59:59+00:00"),
        ("2026-11-21T24:00:00Z", "2026-11-22T00:00:00+00:00"),
        ("2026-11-21T00:00:00+18:00", "2026-11-20T06:00:00+00:00"),
        ("2026-11-21T00:00:00-18:00", "2026-11-21T18:00:00+00:00"),
        ("2026-11-21T00:00:00+00:59", "2026-11-20T23:01:00+00:00"),
        ("2026-11-21T00:00:00+03", "2026-11-20T21:00:00+00:00"),
        ("1800-01-01T00:00Z", "1800-01-01T00:00:00+00:00"),
        ("2299-12-31T23:59:59Z", "2299-12-31T23:59:59+00:00"),
    ],
)
def test_instants_at_the_bounds(text, iso):
    assert dates.parse_instant(text) == int(datetime.fromisoformat(iso).timestamp())


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-21T23:59:60Z",
        "2026-11-21T23:60:00Z",
        "2026-11-21T24:00:01Z",
        "2026-11-21T00:00:00+18:01",
        "2026-11-21T00:00:00-18:01",
        "2026-11-21T00:00:00+17:60",
        "1799-12-31T00:00Z",
        "2300-01-01T00:00Z",
        "1199-12-29T00:00Z",
        "1600-01-01T00:00Z",
    ],
)
def test_instants_beyond_the_bounds(text):
    with pytest.raises(BadInput, match=r"^here: "):
        dates.parse_instant(text, "here")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1200-01-01", date(1821, 3, 21)),
        ("1405-08-30", date(2026, 11, 21)),
        ("1800/1/1", date(1800, 1, 1)),
        ("2299-12-31", date(2299, 12, 31)),
    ],
)
def test_days_at_the_bounds(text, day):
    assert dates.parse_date(text) == day
    assert dates.parse_date(dates.date_text(day, jalali=False)) == day


@pytest.mark.parametrize(
    ("length", "shown"), [(59, "x" * 59), (60, "x" * 60), (61, "x" * 60 + "…"), (900, "x" * 60 + "…")]
)
def test_what_somebody_wrote_is_shown_on_one_line_and_not_endless(length, shown):
    assert dates.quoted("x" * length) == f"«{shown}»"
    assert dates.quoted(" a\n\x00b\t c ") == "«a b c»"


def test_ten_years_are_the_most_that_can_be_calculated():
    assert dates.parse_amount("3660d") == (3660 * 86_400, True)
    assert dates.parse_amount("3659d 23h 59m 60s") == (3660 * 86_400, True)
    with pytest.raises(BadInput, match="more than ten years"):
        dates.parse_amount("3660d 1s")


def test_each_way_of_writing_an_instant_and_a_duration():
    second = dates.parse_instant("1405-08-30 09:00:07", local=True)
    assert dates.instant_text(second) == "1405-08-30 09:00:07"
    assert dates.instant_text(second, is_end=True) == "1405-08-30 09:00:07"
    assert dates.instant_text_fa(second) == "۱۴۰۵/۰۸/۳۰ ساعت ۰۹:۰۰:۰۷"
    midnight = dates.parse_instant("1405-09-01", local=True)
    assert dates.instant_text_fa(midnight, is_end=True) == "۱۴۰۵/۰۸/۳۰ ساعت ۲۴:۰۰"
    assert dates.duration_text(100_800) == "28 h"
    assert dates.duration_text(90_061, days=True) == "1 d 1 h 1 min 1 s"
    assert dates.duration_text(3_599) == "59 min 59 s"
    assert dates.duration_text_fa(90_061, days=True) == "۱ روز و ۱ ساعت و ۱ دقیقه و ۱ ثانیه"
    assert dates.duration_text_fa(100_800) == "۲۸ ساعت"
    assert dates.duration_text_fa(0) == "۰ دقیقه"
