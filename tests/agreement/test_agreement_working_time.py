"""Clocks in working time: inverse of each other, right at every edge."""

import sys
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.agreement.calendars import EditAction, HolidayEdit
from engine.agreement.dates import parse_instant
from engine.agreement.intervals import merge
from engine.agreement.terms import in_force
from engine.agreement.working_time import (
    deadline,
    elapsed,
    end_of_working_day,
    explain,
    is_open,
    is_working_day,
    next_open,
)
from engine.errors import BadInput

TERMS = in_force(0)
EDITS = [
    HolidayEdit(EditAction.HALF_DAY, date(2026, 11, 26), "leila", 0, "snow"),
    HolidayEdit(EditAction.ADD, date(2026, 11, 29), "leila", 0, "smoke", name_fa="آلودگی هوا"),
]
SUPPORT, WORKING = TERMS.calendar("support", EDITS), TERMS.calendar("working-days", EDITS)
H = 3600


def at(text):
    return parse_instant(text, local=True)


# Instants over years with and without summer time, on and beside the edges of days and shifts.
EDGE_TIMES = (0, 30600, 36000, 50400, 53100, 79200, 86399)


@st.composite
def instants(draw):
    day = date(2006, 1, 1) + timedelta(days=draw(st.integers(0, 365 * 35)))
    of_day = draw(st.one_of(st.sampled_from(EDGE_TIMES), st.integers(0, 86399)))
    midnight = at(day.isoformat())
    return midnight + of_day + draw(st.integers(-1, 1))


calendars = st.sampled_from([SUPPORT, WORKING])
amounts = st.one_of(
    st.sampled_from([0, 1, H, 4 * H, 24 * H, 259_200, 19800, 33300]), st.integers(0, 40 * 86400)
)
pause_lists = st.lists(
    st.tuples(st.integers(-3 * 86400, 30 * 86400), st.one_of(st.integers(0, 600), st.integers(0, 9 * 86400))),
    max_size=6,
)


def pauses_from(start, offsets):
    return [(start + a, start + a + length) for a, length in offsets]


@settings(max_examples=400, deadline=None)
@given(calendars, instants(), amounts, pause_lists)
@example(SUPPORT, at("1404-12-29 23:59:59"), 14400, [])  # into Nowruz
@example(WORKING, at("1404-12-29 10:00"), 259_200, [])
@example(SUPPORT, at("1400-06-30 23:30"), 3600, [])  # an hour that came twice
@example(SUPPORT, at("1400-01-01 23:30"), 3600, [])  # an hour that never was
def test_deadline_is_the_inverse_of_elapsed_and_the_earliest(calendar, start, amount, offsets):
    pauses = pauses_from(start, offsets)
    due = deadline(calendar, start, amount, pauses)
    assert elapsed(calendar, start, due, pauses) == amount
    if amount:
        assert elapsed(calendar, start, due - 1, pauses) == amount - 1
    else:
        assert due == start


@settings(max_examples=300, deadline=None)
@given(calendars, instants(), st.integers(0, 60 * 86400), st.integers(0, 60 * 86400), pause_lists)
def test_elapsed_adds_up_and_pauses_take_away_what_they_cover(calendar, start, first, second, offsets):
    pauses = pauses_from(start, offsets)
    middle, end = start + first, start + first + second
    whole = elapsed(calendar, start, end, pauses)
    assert whole == elapsed(calendar, start, middle, pauses) + elapsed(calendar, middle, end, pauses)
    covered = sum(
        elapsed(calendar, max(a, start), min(b, end)) for a, b in merge(pauses) if max(a, start) < min(b, end)
    )
    assert whole == elapsed(calendar, start, end) - covered
    assert elapsed(calendar, start, start + first) <= first


HOLIDAYS = {each.day for each in SUPPORT.holidays}


