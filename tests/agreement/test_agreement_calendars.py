"""Which hours of which day count, and the edits of staff."""

from datetime import UTC, date, datetime

import pytest

from engine.agreement.calendars import (
    Calendar,
    CalendarKind,
    EditAction,
    Holiday,
    HolidayEdit,
    check_edit,
    hours_text,
    official_holidays,
    parse_edit,
    parse_hours,
)
from engine.agreement.terms import in_force
from engine.errors import BadInput

TERMS = in_force(0)
SUPPORT = TERMS.calendar("support")
WORKING = TERMS.calendar("working-days")
LONG, SHORT = "08:30-14:00, 14:45-24:00", "10:00-14:00, 14:45-22:00"


def edit(action, day, at=0, **more):
    return HolidayEdit(EditAction(action), day, "leila", at, "the government said so", **more)


@pytest.mark.parametrize(
    ("day", "support", "works"),
    [
        (date(2026, 11, 21), LONG, True),  # Saturday
        (date(2026, 11, 26), LONG, True),  # Thursday
        (date(2026, 11, 27), SHORT, False),  # Friday
        (date(2026, 3, 21), SHORT, False),  # Nowruz, a Saturday
        (date(2026, 4, 2), SHORT, False),  # Nature's Day, a Thursday
    ],
)
def test_hours_of_a_day(day, support, works):
    assert hours_text(SUPPORT.hours(day)) == support
    assert bool(WORKING.hours(day)) is works


def test_the_package_gives_names_in_both_languages():
    nowruz = SUPPORT.holiday(date(2027, 3, 21))
    assert "نوروز" in nowruz.name_fa
    assert "Nowruz" in nowruz.name_en


def test_add_strike_move_and_half_day():
    wednesday, thursday = date(2026, 11, 25), date(2026, 11, 26)
    nature = date(2026, 4, 2)
    edits = [
        edit("add", wednesday, 1, name_fa="آلودگی هوا", name_en="Air pollution"),
        edit("half_day", thursday, 2, hours=((8 * 3600 + 1800, 12 * 3600),)),
        edit("move", nature, 3, to=date(2026, 4, 4)),
        edit("strike", date(2026, 4, 1), 4),
        edit("half_day", date(2026, 11, 28), 5),
    ]
    support, working = TERMS.calendar("support", edits), TERMS.calendar("working-days", edits)
    assert hours_text(support.hours(wednesday)) == SHORT
    assert not working.hours(wednesday)
    assert support.holiday(wednesday).name_fa == "آلودگی هوا"
    assert hours_text(support.hours(thursday)) == "08:30-12:00"
    assert support.is_half_day(thursday)
    assert working.hours(thursday), "a half day is still a working day"
    assert hours_text(support.hours(date(2026, 11, 28))) == "08:30-14:00", "without hours: the first shift"
    assert hours_text(support.hours(nature)) == LONG
    assert support.holiday(date(2026, 4, 4)).name_en == "Nature's Day"
    assert working.hours(date(2026, 4, 1))


def test_later_edits_win_whatever_their_order_in_the_list():
    day = date(2026, 11, 25)
    edits = [edit("strike", day, 20), edit("add", day, 10, name_fa="تعطیل")]
    assert TERMS.calendar("support", edits).holiday(day) is None


def test_a_half_day_that_becomes_a_holiday_is_one():
    day = date(2026, 11, 25)
    edits = [edit("half_day", day, 1), edit("add", day, 2, name_fa="تعطیل")]
    calendar = TERMS.calendar("support", edits)
    assert hours_text(calendar.hours(day)) == SHORT
    assert not calendar.is_half_day(day)


def test_an_edit_that_finds_nothing_any_more_does_no_harm():
    stale = [edit("strike", date(2026, 11, 25)), edit("move", date(2026, 11, 24), 1, to=date(2026, 11, 23))]
    calendar = TERMS.calendar("support", stale)
    assert calendar.holiday(date(2026, 11, 25)) is None
    assert calendar.holiday(date(2026, 11, 23)).name_en == "Official holiday"


