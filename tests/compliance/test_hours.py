"""Calling windows."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.clock import TEHRAN, to_ms
from engine.errors import BadInput
from engine.services.compliance.calling_windows import parse_windows


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
    # Reckoned apart, day by day: Tehran has had no summer time since 2023.
    first, last = ((instant + 12_600_000) // 86_400_000 for instant in (begin, until))
    midnights = [day * 86_400_000 - 12_600_000 for day in range(first, last + 1)]
    spans = [(max(begin, day + start * 60_000), min(until, day + end * 60_000)) for day in midnights]
    assert sum(max(0, closing - opening) for opening, closing in spans) == amount