def open_seconds(kind, start, end):
    """Second by second, after 2022: no calendar code, only the agreement's words."""
    local = np.arange(start, end, dtype=np.int64) + 12600
    days, of_day = local // 86400, local % 86400
    result = np.zeros(len(local), dtype=bool)
    for number in np.unique(days):
        day = date(1970, 1, 1) + timedelta(days=int(number))
        free = day.weekday() == 4 or day in HOLIDAYS
        if kind == "working-days":
            shifts = [] if free else [(0, 86400)]
        elif day == date(2026, 11, 26):
            shifts = [(30600, 50400)]
        else:
            shifts = [(36000, 50400), (53100, 79200)] if free else [(30600, 50400), (53100, 86400)]
        for a, b in shifts:
            result |= (days == number) & (of_day >= a) & (of_day < b)
    return result


@settings(max_examples=40, deadline=None)
@given(calendars, st.integers(0, 14 * 365 * 24 * 60), st.integers(0, 12 * 86400), pause_lists)
@example(SUPPORT, (at("1405-09-04 00:00") - 1672531200) // 60, 6 * 86400, [(86400, 7200)])
def test_elapsed_against_every_single_second(calendar, minute, length, offsets):
    start = 1672531200 + minute * 60  # from 2023 on
    pauses = pauses_from(start, offsets)
    running = open_seconds(calendar.kind.value, start, start + length)
    for a, b in pauses:
        running[max(0, a - start) : max(0, b - start)] = False
    assert elapsed(calendar, start, start + length, pauses) == int(np.count_nonzero(running))


@pytest.mark.parametrize(
    ("start", "amount", "due"),
    [
        ("1405-08-30 09:00", 4 * H, "1405-08-30 13:00"),
        ("1405-08-30 12:30", 4 * H, "1405-08-30 17:15"),  # over the break
        ("1405-08-30 12:30", 90 * 60, "1405-08-30 14:00"),  # the end of a shift, not the next one's start
        ("1405-08-30 23:30", 1800, "1405-09-01 00:00"),  # a shift that ends at midnight loses no minute
        ("1405-08-30 23:30", H, "1405-09-01 09:00"),
        ("1405-09-05 23:00", 2 * H, "1405-09-06 11:00"),  # into Friday
        ("1404-12-28 23:30", H, "1404-12-29 10:30"),  # 29 Esfand is a holiday
    ],
)
def test_support_deadlines(start, amount, due):
    assert deadline(TERMS.calendar("support"), at(start), amount) == at(due)


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-12-02 10:00", 3, "2026-12-06 10:00"),  # Wednesday over Friday to Sunday
        ("2026-12-04 15:00", 3, "2026-12-08 00:00"),  # a Friday: begins with Saturday
        ("2026-03-19 10:00", 3, "2026-03-28 10:00"),  # over Nowruz
        ("2026-11-28 10:00", 1, "2026-11-30 10:00"),  # over the Sunday that staff added
    ],
)
def test_working_day_deadlines(start, days, due):
    assert deadline(WORKING, at(start), days * 86400) == at(due)


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        ("2026-12-02 10:00", 1, "2026-12-04 00:00"),  # Wednesday: the end of Thursday
        ("2026-12-03 23:59", 1, "2026-12-06 00:00"),  # Thursday: the end of Saturday
        ("2026-12-04 10:00", 1, "2026-12-06 00:00"),  # Friday too
        ("2026-12-05 00:00", 1, "2026-12-07 00:00"),  # midnight belongs to Saturday
        ("2026-12-02 10:00", 3, "2026-12-07 00:00"),
    ],
)
def test_end_of_the_next_working_day(start, count, end):
    assert end_of_working_day(WORKING, at(start), count) == at(end)


def test_open_and_next_open():
    assert is_open(SUPPORT, at("1405-08-30 13:59:59"))
    assert not is_open(SUPPORT, at("1405-08-30 14:00"))
    assert next_open(SUPPORT, at("1405-08-30 14:00")) == at("1405-08-30 14:45")
    assert next_open(SUPPORT, at("1405-08-30 15:00")) == at("1405-08-30 15:00")
    assert is_working_day(WORKING, date(2026, 11, 28))
    assert not is_working_day(WORKING, date(2026, 11, 29))
    with pytest.raises(ValueError):
        is_working_day(SUPPORT, date(2026, 11, 28))


