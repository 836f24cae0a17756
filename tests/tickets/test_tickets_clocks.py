"""Clocks of tickets as customers and staff live them, on both databases."""

from __future__ import annotations

import pytest

from engine.agreement.dates import instant_text
from engine.errors import BadInput, Conflict, NotAllowed, NotFound
from engine.services.tickets import clocks, tickets, views, watch
from engine.store.tables.support import ClockAlarm, Delivery, Ticket, TicketClock, TicketStep
from engine.store.threads import read, write
from tests.tickets.cast import Cast, at, verified_address


def opened(cast: Cast, department: str, when: str, subject: str = "It does not work") -> int:
    return write(
        lambda: tickets.open_ticket(cast.owner, cast.account, department, subject, "Help.", at(when))
    )


def clock(ticket_id: int, kind: str) -> TicketClock:
    rows = read(
        lambda: list(TicketClock.select().where(TicketClock.ticket_id == ticket_id, TicketClock.kind == kind))
    )
    return rows[-1]


def due(ticket_id: int, kind: str) -> str:
    due_at = clock(ticket_id, kind).due_at
    return "" if due_at is None else instant_text(due_at // 1000, is_end=True)


# 1405-08-30 is a Saturday, 1405-09-06 a Friday.
# What differs between the databases is tried on both by the other tests.
on_sqlite = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)

DEADLINES = [
    ("support", "1405-08-30 09:00", "answer", "1405-08-30 13:00"),
    ("support", "1405-08-30 12:30", "answer", "1405-08-30 17:15"),  # the break does not count
    ("support", "1405-08-30 22:00", "answer", "1405-09-01 10:30"),  # nor the night
    ("support", "1405-09-06 21:00", "answer", "1405-09-07 11:30"),  # Friday ends at 22:00
    ("panel_fault", "1405-08-30 22:00", "examined", "1405-09-01 22:00"),
    ("panel_fault", "1405-09-03 10:00", "mended", "1405-09-07 10:00"),  # Tuesday, over Friday
    ("compensation_claim", "1405-09-04 10:00", "first_answer", "1405-09-05 24:00"),
    ("compensation_claim", "1405-09-05 10:00", "first_answer", "1405-09-07 24:00"),
    ("compensation_claim", "1405-09-04 10:00", "result", "1405-09-11 10:00"),
]


def test_deadlines_by_kind(cast: Cast) -> None:
    found = [(dep, when, kind, due(opened(cast, dep, when), kind)) for dep, when, kind, _ in DEADLINES]
    assert found == DEADLINES


def test_the_clock_stands_still_while_we_wait_for_the_customer(cast: Cast) -> None:
    ticket = opened(cast, "panel_fault", "1405-08-30 09:00")
    write(lambda: tickets.reply(cast.agent, ticket, "Which browser?", at("1405-08-30 10:00"), wait=True))
    assert clock(ticket, "answer").state == "met"
    assert due(ticket, "examined") == ""
    said = read(lambda: clocks.of_ticket(ticket, at("1405-08-30 20:00")))
    assert [each.explanation.state for each in said] == ["met", "paused", "paused"]
    assert write(lambda: watch.watch(at("1405-09-20 10:00"))) == 0  # weeks later nothing is late
    write(lambda: tickets.reply(cast.owner, ticket, "Firefox.", at("1405-09-01 10:00")))
    assert due(ticket, "examined") == "1405-09-02 09:00"  # 24 hours of standing still later
    assert due(ticket, "answer") == "1405-09-01 14:00"  # the customer wrote: we answer again
    assert read(lambda: Ticket.get_by_id(ticket).state) == "open"


def test_a_missed_deadline_is_recorded_once_and_stays_when_it_is_done_late(cast: Cast) -> None:
    ticket = opened(cast, "support", "1405-08-30 09:00")
    assert write(lambda: watch.watch(at("1405-08-30 11:59"))) == 0
    assert write(lambda: watch.watch(at("1405-08-30 12:00"))) == 1  # one hour before
    assert write(lambda: watch.watch(at("1405-08-30 12:30"))) == 0
    assert write(lambda: watch.watch(at("1405-08-30 13:00"))) == 0  # exactly at the deadline is in time
    assert write(lambda: watch.watch(at("1405-08-30 13:01"))) == 1
    assert write(lambda: watch.watch(at("1405-08-30 20:00"))) == 0
    write(lambda: tickets.reply(cast.agent, ticket, "Sorry for the delay.", at("1405-08-30 20:00")))
    row = clock(ticket, "answer")
    assert (row.state, row.missed_at) == ("late", at("1405-08-30 13:00"))
    missed = read(lambda: clocks.missed_of(cast.account, at("1405-08-01"), at("1405-09-01")))
    assert [each.id for each in missed] == [row.id]
    told = {row.kind: row.told for row in read(lambda: list(ClockAlarm.select()))}
    assert told == {"warning": "agent operator", "escalation": "agent operator"}


