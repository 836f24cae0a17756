"""The job that watches the clocks: warnings before a deadline, escalation after it, each once."""

from __future__ import annotations

import logging

from peewee import fn

from engine.sentences import Deadline, Sentence
from engine.services.outbox import deliveries
from engine.services.outbox.wording import bilingual
from engine.services.tickets import clocks, remote_help
from engine.services.tickets.department_rules import CLOCKS, QUEUES, ClockKind
from engine.states import ClockState
from engine.store.tables.support import ClockAlarm, Ticket, TicketClock, TicketQueue

log = logging.getLogger(__name__)

WARNING, ESCALATION = "warning", "escalation"
BATCH = 500


def watch(now: int) -> int:
    """1. record missed deadlines; 2. warn; 3. escalate; 4. wipe the ids of remote help that is over.

    Inside a transaction; how many alarms were given.  Each alarm is a row, so
    running it again, or after a kill, gives none twice.
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
    rule = CLOCKS[ClockKind(clock.kind)]
    clocks.note(ticket.id, kind, None, now, old=clock.kind, new=" ".join(roles))
    late = kind == ESCALATION
    deliveries.to_staff(
        "tickets",
        f"clock/{clock.id}/{kind}/{clock.due_at}",
        subject=bilingual(
            Sentence("Overdue: ticket %(id)s") if late else Sentence("Due soon: ticket %(id)s"),
            id=int(ticket.id),
        ),
        text=bilingual(
            Sentence("%(what)s, was due %(at)s (Tehran). %(subject)s")
            if late
            else Sentence("%(what)s, due %(at)s (Tehran). %(subject)s"),
            what=rule.title,
            at=Deadline(clock.due_at or 0),
            subject=ticket.subject,
        ),
        now=now,
        roles=roles,
        is_urgent=late,
        ticket_id=int(ticket.id),
    )
    log.warning("action=ticket_%s ticket=%d clock=%s roles=%r", kind, ticket.id, clock.kind, " ".join(roles))
    return 1


def _roles(queue: str, kind: str) -> tuple[str, ...]:
    """Whom an alarm goes to: who works the queue; an escalation also to the role above it."""
    workers, above = QUEUES[queue][1:]
    return (*workers, above) if kind == ESCALATION else workers