def test_a_strike_moves_a_deadline_that_has_not_passed():
    nature = date(2026, 4, 2)
    start = at("2026-04-01 20:00")
    before = deadline(TERMS.calendar("support"), start, 6 * H)
    strike = HolidayEdit(EditAction.STRIKE, nature, "leila", 0, "a mistake")
    after = deadline(TERMS.calendar("support", [strike]), start, 6 * H)
    assert before - after == 5400


def test_bad_input():
    with pytest.raises(BadInput, match="lies before the start"):
        elapsed(SUPPORT, at("1405-08-30"), at("1405-08-29"))
    with pytest.raises(BadInput, match="negative"):
        deadline(SUPPORT, 0, -1)
    with pytest.raises(BadInput, match="2000 to 2050"):
        deadline(SUPPORT, at("2050-12-31 23:00"), 5 * H)
    with pytest.raises(BadInput, match="counted from 1"):
        end_of_working_day(WORKING, at("1405-08-30"), 0)


def test_explanations():
    start = at("1405-08-29 10:55")  # a Friday
    used = explain(SUPPORT, start, 6 * H, at("1405-08-29 14:15"))
    assert used.en == "3 h 5 min of 6 h used; the clock stands still until 14:45"
    assert used.fa == "۳ ساعت و ۵ دقیقه از ۶ ساعت گذشته است؛ زمان تا ساعت ۱۴:۴۵ نمی‌گذرد"
    assert (used.state, used.resumes_at) == ("closed", at("1405-08-29 14:45"))
    night = explain(SUPPORT, at("1405-08-29 20:00"), 4 * H, at("1405-08-29 23:00"))
    assert night.en == "2 h of 4 h used; the clock stands still until Saturday 1405-08-30 08:30"
    runs = explain(SUPPORT, start, 4 * H, at("1405-08-29 12:00"))
    assert runs.en == "1 h 5 min of 4 h used; the clock runs, due at 1405-08-29 15:40"
    waits = explain(
        SUPPORT, start, 4 * H, at("1405-08-29 13:00"), [(at("1405-08-29 12:00"), at("1405-08-29 14:00"))]
    )
    assert waits.state == "paused"
    assert "while we wait for the customer" in waits.en
    late = explain(SUPPORT, start, H, at("1405-08-29 12:55"))
    assert late.en == "2 h of 1 h used; late by 1 h, it was due at 1405-08-29 11:55"
    over_night = explain(SUPPORT, at("1405-08-30 22:00"), 2 * H, at("1405-09-01 07:00"))
    assert over_night.en == "2 h of 2 h used; late, it was due at 1405-08-30 24:00"
    met = explain(SUPPORT, start, 4 * H, at("1405-09-05"), stopped_at=at("1405-08-29 11:55"))
    assert (met.state, met.used_s) == ("met", H)
    just = explain(SUPPORT, start, H, at("1405-09-05"), stopped_at=at("1405-08-29 11:55"))
    assert just.state == "met", "done at the deadline is in time"
    missed = explain(SUPPORT, start, H, at("1405-09-05"), stopped_at=at("1405-08-29 11:56"))
    assert missed.state == "late"
    days = explain(WORKING, at("2026-12-02 10:00"), 259_200, at("2026-12-03 14:00"))
    assert days.en == "1 d 4 h of 3 d used; the clock runs, due at 1405-09-15 10:00"


def test_ten_years_are_calculated_without_walking_over_days():
    start, end = at("1395-01-01"), at("1405-01-01")
    elapsed(SUPPORT, start, end)  # makes the year tables
    calls = 0

    def count(frame, event, argument):
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        elapsed(SUPPORT, start + 1, end)
        deadline(SUPPORT, start + 1, 4 * H)
    finally:
        sys.setprofile(None)
    assert calls < 500, "fewer steps than the 3,653 days"


