"""What the clocks of tickets are calculated by, to the second."""

from __future__ import annotations

import pytest

from engine.agreement.dates import instant_text
from engine.errors import BadInput
from engine.services.tickets import clocks, tickets
from engine.store.tables.support import Ticket, TicketStep
from engine.store.threads import read, write
from tests.tickets.cast import Cast, at, clock, on_sqlite, opened

SECOND, HOUR_S, DAY_S = 1000, 3600, 86_400

RULES = [
    # department, clock, its calendar, how long it runs and when it warns before the end (s), working days
    ("support", "answer", "support", 4 * HOUR_S, HOUR_S, 0),
    ("panel_fault", "examined", "hours", DAY_S, 4 * HOUR_S, 0),
    ("panel_fault", "mended", "working-days", 3 * DAY_S, DAY_S, 0),
    ("compensation_claim", "first_answer", "working-days", DAY_S + 15 * HOUR_S, 4 * HOUR_S, 1),
    ("compensation_claim", "result", "days", 7 * DAY_S, DAY_S, 0),
]


@on_sqlite
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule[1])
def test_what_a_clock_is_calculated_by(cast: Cast, rule: tuple[str, str, str, int, int, int]) -> None:
    department, kind, calendar, amount_s, warn_s, days = rule
    ticket = opened(cast, department, "1405-08-30 09:00")
    row = clock(ticket, kind)
    assert (row.calendar, row.amount_s, row.warn_s, row.days) == (calendar, amount_s, warn_s, days)
    assert (row.started_at, row.state, row.missed_at, row.done_at) == (
        at("1405-08-30 09:00"),
        "running",
        None,
        None,
    )


