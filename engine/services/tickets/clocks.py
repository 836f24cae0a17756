"""The clocks of tickets: started, paused, done, missed, and moved when the calendar is edited.

A clock stores the versions of the agreement and of the calendar and the amount by which it is calculated, so that
the result never changes later.  While we wait for the customer it is paused (`due_at` is empty); afterwards its
deadline is calculated again with the pauses.  What is done exactly at the deadline is in time.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from engine.agreement import working_time
from engine.agreement.calendars import WHOLE_DAY, Calendar, CalendarKind
from engine.agreement.dates import DAY_S, instant_text
from engine.agreement.intervals import Span
from engine.agreement.terms import Terms
from engine.agreement.working_time import Explanation
from engine.errors import BadInput
from engine.sentences import Sentence, kept
from engine.services.accounts.permissions import Actor
from engine.services.sla import agreements, claims, working_calendar
from engine.services.tickets.department_rules import CLOCKS, ClockKind, ClockRule, Ticking, limit_of
from engine.states import ClockState
from engine.store.tables.support import Ticket, TicketClock, TicketPause, TicketStep

log = logging.getLogger(__name__)

OPEN_STATES = (ClockState.RUNNING, ClockState.MISSED)


@dataclass(frozen=True, slots=True)
class ClockView:
    """A clock, what it promises and its present state."""

    clock: TicketClock
    title: Sentence
    explanation: Explanation


# -- starting and ending ------------------------------------------------------------------


def start(ticket: Ticket, kind: ClockKind, from_at: int, now: int, due_at: int | None = None) -> TicketClock:
    """Start a clock that counts from `from_at`; `due_at` is only for a schedule, whose time a person sets.

    A deadline that has passed already (the ticket came from another department)
    is missed at once.  BadInput if the schedule lies in the past.
    """
    rule = CLOCKS[kind]
    terms = agreements.versions().by_id(ticket.terms_id)
    calendar = _calendar(rule.ticking, terms)
    days = 0
    if due_at is not None:
        if due_at <= now:
            raise BadInput("The time that is told to the customer lies in the future.")
        from_at = now
        amount_s = working_time.elapsed(calendar, from_at // 1000, due_at // 1000)
    else:
        limit = limit_of(rule, terms)
        days = limit if rule.unit == "end_of_working_day" else 0
        amount_s = _amount(rule, limit, calendar, from_at // 1000)
    clock: TicketClock = TicketClock.create(
        ticket_id=ticket.id,
        account_id=ticket.account_id,
        kind=kind,
        terms_id=terms.id,
        calendar=rule.ticking,
        calendar_version=working_calendar.keep(calendar, now),
        days=days,
        amount_s=amount_s,
        warn_s=min(rule.warn_s, amount_s // 2),
        started_at=from_at,
    )
    _place(clock, calendar)
    settle(now, ticket.id)
    return clock


def done(ticket_id: int, kind: ClockKind, author_id: int | None, now: int) -> ClockState | None:
    """End the open clock of that kind, met or late; None if none is open."""
    settle(now, ticket_id)
    for clock in open_clocks(ticket_id, kind):
        state = ClockState.LATE if clock.state == ClockState.MISSED else ClockState.MET
        if _move(clock, state, author_id, now, done_at=now):
            _refresh(ticket_id)
            return state
    return None


def cancel(ticket_id: int, kind: ClockKind, reason: str, author_id: int | None, now: int) -> None:
    """Cancel a running clock that is no longer owed; a missed one stays recorded as late."""
    settle(now, ticket_id)
    for clock in open_clocks(ticket_id, kind):
        state = ClockState.LATE if clock.state == ClockState.MISSED else ClockState.CANCELLED
        _move(clock, state, author_id, now, reason, done_at=now)
    _refresh(ticket_id)


def settle(now: int, ticket_id: int | None = None, limit: int = 1_000) -> int:
    """Record the clocks whose deadline has passed as missed; how many.  Running it twice changes nothing."""
    query = (
        TicketClock.select()
        .where(TicketClock.state == ClockState.RUNNING, TicketClock.due_at < now // 1000 * 1000)
        .order_by(TicketClock.due_at)
        .limit(limit)
    )
    if ticket_id is not None:
        query = query.where(TicketClock.ticket_id == ticket_id)
    rows = list(query)
    return sum(_move(clock, ClockState.MISSED, None, now, missed_at=clock.due_at) for clock in rows)


def _move(
    clock: TicketClock,
    new: ClockState,
    author_id: int | None,
    now: int,
    reason: str = "",
    **values: int | None,
) -> bool:
    old = clock.state
    changed = (
        TicketClock.update(state=new, **values)
        .where(TicketClock.id == clock.id, TicketClock.state == old)
        .execute()
    )
    if changed:
        note(
            clock.ticket_id,
            f"clock_{new}",
            author_id,
            now,
            old=clock.kind,
            new=_due_text(clock),
            reason=reason,
        )
        log.info("action=clock_moved ticket=%d clock=%s old=%s new=%s", clock.ticket_id, clock.kind, old, new)
    return bool(changed)


# -- standing still -----------------------------------------------------------------------


def pause(ticket_id: int, now: int) -> None:
    """Pause the running clocks while we wait for the customer; missed ones stay missed."""
    settle(now, ticket_id)
    TicketPause.insert(ticket_id=ticket_id, from_at=now).on_conflict_ignore().execute()
    TicketClock.update(due_at=None, warn_at=None).where(
        TicketClock.ticket_id == ticket_id, TicketClock.state == ClockState.RUNNING
    ).execute()
    _refresh(ticket_id)


def resume(ticket_id: int, now: int) -> None:
    """Resume the clocks after the customer's answer, or without it; each keeps the time it had left."""
    TicketPause.update(until_at=now).where(
        TicketPause.ticket_id == ticket_id, TicketPause.until_at.is_null()
    ).execute()
    for clock in open_clocks(ticket_id):
        if clock.state == ClockState.RUNNING:
            _place(clock, working_calendar.by_version(clock.calendar_version))
    _refresh(ticket_id)


