"""Jalali and Gregorian months."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.agreement.dates import iso, parse_instant
from engine.agreement.months import Month
from engine.errors import BadInput


@pytest.mark.parametrize(
    ("text", "start", "end", "days"),
    [
        ("1405-08", "2026-10-23T00:00:00+03:30", "2026-11-22T00:00:00+03:30", 30),
        ("۱۴۰۵/۸", "2026-10-23T00:00:00+03:30", "2026-11-22T00:00:00+03:30", 30),
        ("1405-12", "2027-02-20T00:00:00+03:30", "2027-03-21T00:00:00+03:30", 29),
        ("1403-12", "2025-02-19T00:00:00+03:30", "2025-03-21T00:00:00+03:30", 30),  # a leap year
        ("1405-01", "2026-03-21T00:00:00+03:30", "2026-04-21T00:00:00+03:30", 31),
        ("2026-12", "2026-12-01T00:00:00+03:30", "2027-01-01T00:00:00+03:30", 31),
        ("2028-02", "2028-02-01T00:00:00+03:30", "2028-03-01T00:00:00+03:30", 29),
    ],
)
def test_bounds(text, start, end, days):
    month = Month.parse(text)
    assert (iso(month.start), iso(month.end)) == (start, end)
    assert month.seconds == days * 86400


def test_a_month_in_which_clocks_were_turned_is_as_long_as_it_was():
    assert Month.parse("1400-01").seconds == 31 * 86400 - 3600
    assert Month.parse("1400-06").seconds == 31 * 86400 + 3600


def test_names():
    assert (Month.parse("1405-08").name_fa, Month.parse("1405-08").name_en) == ("آبان ۱۴۰۵", "Aban 1405")
    assert (Month.parse("2026-11").name_fa, Month.parse("2026-11").name_en) == (
        "نوامبر ۲۰۲۶",
        "November 2026",
    )
    assert str(Month.of(1405, 8)) == "1405-08"


@given(st.integers(1390, 1450), st.integers(1, 12), st.booleans())
def test_months_follow_each_other_without_gap(year, number, jalali):
    month = Month.of(year if jalali else year + 621, number)
    assert month.next().start == month.end
    assert Month.containing(month.start, jalali=jalali) == month
    assert Month.containing(month.end - 1, jalali=jalali) == month
    assert Month.parse(month.key) == month


def test_containing():
    assert Month.containing(parse_instant("2026-11-21T23:59:59+03:30")).key == "1405-08"
    assert Month.containing(parse_instant("2026-11-21T23:59:59+03:30"), jalali=False).key == "2026-11"


@pytest.mark.parametrize(
    "text", ["1405-13", "1405-00", "1405", "0099-01", "1700-01", "aban", "", None, 140508]
)
def test_what_is_no_month_is_refused(text):
    with pytest.raises(BadInput, match=r"^month"):
        Month.parse(text)


@pytest.mark.parametrize("year", [1200, 1599, 1800, 2299])
def test_years_at_the_bounds_have_all_their_months(year):
    assert [Month.of(year, number).number for number in range(1, 13)] == list(range(1, 13))
    assert Month.of(year, 1).is_jalali is (year < 1600)


@pytest.mark.parametrize("year", [1199, 1600, 1799, 2300])
def test_years_beyond_the_bounds_are_refused(year):
    with pytest.raises(BadInput, match="neither Jalali"):
        Month.of(year, 1)


@pytest.mark.parametrize("number", [0, 13])
def test_a_year_has_twelve_months(number):
    with pytest.raises(BadInput, match="from 01 to 12"):
        Month.of(1405, number)


def test_months_are_ordered_in_time_and_do_not_change():
    months = [Month.of(1405, 8), Month.of(1405, 7), Month.of(1404, 12)]
    assert sorted(months) == months[::-1]
    assert len({*months, Month.parse("1405-08")}) == 3
    with pytest.raises(AttributeError):
        months[0].year = 1406
