"""The working calendar that staff edit, and what an edit does to clocks that run."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.agreement import working_time
from engine.agreement.calendars import hours_text
from engine.agreement.dates import instant_text, parse_date
from engine.errors import BadInput, NotAllowed
from engine.services.accounts import audit_log
from engine.services.sla import working_calendar
from engine.services.tickets import clocks, tickets, watch
from engine.states import ClockState
from engine.store.tables.support import CalendarVersion, Ticket, TicketClock, TicketStep
from engine.store.threads import read, write
from tests.tickets.cast import Cast, at, on_sqlite

NOW = at("1405-08-30 09:00")


def edit(cast: Cast, action: str, day: str, now: int = NOW, **more: object) -> None:
    write(
        lambda: working_calendar.edit(
            cast.quality, action, parse_date(day), "The council said so.", now, **more
        )
    )


def hours(day: str) -> str:
    shown = read(lambda: working_calendar.days(parse_date(day), parse_date(day), NOW))
    return hours_text(shown[0].hours)


def test_staff_add_move_strike_and_halve(cast: Cast) -> None:
    usual, holiday = "08:30-14:00, 14:45-24:00", "10:00-14:00, 14:45-22:00"
    assert hours("1405-09-01") == usual
    edit(cast, "add", "1405-09-01", name_fa="آلودگی هوا")
    assert hours("1405-09-01") == holiday
    entry = read(lambda: audit_log.entries(None, person_id=cast.quality.id))[0]
    assert (entry.action, usual in entry.before, holiday in entry.after) == ("calendar.edit", True, True)
    edit(cast, "move", "1405-09-01", to=parse_date("1405-09-02"), now=NOW + 1000)
    assert (hours("1405-09-01"), hours("1405-09-02")) == (usual, holiday)
    edit(cast, "strike", "1405-09-02", now=NOW + 2000)
    edit(cast, "half_day", "1405-09-03", hours=[["08:30", "12:00"]], now=NOW + 3000)
    assert (hours("1405-09-02"), hours("1405-09-03")) == (usual, "08:30-12:00")
    edit(cast, "half_day", "1405-09-03", hours=[["08:30", "14:00"], ["14:45", "24:00"]], now=NOW + 4000)
    assert hours("1405-09-03") == usual  # a half day is undone by the day's usual hours
    log = read(working_calendar.history)
    assert [row.action for row in log] == ["half_day", "half_day", "strike", "move", "add"]
    assert log[0].author_id == cast.quality.id


@on_sqlite
def test_an_edit_that_makes_no_sense_is_refused(cast: Cast) -> None:
    for action, day, more in (
        ("strike", "1405-09-01", {}),
        ("add", "1405-01-01", {"name_fa": "نوروز"}),
        ("half_day", "1405-01-01", {}),
        ("forget", "1405-09-01", {}),
        ("half_day", "1405-09-01", {"hours": [["12:00", "08:00"]]}),
    ):
        with pytest.raises(BadInput):
            edit(cast, action, day, **more)
    with pytest.raises(NotAllowed):
        write(lambda: working_calendar.edit(cast.owner, "add", date(2026, 11, 22), "r", NOW, name_fa="x"))
    assert read(working_calendar.history) == []


def open_at(cast: Cast, department: str, when: str) -> int:
    return write(
        lambda: tickets.open_ticket(cast.owner, cast.account, department, "Subject", "Text", at(when))
    )


def clock_of(ticket: int, kind: str) -> TicketClock:
    return read(lambda: TicketClock.get(TicketClock.ticket_id == ticket, TicketClock.kind == kind))


def test_an_edit_moves_deadlines_that_have_not_passed_and_no_others(cast: Cast) -> None:
    past = open_at(cast, "support", "1405-08-28 22:00")  # Thursday; due on Friday 12:00
    running = open_at(cast, "support", "1405-08-30 22:00")  # due on Sunday 10:30
    claim = open_at(cast, "compensation_claim", "1405-08-30 10:00")  # due at the end of Sunday
    before = clock_of(past, "answer")
    now = at("1405-08-30 23:00")
    day = parse_date("1405-09-01")
    moved = write(
        lambda: clocks.edit_calendar(cast.quality, "add", day, "The council said so.", now, name_fa="تعطیل")
    )
    assert len(moved) == 2
    assert write(lambda: clocks.recalculate(now)) == []
    after = clock_of(past, "answer")
    assert (after.due_at, after.calendar_version) == (before.due_at, before.calendar_version)
    assert after.state == ClockState.MISSED
    assert instant_text(clock_of(running, "answer").due_at // 1000) == "1405-09-01 12:00"
    assert instant_text(clock_of(claim, "first_answer").due_at // 1000, is_end=True) == "1405-09-02 24:00"
    step = read(lambda: TicketStep.get(TicketStep.ticket_id == running, TicketStep.what == "deadline_moved"))
    assert (step.old, step.new) == ("1405-09-01 10:30", "1405-09-01 12:00")
    assert read(lambda: Ticket.get_by_id(running).next_due_at) == clock_of(running, "answer").due_at


@on_sqlite
def test_an_edit_makes_nothing_late_and_moves_a_clock_that_stands_still(cast: Cast) -> None:
    edit(cast, "add", "1405-08-30", now=at("1405-08-29 09:00"), name_fa="تعطیل")
    ticket = open_at(cast, "support", "1405-08-30 09:00")  # a holiday: opens at 10:00, due at 14:00
    asked = open_at(cast, "panel_fault", "1405-08-30 09:00")
    write(lambda: tickets.reply(cast.agent, asked, "What?", at("1405-08-30 11:00"), wait=True))
    now = at("1405-08-30 13:30")
    edit(cast, "strike", "1405-08-30", now)  # by the struck calendar it would have been due at 13:00
    write(lambda: clocks.recalculate(now))
    assert instant_text(clock_of(ticket, "answer").due_at // 1000) == "1405-08-30 14:00"
    assert write(lambda: watch.watch(now)) == 1  # a warning, no escalation
    paused = clock_of(asked, "mended")
    assert paused.due_at is None
    current = read(lambda: working_calendar.current("working-days", now))
    assert paused.calendar_version == current.version
    assert read(lambda: working_calendar.by_version(paused.calendar_version)) == current


def test_a_frozen_calendar_gives_the_same_deadline_in_a_year(cast: Cast) -> None:
    ticket = open_at(cast, "support", "1405-08-30 22:00")
    edit(cast, "add", "1405-09-01", name_fa="تعطیل")
    row = clock_of(ticket, "answer")
    frozen = read(lambda: working_calendar.by_version(row.calendar_version))
    assert working_time.deadline(frozen, row.started_at // 1000, row.amount_s) * 1000 == row.due_at
    assert read(lambda: CalendarVersion.select().count()) == 1


@on_sqlite
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start_s=st.integers(0, 90 * 86_400),
    waits=st.lists(st.tuples(st.integers(0, 40 * 3600), st.integers(0, 80 * 3600)), max_size=4),
)
def test_after_any_pauses_every_deadline_is_exact(
    cast: Cast, start_s: int, waits: list[tuple[int, int]]
) -> None:
    """Staff ask and the customer answers at any times: each clock has run its amount at its deadline, to the second."""
    now = at("1404-12-01 00:00") + start_s * 1000  # over Nowruz
    ticket = write(
        lambda: tickets.open_ticket(cast.owner, cast.account, "panel_fault", "Subject", "Text", now)
    )
    spans = []
    for runs_s, waits_s in waits:
        asked = now + runs_s * 1000
        now = asked + waits_s * 1000
        spans.append((asked // 1000, now // 1000))
        write(lambda at=asked: tickets.reply(cast.agent, ticket, "And?", at, wait=True))
        write(lambda at=now: tickets.reply(cast.owner, ticket, "So.", at))
    for clock in read(lambda: list(TicketClock.select().where(TicketClock.ticket_id == ticket))):
        calendar = read(lambda v=clock.calendar_version: working_calendar.by_version(v))
        started_s = clock.started_at // 1000
        if clock.state in (ClockState.MET, ClockState.LATE):
            used_s = working_time.elapsed(calendar, started_s, clock.done_at // 1000, spans)
            in_time = used_s < clock.amount_s or (
                used_s == clock.amount_s
                and clock.done_at // 1000 == working_time.deadline(calendar, started_s, used_s, spans)
            )
            assert (clock.state == ClockState.MET) == in_time
            continue
        due_s = clock.due_at // 1000
        assert working_time.elapsed(calendar, started_s, due_s, spans) == clock.amount_s
        assert working_time.elapsed(calendar, started_s, due_s - 1, spans) == clock.amount_s - 1
        assert (clock.state == ClockState.MISSED) == (due_s < now // 1000)