def pauses(ticket_id: int, open_until_s: int | None = None) -> list[Span]:
    """The pauses of a ticket in seconds; one that is still open ends at `open_until_s`, or is left out."""
    spans = []
    for row in TicketPause.select().where(TicketPause.ticket_id == ticket_id):
        start_s = row.from_at // 1000
        if row.until_at is not None:
            spans.append((start_s, row.until_at // 1000))
        elif open_until_s is not None:
            spans.append((start_s, max(start_s, open_until_s)))
    return spans


def is_paused(ticket_id: int) -> bool:
    """Whether we wait for the customer."""
    query = TicketPause.select().where(TicketPause.ticket_id == ticket_id, TicketPause.until_at.is_null())
    return bool(query.exists())


# -- the calendar was edited --------------------------------------------------------------


def edit_calendar(person: Actor, action: str, day: date, reason: str, now: int, **details: Any) -> list[int]:
    """Edit the calendar (`working_calendar.edit`) and move the clocks accordingly; the ids of those that moved."""
    working_calendar.edit(person, action, day, reason, now, **details)
    return recalculate(now)


def recalculate(now: int) -> list[int]:
    """Move the clocks that are not due yet to the calendar as it is now; the ids of those whose deadline moved.

    Clocks that were missed or done keep the version they were calculated by, and
    an edit never makes a clock late: if the new deadline would lie in the past,
    the clock keeps the old one.  The dates of claims follow their clocks.
    """
    settle(now)
    claims.follow_calendar(now)
    moved = []
    known = agreements.versions()
    calendars: dict[tuple[str, str], Calendar] = {}
    rows = TicketClock.select().where(
        TicketClock.state == ClockState.RUNNING,
        TicketClock.calendar.in_([Ticking.SUPPORT, Ticking.WORKING_DAYS]),
    )
    for clock in list(rows):
        key = (clock.calendar, clock.terms_id)
        if key not in calendars:
            calendars[key] = _calendar(Ticking(clock.calendar), known.by_id(clock.terms_id))
        calendar = calendars[key]
        if calendar.version == clock.calendar_version:
            continue
        started_s = clock.started_at // 1000
        amount_s = clock.amount_s
        if clock.days:
            amount_s = _amount(CLOCKS[ClockKind(clock.kind)], clock.days, calendar, started_s)
        due_s = working_time.deadline(calendar, started_s, amount_s, pauses(clock.ticket_id))
        if due_s * 1000 <= now and clock.due_at is not None:
            continue
        before = clock.due_at
        clock.amount_s, clock.calendar_version = amount_s, working_calendar.keep(calendar, now)
        TicketClock.update(amount_s=amount_s, calendar_version=clock.calendar_version).where(
            TicketClock.id == clock.id
        ).execute()
        if before is None:
            continue
        _place(clock, calendar)
        if clock.due_at != before:
            moved.append(int(clock.id))
            old = instant_text(before // 1000, is_end=True)
            reason = kept("the calendar was edited")
            note(clock.ticket_id, "deadline_moved", None, now, old=old, new=_due_text(clock), reason=reason)
    return moved


# -- how it stands ------------------------------------------------------------------------


def of_ticket(ticket_id: int, now: int) -> list[ClockView]:
    """The clocks of a ticket, the first started first, each with its sentence."""
    rows = TicketClock.select().where(TicketClock.ticket_id == ticket_id).order_by(TicketClock.id)
    return [view(clock, now) for clock in rows]


def view(clock: TicketClock, now: int) -> ClockView:
    """A clock with its sentence: «3 h 20 min of 4 h used; the clock stands still until 08:30»."""
    rule = CLOCKS[ClockKind(clock.kind)]
    calendar = working_calendar.by_version(clock.calendar_version)
    at = now // 1000
    stopped_at = None if clock.done_at is None else clock.done_at // 1000
    # An open pause includes this second, so that the sentence says whom we wait for.
    spans = pauses(clock.ticket_id, at + 1)
    said = working_time.explain(
        calendar, clock.started_at // 1000, clock.amount_s, at, spans, stopped_at=stopped_at
    )
    if clock.state == ClockState.CANCELLED:
        said = Explanation(said.used_s, said.amount_s, said.deadline, "cancelled")
    return ClockView(clock, rule.title, said)


def open_clocks(ticket_id: int, kind: ClockKind | None = None) -> list[TicketClock]:
    """The clocks of a ticket that are not done, by kind if one is given."""
    query = TicketClock.select().where(TicketClock.ticket_id == ticket_id, TicketClock.state.in_(OPEN_STATES))
    if kind is not None:
        query = query.where(TicketClock.kind == kind)
    return list(query.order_by(TicketClock.id))


def open_of(ticket_ids: Sequence[int]) -> dict[int, list[TicketClock]]:
    """As `open_clocks`, of many tickets in one statement, by the ticket's id."""
    found: dict[int, list[TicketClock]] = {}
    rows = TicketClock.select().where(
        TicketClock.ticket_id.in_(list(ticket_ids)), TicketClock.state.in_(OPEN_STATES)
    )
    for row in rows.order_by(TicketClock.id) if ticket_ids else []:
        found.setdefault(row.ticket_id, []).append(row)
    return found


def missed_of(account_id: int, from_at: int, until_at: int) -> list[TicketClock]:
    """The deadlines of an account that were missed in a span, done since or not: what can support a claim."""
    return list(
        TicketClock.select()
        .where(
            TicketClock.account_id == account_id,
            TicketClock.missed_at >= from_at,
            TicketClock.missed_at < until_at,
        )
        .order_by(TicketClock.missed_at)
    )


def note(
    ticket_id: int,
    what: str,
    author_id: int | None,
    now: int,
    *,
    old: str = "",
    new: str = "",
    reason: str = "",
) -> None:
    """Write into the history of a ticket."""
    TicketStep.create(
        ticket_id=ticket_id,
        at=now,
        author_id=author_id,
        what=what,
        old=old[:100],
        new=new[:100],
        reason=reason[:2000],
    )


# -- calculation ----------------------------------------------------------------------------


def _calendar(ticking: Ticking, terms: Terms) -> Calendar:
    if ticking in (Ticking.SUPPORT, Ticking.WORKING_DAYS):
        return working_calendar.of_terms(terms, CalendarKind(ticking))
    return _always(ticking is Ticking.DAYS)


@lru_cache(maxsize=2)
def _always(in_days: bool) -> Calendar:
    """Every hour of every day; its kind decides only whether amounts are said in days or in hours."""
    kind = CalendarKind.WORKING_DAYS if in_days else CalendarKind.SUPPORT
    return Calendar(kind=kind, week=(WHOLE_DAY,) * 7, holiday_hours=WHOLE_DAY, holidays=())


def _amount(rule: ClockRule, limit: int, calendar: Calendar, started_s: int) -> int:
    if rule.unit == "working_days":
        return limit * DAY_S
    if rule.unit == "end_of_working_day":
        end_s = working_time.end_of_working_day(calendar, started_s, limit)
        return working_time.elapsed(calendar, started_s, end_s)
    return limit


def _place(clock: TicketClock, calendar: Calendar) -> None:
    """Calculate a running clock's deadline and warning with the pauses of its ticket, and store them."""
    if is_paused(clock.ticket_id):
        clock.due_at = clock.warn_at = None
    else:
        started_s, spans = clock.started_at // 1000, pauses(clock.ticket_id)
        clock.due_at = working_time.deadline(calendar, started_s, clock.amount_s, spans) * 1000
        before_s = clock.amount_s - clock.warn_s
        clock.warn_at = working_time.deadline(calendar, started_s, before_s, spans) * 1000
    TicketClock.update(due_at=clock.due_at, warn_at=clock.warn_at).where(TicketClock.id == clock.id).execute()
    _refresh(clock.ticket_id)


def _refresh(ticket_id: int) -> None:
    """Keep the nearest deadline on the ticket, by which the queues are ordered."""
    due = [clock.due_at for clock in open_clocks(ticket_id) if clock.due_at is not None]
    Ticket.update(next_due_at=min(due, default=None)).where(Ticket.id == ticket_id).execute()


def _due_text(clock: TicketClock) -> str:
    return "" if clock.due_at is None else instant_text(clock.due_at // 1000, is_end=True)