def test_a_move_onto_a_holiday_joins_the_names():
    calendar = TERMS.calendar("support", [edit("move", date(2026, 4, 1), to=date(2026, 4, 2))])
    assert calendar.holiday(date(2026, 4, 2)).name_en == "Nature's Day; Islamic Republic Day"


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (edit("strike", date(2026, 11, 25)), "is not an official holiday"),
        (edit("move", date(2026, 11, 25), to=date(2026, 11, 26)), "cannot be moved"),
        (edit("move", date(2026, 4, 2)), "another day"),
        (edit("add", date(2026, 4, 2), name_fa="x"), "already: Nature's Day"),
        (edit("add", date(2026, 11, 25)), "needs a name"),
        (edit("half_day", date(2026, 4, 2)), "not a working day"),
        (HolidayEdit(EditAction.ADD, date(2026, 11, 25), " ", 0, "why", name_fa="x"), "author"),
    ],
)
def test_an_edit_that_makes_no_sense_is_refused_at_entry(bad, says):
    with pytest.raises(BadInput, match=says):
        check_edit(SUPPORT, bad)


def test_the_version_follows_the_content_alone():
    assert TERMS.calendar("support") == SUPPORT
    assert hash(TERMS.calendar("support")) == hash(SUPPORT)
    assert SUPPORT.version != WORKING.version
    edited = TERMS.calendar("support", [edit("strike", date(2026, 4, 2))])
    assert edited.version != SUPPORT.version
    back = [edit("strike", date(2026, 4, 2)), edit("add", date(2026, 4, 2), 1, name_fa="x")]
    assert TERMS.calendar("support", back).hours(date(2026, 4, 2)) == SUPPORT.hours(date(2026, 4, 2))


def test_the_version_of_a_calendar_never_changes():
    """Clocks keep it, and the calendar that they were calculated by is found by it."""
    small = Calendar(
        CalendarKind.SUPPORT,
        (((30600, 50400),),) * 7,
        ((36000, 50400),),
        (Holiday(date(2026, 3, 21), "نوروز", "Nowruz"),),
        ((date(2026, 11, 26), ((30600, 43200),)),),
    )
    assert small.version == "f5fecac3681e8278"
    assert Calendar.from_json(small.to_json()).version == small.version


def test_a_stored_calendar_does_not_depend_on_the_package():
    edited = TERMS.calendar("support", [edit("half_day", date(2026, 11, 26))])
    again = Calendar.from_json(edited.to_json())
    assert again == edited
    assert again.hours(date(2026, 11, 26)) == edited.hours(date(2026, 11, 26))
    upgraded = TERMS.calendar("support", base=[*official_holidays()[:-1]])
    assert upgraded.version != SUPPORT.version


def test_other_official_holidays_may_be_given():
    calendar = TERMS.calendar("working-days", base=[Holiday(date(2026, 11, 25), "روز", "Day")])
    assert not calendar.hours(date(2026, 11, 25))
    assert calendar.hours(date(2026, 4, 2))


def test_a_day_outside_the_known_years_is_refused():
    with pytest.raises(BadInput, match="2000 to 2050"):
        SUPPORT.hours(date(2051, 1, 1))


def test_a_record_of_an_edit_is_read():
    who = {"author": "p", "at": "2026-11-20T10:00:00Z", "reason": "r"}
    move = {**who, "action": "move", "day": "2026-04-02", "to": "2026-04-03", "name_fa": "طبیعت"}
    half = {**who, "action": "half_day", "day": "2026-11-26", "hours": [["08:30", "12:00"]]}
    at = int(datetime(2026, 11, 20, 10, tzinfo=UTC).timestamp())
    assert [parse_edit(each, "edits[0]") for each in (move, half)] == [
        HolidayEdit(EditAction.MOVE, date(2026, 4, 2), "p", at, "r", to=date(2026, 4, 3), name_fa="طبیعت"),
        HolidayEdit(EditAction.HALF_DAY, date(2026, 11, 26), "p", at, "r", hours=((30600, 43200),)),
    ]


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ("x", r"edits\[0\]: needs an object"),
        ({"action": "paint"}, r"edits\[0\]\.action: «paint» is not one of add, strike, move, half_day"),
        ({"action": "add", "author": "a"}, r"edits\[0\]\.reason: is missing"),
        ({"action": "move", "author": "a", "reason": "r"}, r"edits\[0\]\.to"),
        ({"action": "add", "author": "a", "reason": "r", "day": "1405-13-01"}, r"edits\[0\]\.day"),
        (
            {"action": "add", "author": "a", "reason": "r", "day": "1405-01-01", "at": "2026-01-01T00:00"},
            r"edits\[0\]\.at: .* has no offset",
        ),
    ],
)
def test_bad_edit_records(record, says):
    with pytest.raises(BadInput, match=says):
        parse_edit(record, "edits[0]")


@pytest.mark.parametrize(
    "pairs", ["08:30", [["08:30"]], [["9", "10:00"]], [["14:00", "08:30"]], [["08:00", "24:01"]]]
)
def test_bad_hours(pairs):
    with pytest.raises(BadInput, match=r"^hours: "):
        parse_hours(pairs, "hours")