@on_sqlite
def test_a_miss_is_recorded_by_the_late_answer_itself_when_nobody_watched(cast: Cast) -> None:
    ticket = opened(cast, "support", "1405-08-30 09:00")
    write(lambda: tickets.reply(cast.agent, ticket, "Here.", at("1405-08-30 13:00") + 1000))
    assert clock(ticket, "answer").state == "late"
    assert write(lambda: watch.watch(at("1405-08-30 14:00"))) == 0  # done: nobody is alarmed any more


@on_sqlite
def test_a_fault_that_is_not_ours_owes_no_mending(cast: Cast) -> None:
    ticket = opened(cast, "panel_fault", "1405-08-30 09:00")
    write(lambda: tickets.examined(cast.operator, ticket, False, "Your proxy.", at("1405-08-30 10:00")))
    assert [clock(ticket, kind).state for kind in ("answer", "examined", "mended")] == [
        "met",
        "met",
        "cancelled",
    ]
    write(lambda: tickets.close(cast.operator, ticket, at("1405-08-30 11:00")))


def test_a_schedule_replaces_the_three_days_and_is_kept_or_missed(cast: Cast) -> None:
    ticket = opened(cast, "panel_fault", "1405-08-30 09:00")
    with pytest.raises(BadInput, match="future"):
        write(
            lambda: tickets.set_schedule(
                cast.operator, ticket, at("1405-08-30 09:30"), "Soon.", at("1405-08-30 10:00")
            )
        )
    write(
        lambda: tickets.set_schedule(
            cast.operator, ticket, at("1405-09-20 12:00"), "In three weeks.", at("1405-08-30 10:00")
        )
    )
    assert clock(ticket, "mended").state == "cancelled"
    assert due(ticket, "schedule") == "1405-09-20 12:00"
    with pytest.raises(Conflict, match="schedule"):
        write(lambda: tickets.close(cast.operator, ticket, at("1405-08-30 11:00")))
    assert write(lambda: watch.watch(at("1405-09-20 12:01"))) == 1  # the escalation; too late for the warning
    write(lambda: tickets.mended(cast.operator, ticket, "Delivered.", at("1405-09-21 09:00")))
    assert clock(ticket, "schedule").state == "late"


@on_sqlite
def test_the_customer_closes_what_is_owed_and_reopening_a_fault_promises_anew(cast: Cast) -> None:
    ticket = opened(cast, "panel_fault", "1405-08-30 09:00")
    write(lambda: tickets.close(cast.owner, ticket, at("1405-08-30 10:00")))
    assert read(lambda: clocks.open_clocks(ticket)) == []
    write(lambda: tickets.reply(cast.owner, ticket, "It is back.", at("1405-08-30 12:00")))
    assert due(ticket, "examined") == "1405-09-01 12:00"
    assert read(lambda: Ticket.get_by_id(ticket).closed_at) is None


def test_claims_lie_in_the_queue_of_quality_too_and_queues_are_ordered_by_deadline(cast: Cast) -> None:
    now = at("1405-08-30 20:00")
    claim = opened(cast, "compensation_claim", "1405-08-30 09:00")
    late = opened(cast, "support", "1405-08-30 09:00", "late one")
    soon = opened(cast, "support", "1405-08-30 19:00", "soon one")
    write(lambda: watch.watch(now))
    assert [row.ticket.id for row in read(lambda: views.queue(cast.quality, now, name="quality"))] == [claim]
    assert [row.ticket.id for row in read(lambda: views.queue(cast.agent, now))] == [late, soon, claim]
    counts = {
        row.queue: (row.waiting, row.late, row.soon) for row in read(lambda: views.counts(cast.agent, now))
    }
    assert counts["support"] == (2, 1, 1)
    with pytest.raises(NotAllowed):
        read(lambda: views.queue(cast.owner, now))