def test_ten_years_are_the_sum_of_their_years():
    years = [at(f"{year}-01-01") for year in range(1395, 1406)]
    parts = [elapsed(SUPPORT, a, b) for a, b in pairwise(years)]
    assert sum(parts) == elapsed(SUPPORT, years[0], years[-1])
    for used in (1, sum(parts) // 3, sum(parts)):
        assert elapsed(SUPPORT, years[0], deadline(SUPPORT, years[0], used)) == used


def test_what_is_refused_says_when() -> None:
    with pytest.raises(BadInput) as refused:
        elapsed(SUPPORT, at("2026-11-24 10:00"), at("2026-11-23 09:30"))
    assert "1405-09-03 10:00" in str(refused.value)
    assert "1405-09-02 09:30" in str(refused.value)


def test_an_error_of_the_caller_is_no_bad_input() -> None:
    with pytest.raises(ValueError, match="working-days"):
        is_working_day(SUPPORT, date(2026, 11, 24))


def test_the_last_pause_begins_where_the_first_ends() -> None:
    start = at("2026-11-24 10:00")
    pauses = [(start, start + H), (start + H, start + 2 * H)]
    assert deadline(SUPPORT, start, H, pauses) == start + 3 * H


@pytest.mark.parametrize(
    ("start", "end", "open_s"),
    [
        ("2026-01-01 02:00", "2026-01-01 08:30", 0),  # before the first shift of a year
        ("2026-01-01 02:00", "2026-01-01 10:00", 5400),
        ("2025-12-31 23:00", "2026-01-01 09:30", 2 * H),
        ("2024-12-31 23:00", "2026-01-01 00:00", None),  # a whole year and an hour of another
    ],
)
def test_time_goes_on_over_the_turn_of_a_year(start, end, open_s):
    elapsed_s = elapsed(SUPPORT, at(start), at(end))
    if open_s is not None:
        assert elapsed_s == open_s
    days = [at("2025-01-01") + n * 86400 for n in range(366)]
    if open_s is None:
        assert elapsed_s == H + sum(elapsed(SUPPORT, a, b) for a, b in pairwise(days))
        assert deadline(SUPPORT, at(start), elapsed_s) == at(end)


def test_a_pause_that_begins_at_the_deadline_does_not_move_it():
    start = at("1405-08-30 09:00")
    for pause_from, due in (
        ("1405-08-30 10:00", "1405-08-30 10:00"),
        ("1405-08-30 09:59:59", "1405-08-30 12:00:01"),
    ):
        assert deadline(SUPPORT, start, H, [(at(pause_from), at("1405-08-30 12:00"))]) == at(due)


def test_the_next_working_day_is_meant_where_no_count_is_given():
    assert end_of_working_day(WORKING, at("2026-12-02 10:00")) == at("2026-12-04 00:00")


def test_a_deadline_at_midnight_is_the_end_of_its_day():
    said = explain(SUPPORT, at("1405-08-30 22:00"), 2 * H, at("1405-08-30 23:00"))
    assert said.en == "1 h of 2 h used; the clock runs, due at 1405-08-30 24:00"
    assert said.fa == "۱ ساعت از ۲ ساعت گذشته است؛ زمان در حال گذر است؛ مهلت تا ۱۴۰۵/۰۸/۳۰ ساعت ۲۴:۰۰"


@pytest.mark.parametrize(
    ("now", "stopped", "fa"),
    [
        ("1405-08-29 12:00", None, "۱ ساعت از ۲ ساعت گذشته است؛ زمان در حال گذر است؛ مهلت تا ۱۴۰۵/۰۸/۲۹ ساعت ۱۳:۰۰"),
        ("1405-08-29 13:30", None, "۲ ساعت و ۳۰ دقیقه از ۲ ساعت گذشته است؛ ۳۰ دقیقه دیر شده است؛ مهلت ۱۴۰۵/۰۸/۲۹ ساعت ۱۳:۰۰ بود"),
        ("1405-09-05 00:00", "1405-08-29 12:00", "۱ ساعت از ۲ ساعت گذشته است؛ در ۱۴۰۵/۰۸/۲۹ ساعت ۱۲:۰۰ در مهلت انجام شد"),
    ],
)  # fmt: skip
def test_explanations_in_persian(now, stopped, fa):
    found = explain(SUPPORT, at("1405-08-29 11:00"), 2 * H, at(now), stopped_at=stopped and at(stopped))
    assert found.fa == fa
