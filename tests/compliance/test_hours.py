"""Calling windows."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.clock import TEHRAN, to_ms
from engine.errors import BadInput
from engine.services.compliance.calling_windows import NEVER, Windows, parse_windows, windows_of


def at(text: str) -> int:
    return to_ms(datetime.fromisoformat(text).replace(tzinfo=TEHRAN))


ADVERTISING = parse_windows("09:30-14:00,16:30-22:00")


@pytest.mark.parametrize(
    ("when", "is_open"),
    [
        ("2026-11-23T09:29:59", False),
        ("2026-11-23T09:30:00", True),
        ("2026-11-23T13:59:59", True),
        ("2026-11-23T14:00:00", False),
        ("2026-11-23T16:30:00", True),
        ("2026-11-23T22:00:00", False),
    ],
)
def test_windows_are_half_open(when: str, is_open: bool) -> None:
    assert ADVERTISING.is_open(at(when), TEHRAN) is is_open


def test_the_next_opening_may_be_tomorrow() -> None:
    assert ADVERTISING.next_open(at("2026-11-23T22:00:00"), TEHRAN) == at("2026-11-24T09:30:00")
    assert ADVERTISING.next_open(at("2026-11-23T15:00:00"), TEHRAN) == at("2026-11-23T16:30:00")


def test_a_window_across_midnight_has_no_seam() -> None:
    night = parse_windows("22:00-02:00")
    assert night.is_open(at("2026-11-23T23:59:59"), TEHRAN)
    assert night.closes_at(at("2026-11-23T23:00:00"), TEHRAN) == at("2026-11-24T02:00:00")


def test_no_window_and_the_whole_day_never_close() -> None:
    for text in ("", "00:00-24:00"):
        windows = parse_windows(text)
        assert windows.is_open(at("2026-11-23T03:00:00"), TEHRAN)
        assert windows.closes_at(at("2026-11-23T03:00:00"), TEHRAN) is None


@pytest.mark.parametrize(
    "text",
    [
        "9",
        "9-14-16",
        "13 pm - 14 pm",
        "09:30-25:00",
        "09:61-10:00",
        "10:00-10:00",
        "morning",
        "09:30-14:00,,16:00-17:00",
        "24:00-25:00",
    ],
)
def test_a_bad_window_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(BadInput, match=r"^Window \d"):
        parse_windows(text)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("9-14", "09:00-14:00"),
        ("۹ - ۱۴", "09:00-14:00"),
        ("۰۹:۳۰ تا ۱۴:۰۰", "09:30-14:00"),
        ("از ۰۹:۳۰ تا ۱۴", "09:30-14:00"),
        ("۰۹:۳۰ تا ۱۴:۰۰ و ۱۶:۳۰ تا ۲۲", "09:30-14:00,16:30-22:00"),
        ("09:30\u201314:00", "09:30-14:00"),
        ("09:30 \u2014 14:00; 16.30 \u2212 22.00", "09:30-14:00,16:30-22:00"),
        ("٩:٣٠-١٤:٠٠، ١٦:٣٠-٢٢:٠٠", "09:30-14:00,16:30-22:00"),
        ("\u200f09:30-14:00\u200e", "09:30-14:00"),
        ("9 to 14 and 16 until 22", "09:00-14:00,16:00-22:00"),
        ("9 AM - 2 PM", "09:00-14:00"),
        ("۹ صبح تا ۲ بعدازظهر", "09:00-14:00"),
        ("۵ عصر تا ۱۰ شب", "17:00-22:00"),
        ("22-2", "00:00-02:00,22:00-24:00"),
    ],
)
def test_hours_as_people_write_them(text: str, kept: str) -> None:
    assert str(parse_windows(text)) == kept
    assert parse_windows(kept) == parse_windows(text)


@given(st.integers(0, 1439), st.integers(1, 1440), st.integers(0, 10**6), st.integers(1, 3 * 86_400_000))
def test_an_amount_of_open_time_ends_when_so_much_was_open(
    start: int, end: int, offset_s: int, amount: int
) -> None:
    if start >= end:
        start, end = end - 1, start + 1
    windows = parse_windows(f"{start // 60}:{start % 60:02d}-{end // 60}:{end % 60:02d}")
    begin = at("2026-01-01T00:00:00") + offset_s * 1000
    until = windows.after_open_ms(begin, amount, TEHRAN, limit_days=10_000)
    assert until is not None
    # Calculated apart, day by day: Tehran has had no summer time since 2023.
    first, last = ((instant + 12_600_000) // 86_400_000 for instant in (begin, until))
    midnights = [day * 86_400_000 - 12_600_000 for day in range(first, last + 1)]
    spans = [(max(begin, day + start * 60_000), min(until, day + end * 60_000)) for day in midnights]
    assert sum(max(0, closing - opening) for opening, closing in spans) == amount


@pytest.mark.parametrize(
    ("text", "when", "opens"),
    [
        ("", "2026-11-23T03:00:00", "2026-11-23T03:00:00"),
        ("09:30-14:00", "2026-11-23T09:30:00", "2026-11-23T09:30:00"),
        ("09:30-14:00", "2026-11-23T13:59:59", "2026-11-23T13:59:59"),
        ("09:30-14:00", "2026-11-23T09:29:59", "2026-11-23T09:30:00"),
        ("09:30-14:00", "2026-11-23T14:00:00", "2026-11-24T09:30:00"),
        ("09:30-14:00,16:30-22:00", "2026-11-23T08:00:00", "2026-11-23T09:30:00"),
        ("00:00-02:00", "2026-12-31T23:00:00", "2027-01-01T00:00:00"),
        ("22-2", "2026-11-23T02:00:00", "2026-11-23T22:00:00"),
    ],
)
def test_when_it_opens_next(text: str, when: str, opens: str) -> None:
    assert parse_windows(text).next_open(at(when), TEHRAN) == at(opens)


@pytest.mark.parametrize(
    ("text", "when", "closes"),
    [
        ("09:30-14:00,16:30-22:00", "2026-11-23T09:30:00", "2026-11-23T14:00:00"),
        ("09:30-14:00,16:30-22:00", "2026-11-23T16:30:00", "2026-11-23T22:00:00"),
        ("22:00-24:00", "2026-11-23T22:00:00", "2026-11-24T00:00:00"),
        ("00:00-02:00,09:00-10:00", "2026-11-23T01:00:00", "2026-11-23T02:00:00"),
        ("00:00-02:00,09:00-10:00", "2026-11-23T09:59:59", "2026-11-23T10:00:00"),
        ("22-2", "2026-11-23T01:59:59", "2026-11-23T02:00:00"),
        ("22-2", "2026-12-31T22:00:00", "2027-01-01T02:00:00"),
        ("00:00-23:59", "2026-11-23T00:00:00", "2026-11-23T23:59:00"),
        ("00:01-24:00", "2026-11-23T12:00:00", "2026-11-24T00:00:00"),
    ],
)
def test_when_it_closes(text: str, when: str, closes: str) -> None:
    assert parse_windows(text).closes_at(at(when), TEHRAN) == at(closes)


@pytest.mark.parametrize("text", ["09:30-14:00", "", "0-24"])
def test_what_is_closed_or_never_closes_has_no_end(text: str) -> None:
    assert parse_windows(text).closes_at(at("2026-11-23T14:00:00"), TEHRAN) is None


def test_open_time_is_calculated_up_to_a_limit() -> None:
    hour = 3_600_000
    windows = parse_windows("09:00-10:00")
    start = at("2026-11-23T00:00:00")

    def after(amount: int, days: int) -> int | None:
        return windows.after_open_ms(start, amount, TEHRAN, limit_days=days)

    assert after(hour, 1) == at("2026-11-23T10:00:00")
    assert after(hour + 1, 2) == at("2026-11-24T09:00:00") + 1
    assert after(hour + 1, 1) == at("2026-11-24T09:00:00") + 1, "begun within the day"
    assert after(2 * hour + 1, 1) is None
    assert after(400 * hour, 400) == at("2027-12-27T10:00:00")
    assert windows.after_open_ms(start, 400 * hour, TEHRAN) == at("2027-12-27T10:00:00")
    assert windows.after_open_ms(start, 401 * hour + 1, TEHRAN) is None
    assert parse_windows("").after_open_ms(start, 5, TEHRAN) == start + 5
    closed = at("2026-11-23T10:00:00")
    assert windows.after_open_ms(closed, hour, TEHRAN, 1) == at("2026-11-24T10:00:00")
    assert windows.after_open_ms(closed, hour + 1, TEHRAN, 1) is None, "the limit is the instant a day later"


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("", "", ""),
        ("09:00-12:00", "", "09:00-12:00"),
        ("", "09:00-12:00", "09:00-12:00"),
        ("09:00-12:00", "10:00-14:00", "10:00-12:00"),
        ("09:00-22:00", "09:30-14:00,16:30-23:00", "09:30-14:00,16:30-22:00"),
        ("00:00-02:00,22:00-24:00", "01:00-23:00", "01:00-02:00,22:00-23:00"),
        ("09:00-12:00", "12:00-14:00", str(NEVER)),
        ("09:00-12:00", "13:00-14:00", str(NEVER)),
    ],
)
def test_the_time_that_is_open_in_both(one: str, other: str, both: str) -> None:
    windows = parse_windows(one).within(parse_windows(other))
    assert str(windows) == both
    assert windows == parse_windows(other).within(parse_windows(one))


def test_never_is_never() -> None:
    for hour in range(24):
        now = at(f"2026-11-23T{hour:02d}:00:00")
        assert not NEVER.is_open(now, TEHRAN)
        assert NEVER.next_open(now, TEHRAN) == at("2026-11-24T00:00:00")
    assert parse_windows("9-10").within(NEVER) == NEVER


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("12 am - 1 am", "00:00-01:00"),
        ("11 am - 12 pm", "11:00-12:00"),
        ("12 pm - 1 pm", "12:00-13:00"),
        ("۸ شب تا ۱۲ شب", "20:00-24:00"),
        ("1 pm - 11:59 pm", "13:00-23:59"),
        ("۹:۰۰ صبح تا ۱۲ ظهر", "09:00-12:00"),
        ("۱ بعد از ظهر تا ۲ بعد از ظهر", "13:00-14:00"),
        ("00:00-00:59", "00:00-00:59"),
        ("23:59-24:00", "23:59-24:00"),
        ("9-10,10-11", "09:00-11:00"),
        ("9-12,10-11", "09:00-12:00"),
        ("10-11,9-10:30", "09:00-11:00"),
        ("0-24", "00:00-24:00"),
        ("9h30-10h15", "09:30-10:15"),
        ("۹‌تا‌۱۴", "09:00-14:00"),
    ],
)
def test_hours_of_half_days_and_spans_that_touch(text: str, kept: str) -> None:
    assert str(parse_windows(text)) == kept


@pytest.mark.parametrize(
    ("text", "which"),
    [
        ("0 am - 1 am", "Window 1"),
        ("13 pm - 2 pm", "Window 1"),
        ("9-10,10:60-12", "Window 2"),
        ("9-10,24-1", "Window 2"),
        ("9-10,23-24:01", "Window 2"),
        ("9-10,11-12,9-9", "Window 3"),
        ("9-10,x", "Window 2"),
        ("9-123", "Window 1"),
        ("9:5-10", "Window 1"),
        ("8-9:60", "Window 1"),
    ],
)
def test_a_bad_window_is_named_by_its_number(text: str, which: str) -> None:
    with pytest.raises(BadInput, match=f"^{which} "):
        parse_windows(text)


def test_hours_do_not_change_behind_a_campaigns_back() -> None:
    windows = parse_windows("9-14")
    with pytest.raises(AttributeError):
        windows.spans = ()  # type: ignore[misc]
    assert {windows: 1}[parse_windows("09:00-14:00")] == 1
    assert Windows() == parse_windows("  ")


@pytest.mark.parametrize(
    ("hours", "days", "when", "opens"),
    [
        ("09:00-14:00", "67123", "2026-11-26T12:00:00", "2026-11-28T09:00:00"),  # Thursday, then Saturday
        ("", "1", "2026-11-24T00:00:00", "2026-11-30T00:00:00"),
        ("", "1", "2026-11-23T23:59:59", "2026-11-23T23:59:59"),
        ("09:00-14:00", "1", "2026-11-23T15:00:00", "2026-11-30T09:00:00"),
    ],
)
def test_days_of_the_week(hours: str, days: str, when: str, opens: str) -> None:
    assert windows_of(hours, days).next_open(at(when), TEHRAN) == at(opens)


def test_a_day_closes_at_its_midnight_unless_the_next_is_open_too() -> None:
    assert windows_of("", "1").closes_at(at("2026-11-23T10:00:00"), TEHRAN) == at("2026-11-24T00:00:00")
    assert windows_of("", "12").closes_at(at("2026-11-23T10:00:00"), TEHRAN) == at("2026-11-25T00:00:00")
    assert windows_of("22-2", "1").closes_at(at("2026-11-23T23:00:00"), TEHRAN) == at("2026-11-24T00:00:00")
    assert windows_of("", "7654321").closes_at(at("2026-11-23T10:00:00"), TEHRAN) is None


def test_days_in_common() -> None:
    advertising = parse_windows("09:30-14:00")
    both = windows_of("9-10", "67").within(advertising)
    assert (str(both), both.days) == ("09:30-10:00", "67")
    assert windows_of("", "6").within(windows_of("", "7")) == NEVER
    with pytest.raises(BadInput):
        windows_of("", "0")
