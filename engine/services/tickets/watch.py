"""The job that watches the clocks: warnings before a deadline, escalation after it, each once."""

from __future__ import annotations

import logging

from peewee import fn

from engine.agreement.dates import instant_text, instant_text_fa, persian_digits
from engine.services.outbox import deliveries
from engine.services.tickets import clocks, remote_help
from engine.services.tickets.rules import CLOCKS, QUEUES, ClockKind
from engine.states import ClockState
from engine.store.tables.support import ClockAlarm, Ticket, TicketClock, TicketQueue

log = logging.getLogger(__name__)

WARNING, ESCALATION = "warning", "escalation"
BATCH = 500


def watch(now: int) -> int:
    """1. record what was missed; 2. warn; 3. escalate; 4. forget the ids of remote help that is over.

    Inside a transaction; how many alarms were given.  Running it again, or
    after it was killed, gives none twice: an alarm is a row of its own.
    """
    clocks.settle(now)
    given = 0
    for clock in _without(WARNING).where(
        TicketClock.state == ClockState.RUNNING, TicketClock.warn_at <= now, TicketClock.due_at.is_null(False)
    ):
        given += _alarm(clock, WARNING, now)
    for clock in _without(ESCALATION).where(TicketClock.state == ClockState.MISSED):
        given += _alarm(clock, ESCALATION, now)
    remote_help.expire(now)
    return given


def _without(kind: str):  # type: ignore[no-untyped-def]  # peewee's queries have no types
    alarm = ClockAlarm.select().where(
        ClockAlarm.clock_id == TicketClock.id,
        ClockAlarm.kind == kind,
        ClockAlarm.due_at == TicketClock.due_at,
    )
    return TicketClock.select().where(~fn.EXISTS(alarm)).order_by(TicketClock.due_at).limit(BATCH)


def _alarm(clock: TicketClock, kind: str, now: int) -> int:
    ticket = Ticket.get_by_id(clock.ticket_id)
    queues = [row.queue for row in TicketQueue.select().where(TicketQueue.ticket_id == ticket.id)]
    roles = sorted({role for queue in queues for role in _roles(queue, kind)})
    added = (
        ClockAlarm.insert(
            clock_id=clock.id, kind=kind, due_at=clock.due_at, at=now, told=" ".join(roles)[:40]
        )
        .on_conflict_ignore()
        .as_rowcount()
        .execute()
    )
    if not added:
        return 0
    rule, due_s = CLOCKS[ClockKind(clock.kind)], (clock.due_at or 0) // 1000
    clocks.note(ticket.id, kind, None, now, old=clock.kind, new=" ".join(roles))
    late = kind == ESCALATION
    deliveries.to_staff(
        "tickets",
        f"clock/{clock.id}/{kind}/{clock.due_at}",
        subject={
            "fa": f"{'مهلت گذشت' if late else 'مهلت نزدیک است'}: تیکت {persian_digits(ticket.id)}",
            "en": f"{'Overdue' if late else 'Due soon'}: ticket {ticket.id}",
        },
        text={
            "fa": f"{rule.fa}؛ مهلت {instant_text_fa(due_s, is_end=True)} {'بود' if late else 'است'}. {ticket.subject}",
            "en": f"{rule.en}, due {instant_text(due_s, is_end=True)} (Tehran). {ticket.subject}",
        },
        now=now,
        roles=roles,
        is_urgent=late,
        ticket_id=int(ticket.id),
    )
    log.warning("action=ticket_%s ticket=%d clock=%s roles=%r", kind, ticket.id, clock.kind, " ".join(roles))
    return 1


def _roles(queue: str, kind: str) -> tuple[str, ...]:
    """Whom an alarm goes to: who works the queue; an escalation also to the role above it."""
    workers, above = QUEUES[queue][2], QUEUES[queue][3]
    return (*workers, above) if kind == ESCALATION else workers