@on_sqlite
def test_moving_to_another_department_counts_from_the_opening(cast: Cast) -> None:
    ticket = opened(cast, "suggestion", "1405-08-30 09:00")
    write(lambda: tickets.move(cast.quality, ticket, "panel_fault", "It is a fault.", at("1405-08-30 10:00")))
    assert due(ticket, "examined") == "1405-09-01 09:00"
    write(
        lambda: tickets.move(cast.quality, ticket, "compensation_claim", "A claim.", at("1405-08-30 11:00"))
    )
    assert clock(ticket, "examined").state == "cancelled"
    assert sorted(read(lambda: views.one(cast.agent, ticket, at("1405-08-30 11:00")).queues)) == [
        "quality",
        "technical",
    ]


@on_sqlite
def test_customers_see_only_their_own_and_no_notes_of_staff(cast: Cast) -> None:
    now = at("1405-08-30 10:00")
    ticket = opened(cast, "support", "1405-08-30 09:00")
    write(lambda: tickets.reply(cast.agent, ticket, "He is angry.", now, internal=True))
    seen = read(lambda: views.one(cast.owner, ticket, now))
    assert [each.message.text for each in seen.messages] == ["Help."]
    assert seen.steps == []
    assert clock(ticket, "answer").state == "running"  # a note is no answer
    for act in (
        lambda: views.one(cast.stranger, ticket, now),
        lambda: tickets.reply(cast.stranger, ticket, "Hello?", now),
        lambda: tickets.close(cast.stranger, ticket, now),
        lambda: views.of_account(cast.stranger, cast.account, now),
        lambda: tickets.open_ticket(cast.stranger, cast.account, "support", "Subject", "Text", now),
    ):
        with pytest.raises(NotFound):
            write(act)
    with pytest.raises(NotAllowed):
        write(lambda: tickets.move(cast.owner, ticket, "billing", "because", now))


@on_sqlite
def test_a_ticket_with_a_key_is_made_once(cast: Cast) -> None:
    def make() -> int:
        return tickets.open_ticket(
            None,
            cast.account,
            "support",
            "Missed call",
            "Call back.",
            at("1405-08-30 09:00"),
            via="system",
            key="callback/7",
        )

    assert write(make) == write(make)


@on_sqlite
def test_staff_close_only_when_nothing_is_owed_or_the_customer_does_not_answer(cast: Cast) -> None:
    ticket = opened(cast, "panel_fault", "1405-08-30 09:00")
    with pytest.raises(Conflict, match="examination"):
        write(lambda: tickets.close(cast.agent, ticket, at("1405-08-30 10:00"), "Bye."))
    assert (
        read(lambda: len(views.one(cast.agent, ticket, at("1405-08-30 10:00")).messages)) == 1
    )  # undone wholly
    write(lambda: tickets.reply(cast.agent, ticket, "Which page?", at("1405-08-30 10:00"), wait=True))
    write(lambda: tickets.close(cast.agent, ticket, at("1405-09-14 10:00"), "We heard nothing from you."))
    assert clock(ticket, "mended").state == "cancelled"
    steps = read(lambda: [row.what for row in TicketStep.select().where(TicketStep.ticket_id == ticket)])
    assert "state" in steps
    assert steps[0] == "opened"


def test_the_answer_is_told_by_the_addresses_that_the_customer_named(cast: Cast) -> None:
    now = at("1405-08-30 10:00")
    write(lambda: verified_address(cast.owner, cast.account, "email", "boss@shop.example", ["tickets"], now))
    write(lambda: verified_address(cast.owner, cast.account, "telegram", "@shop", ["notices"], now))
    ticket = opened(cast, "support", "1405-08-30 09:00")
    write(lambda: tickets.reply(cast.agent, ticket, "The secret answer.", now))
    sent = read(lambda: list(Delivery.select()))
    assert [(row.channel, row.address) for row in sent] == [("email", "boss@shop.example")]
    assert "secret" not in sent[0].text


def test_watching_that_was_killed_alarms_once_all_the_same(cast: Cast) -> None:
    opened(cast, "support", "1405-08-30 09:00")
    now = at("1405-08-30 14:00")

    def killed() -> None:
        watch.watch(now)
        raise InterruptedError

    for _ in range(2):
        with pytest.raises(InterruptedError):
            write(killed)
    assert [write(lambda: watch.watch(now)) for _ in range(2)] == [1, 0]
    assert read(lambda: ClockAlarm.select().count()) == 1


# -- the clocks in figures: what differs between the databases is tried above ---------------

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
def test_what_a_clock_is_reckoned_by(cast: Cast, rule: tuple[str, str, str, int, int, int]) -> None:
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