def test_calendars_are_equal_when_all_their_days_are():
    again = TERMS.calendar("support")
    assert again == SUPPORT
    assert hash(SUPPORT) == hash(again)
    assert SUPPORT != WORKING
    assert TERMS.calendar("support", [edit("strike", date(2026, 4, 2))]) != SUPPORT
    assert SUPPORT.version != SUPPORT
    with pytest.raises(AttributeError):
        SUPPORT.kind = WORKING.kind
    assert "_holiday_by_day" not in repr(SUPPORT)
    assert "_half_by_day" not in repr(SUPPORT)


def test_holidays_are_known_from_the_first_year_to_the_last_and_not_beyond():
    years = {each.day.year for each in official_holidays()}
    assert (min(years), max(years), len(years)) == (2000, 2050, 51)
    for day in (date(2000, 1, 1), date(2050, 12, 31)):
        assert SUPPORT.hours(day) in (SUPPORT.holiday_hours, SUPPORT.week[day.weekday()])
    for day in (date(1999, 12, 31), date(2051, 1, 1)):
        with pytest.raises(BadInput, match="2000 to 2050"):
            SUPPORT.hours(day)


@pytest.mark.parametrize(
    ("pairs", "text"),
    [
        ([], "closed"),
        ([["00:00", "24:00"]], "00:00-24:00"),
        ([["08:30", "14:00"], ["14:00", "15:59"]], "08:30-14:00, 14:00-15:59"),  # they touch
        ((("0:00", "00:01"),), "00:00-00:01"),
    ],
)
def test_hours_that_can_be(pairs, text):
    assert hours_text(parse_hours(pairs, "here")) == text


@pytest.mark.parametrize(
    "pairs",
    [
        "08:30-14:00",
        [["08:30"]],
        [["08:30", "14:00", "15:00"]],
        ["08:30"],
        [["14:00", "08:30"]],
        [["08:30", "08:30"]],
        [["08:30", "14:00"], ["13:59", "15:00"]],
        [["14:00", "15:00"], ["08:30", "09:00"]],
        [["08:60", "14:00"]],
        [["08:30", "24:01"]],
        [["08:30", "25:00"]],
        [["-1:30", "14:00"]],
        [["8", "14:00"]],
        [["08:30:00", "14:00"]],
        [["۰۸:۳۰", "14:00"]],
    ],
)
def test_hours_that_cannot_be(pairs):
    with pytest.raises(BadInput, match=r"^here: "):
        parse_hours(pairs, "here")


def test_edits_that_make_sense_are_let_in_and_others_are_not():
    nature, thursday, friday = date(2026, 4, 2), date(2026, 11, 26), date(2026, 11, 27)
    good = [
        (SUPPORT, edit("add", thursday, name_fa="آلودگی هوا")),
        (SUPPORT, edit("strike", nature)),
        (SUPPORT, edit("move", nature, to=date(2026, 4, 4))),
        (SUPPORT, edit("half_day", thursday)),
        (WORKING, edit("half_day", thursday)),
        (SUPPORT, edit("half_day", friday)),  # support is there on Fridays
    ]
    for calendar, one in good:
        check_edit(calendar, one)
    bad = [
        (SUPPORT, edit("add", nature, name_fa="باز هم"), "official holiday already"),
        (SUPPORT, edit("add", thursday, name_fa=" "), "needs a name"),
        (SUPPORT, edit("strike", thursday), "cannot be struck"),
        (SUPPORT, edit("move", thursday, to=friday), "cannot be moved"),
        (SUPPORT, edit("move", nature), "another day to move to"),
        (SUPPORT, edit("move", nature, to=nature), "another day to move to"),
        (SUPPORT, edit("half_day", nature), "strike the holiday first"),
        (WORKING, edit("half_day", friday), "strike the holiday first"),
        (SUPPORT, HolidayEdit(EditAction.STRIKE, nature, " ", 0, "why"), "author and a reason"),
        (SUPPORT, HolidayEdit(EditAction.STRIKE, nature, "leila", 0, " "), "author and a reason"),
    ]
    for calendar, one, says in bad:
        with pytest.raises(BadInput, match=says):
            check_edit(calendar, one)


def test_edits_and_holidays_do_not_change():
    for fixed, name in ((edit("strike", date(2026, 4, 2)), "day"), (official_holidays()[0], "day")):
        with pytest.raises(AttributeError):
            setattr(fixed, name, None)
