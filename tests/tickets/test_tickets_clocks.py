"""Clocks of tickets as customers and staff live them, on both databases."""

from __future__ import annotations

import pytest

from engine.errors import BadInput, Conflict, NotAllowed, NotFound
from engine.services.tickets import clocks, tickets, views, watch
from engine.store.tables.support import ClockAlarm, Delivery, Ticket, TicketStep
from engine.store.threads import read, write
from tests.tickets.cast import Cast, at, clock, due, on_sqlite, opened, verified_address

# 1405-08-30 is a Saturday, 1405-09-06 a Friday.
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