@on_sqlite
def test_a_warning_comes_an_hour_of_support_before_the_deadline(cast: Cast) -> None:
    row = clock(opened(cast, "support", "1405-08-30 12:30"), "answer")
    assert instant_text(row.due_at // SECOND) == "1405-08-30 17:15"
    assert instant_text(row.warn_at // SECOND) == "1405-08-30 16:15"
    row = clock(opened(cast, "support", "1405-08-30 11:00"), "answer")
    assert instant_text(row.warn_at // SECOND) == "1405-08-30 14:00", "three hours run out before the break"


@on_sqlite
@pytest.mark.parametrize(
    ("told", "warn_s"), [("1405-08-30 10:00:10", 5), ("1405-09-01 10:00", 0), ("1405-09-02 10:00", DAY_S)]
)
def test_the_warning_of_a_schedule_comes_at_its_half_or_a_day_before(
    cast: Cast, told: str, warn_s: int
) -> None:
    ticket = opened(cast, "panel_fault", "1405-08-30 09:00")
    now = at("1405-08-30 10:00")
    made = write(lambda: clocks.start(Ticket.get_by_id(ticket), "schedule", 5, now, at(told)))
    length_s = (at(told) - now) // SECOND
    assert (made.started_at, made.amount_s, made.days) == (now, length_s, 0)
    assert made.warn_s == (warn_s or length_s // 2)
    assert made.due_at == at(told)


@on_sqlite
def test_a_schedule_lies_in_the_future(cast: Cast) -> None:
    opened_id = opened(cast, "support", "1405-08-30 09:00")
    ticket = read(lambda: Ticket.get_by_id(opened_id))
    now = at("1405-08-30 10:00")
    for told in (now - SECOND, now):
        with pytest.raises(BadInput, match="lies in the future"):
            write(lambda told=told: clocks.start(ticket, "schedule", now, now, told))
    assert write(lambda: clocks.start(ticket, "schedule", now, now, now + SECOND)).amount_s == 1


@on_sqlite
@pytest.mark.parametrize(
    ("after_ms", "state"), [(-1, "met"), (0, "met"), (999, "met"), (1000, "late"), (1001, "late")]
)
def test_a_deadline_is_a_whole_second(cast: Cast, after_ms: int, state: str) -> None:
    ticket = opened(cast, "support", "1405-08-30 09:00")
    assert write(lambda: clocks.done(ticket, "answer", None, at("1405-08-30 13:00") + after_ms)) == state
    row = clock(ticket, "answer")
    assert row.missed_at == (at("1405-08-30 13:00") if state == "late" else None)
    assert write(lambda: clocks.done(ticket, "answer", None, at("1405-08-30 14:00"))) is None, "none is open"


@on_sqlite
def test_a_clock_that_was_missed_is_late_when_it_is_not_owed_any_more(cast: Cast) -> None:
    ticket = opened(cast, "panel_fault", "1405-08-30 09:00")
    now = at("1405-09-01 10:00")
    for kind in ("examined", "mended"):
        write(lambda kind=kind: clocks.cancel(ticket, kind, "why " + "y" * 3000, cast.agent.id, now))
    assert (clock(ticket, "examined").state, clock(ticket, "mended").state) == ("late", "cancelled")
    steps = read(lambda: {row.what: row for row in TicketStep.select()})
    assert (steps["clock_late"].old, steps["clock_late"].new) == ("examined", "1405-09-01 09:00")
    assert len(steps["clock_cancelled"].reason) == 2000
    shown = {each.clock.kind: each.explanation for each in read(lambda: clocks.of_ticket(ticket, now))}
    assert (shown["mended"].state, shown["mended"].en) == ("cancelled", "not owed any more")
    assert (shown["mended"].fa, shown["mended"].resumes_at) == ("دیگر لازم نیست", None)
    assert shown["examined"].state == "late"


@on_sqlite
def test_what_is_noted_is_cut_to_what_the_history_holds(cast: Cast) -> None:
    write(lambda: clocks.note(1, "x", None, 7, old="o" * 101, new="n" * 101, reason="r" * 2001))
    row = read(lambda: TicketStep.get(TicketStep.what == "x"))
    assert (len(row.old), len(row.new), len(row.reason), row.at) == (100, 100, 2000, 7)


@on_sqlite
def test_the_missed_deadlines_of_a_span_are_those_from_its_start_to_before_its_end(cast: Cast) -> None:
    second, first = (opened(cast, "support", when) for when in ("1405-08-30 10:00", "1405-08-30 09:00"))
    write(lambda: clocks.settle(at("1405-08-30 20:00")))
    one, two = at("1405-08-30 13:00"), at("1405-08-30 14:00")
    table = {
        (one, two): [first],
        (one, two + 1): [first, second],
        (one + 1, two + 1): [second],
        (one - 1, one): [],
    }
    found = {
        span: [row.ticket_id for row in read(lambda span=span: clocks.missed_of(cast.account, *span))]
        for span in table
    }
    assert found == table
    assert read(lambda: clocks.missed_of(cast.other, one, two)) == []


@on_sqlite
def test_a_run_records_so_many_missed_deadlines_the_earliest_first(cast: Cast) -> None:
    later, early = (opened(cast, "support", when) for when in ("1405-08-30 10:00", "1405-08-30 09:00"))
    now = at("1405-08-30 20:00")
    assert write(lambda: clocks.settle(now, limit=1)) == 1
    assert (clock(early, "answer").state, clock(later, "answer").state) == ("missed", "running")
    assert [write(lambda: clocks.settle(now)) for _ in range(2)] == [1, 0]


@on_sqlite
def test_pauses_in_seconds(cast: Cast) -> None:
    ticket = opened(cast, "support", "1405-08-30 09:00")
    asked = at("1405-08-30 10:00")
    write(lambda: clocks.pause(ticket, asked + 999))
    assert read(lambda: clocks.is_paused(ticket))
    asked_s = asked // SECOND
    for until_s, spans in ((None, []), (asked_s + 5, [(asked_s, asked_s + 5)]), (7, [(asked_s, asked_s)])):
        assert read(lambda until_s=until_s: clocks.pauses(ticket, until_s)) == spans
    assert read(lambda: Ticket.get_by_id(ticket).next_due_at) is None
    write(lambda: clocks.resume(ticket, asked + 60_999))
    assert not read(lambda: clocks.is_paused(ticket))
    assert read(lambda: clocks.pauses(ticket, 7)) == [(asked_s, asked_s + 60)]
    assert clock(ticket, "answer").due_at == at("1405-08-30 13:01")
    assert read(lambda: Ticket.get_by_id(ticket).next_due_at) == at("1405-08-30 13:01")


@on_sqlite
def test_how_a_clock_stands_is_said_to_the_second(cast: Cast) -> None:
    ticket = write(
        lambda: tickets.open_ticket(
            cast.owner, cast.account, "support", "It does not work", "Help.", at("1405-08-30 09:00") + 999
        )
    )

    def said(now: int) -> str:
        (found,) = read(lambda: clocks.of_ticket(ticket, now))
        assert found.title.id == "answer"
        with pytest.raises(AttributeError):
            found.clock = None  # type: ignore[misc]
        return found.explanation.en

    assert said(at("1405-08-30 09:00") + 2_999).startswith("2 s of 4 h used; the clock runs")
    write(lambda: clocks.pause(ticket, at("1405-08-30 10:00")))
    assert said(at("1405-08-30 10:00")).startswith("1 h of 4 h used; the clock stands still since")
    write(lambda: clocks.resume(ticket, at("1405-08-30 11:00")))
    write(lambda: clocks.done(ticket, "answer", None, at("1405-08-30 12:00:01") + 500))
    assert said(at("1405-09-30 12:00")) == "2 h 1 s of 4 h used; done in time at 1405-08-30 12:00:01"
    assert read(lambda: clocks.open_clocks(ticket)) == []
    assert read(lambda: clocks.open_of([ticket])) == read(lambda: clocks.open_of([])) == {}
