"""Views of tickets: one ticket, an account's, and the queues of staff by deadline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from peewee import fn

from engine.agreement.calendars import CalendarKind
from engine.agreement.working_time import is_open, next_open
from engine.errors import BadInput, NotFound
from engine.services.accounts import permissions
from engine.services.accounts.permissions import TICKET_ROLES, Actor, is_staff, require_role
from engine.services.sla import working_calendar
from engine.services.tickets import clocks, remote_help, satisfaction
from engine.services.tickets.access import ticket_for
from engine.services.tickets.clocks import ClockView
from engine.services.tickets.department_rules import QUEUES
from engine.states import TicketState
from engine.store.sql import execute
from engine.store.tables.core import Account, User
from engine.store.tables.support import (
    Attachment,
    RemoteHelp,
    Satisfaction,
    Ticket,
    TicketClock,
    TicketMessage,
    TicketQueue,
    TicketStep,
)

SHOWN = 50  # messages of a ticket at a time
SHOWN_CHARACTERS = 100_000  # of them together; the newest is shown whatever its length
STEPS = 500  # of its history


# Parameters: now, now, a day later, the state of closed tickets.
_COUNTS = """
SELECT ticket_queue.queue, COUNT(*),
       SUM(CASE WHEN ticket.next_due_at < ? THEN 1 ELSE 0 END),
       SUM(CASE WHEN ticket.next_due_at >= ? AND ticket.next_due_at < ? THEN 1 ELSE 0 END)
FROM ticket JOIN ticket_queue ON ticket_queue.ticket_id = ticket.id
WHERE ticket.state <> ? GROUP BY ticket_queue.queue
"""


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message with who wrote it (staff's names are for staff) and its files."""

    message: TicketMessage
    author: str
    files: list[Attachment]


@dataclass(frozen=True, slots=True)
class TicketView:
    """A ticket with everything on it that the person may see."""

    ticket: Ticket
    account_name: str
    queues: list[str]
    assignee: str
    messages: list[MessageView]
    clocks: list[ClockView]
    steps: list[TicketStep]  # for staff; customers get none
    remote: list[RemoteHelp]
    satisfaction: Satisfaction | None
    older: int | None = None  # there are messages before the one of this id


@dataclass(frozen=True, slots=True)
class TicketRow:
    """A line of a list."""

    ticket: Ticket
    account_name: str
    assignee: str
    nearest: ClockView | None  # the clock with the nearest deadline; None if nothing is owed


@dataclass(frozen=True, slots=True)
class QueueCount:
    """The state of a queue."""

    queue: str
    waiting: int  # open tickets
    late: int  # with a deadline that has passed
    soon: int  # due within a day


@dataclass(frozen=True, slots=True)
class Office:
    """Whether support is open, and when it opens next."""

    is_open: bool
    opens_at: int | None


def one(person: Actor, ticket_id: int, now: int, before_id: int | None = None) -> TicketView:
    """A ticket; NotFound for another customer's.  Notes among staff and the history are staff's.

    Of a long one the newest messages, or those before `before_id`: `SHOWN`, or fewer that are long.
    """
    ticket = ticket_for(person, ticket_id)
    staff = is_staff(person)
    query = TicketMessage.select().where(TicketMessage.ticket_id == ticket_id)
    if not staff:
        query = query.where(TicketMessage.is_internal == False)  # noqa: E712 - SQL
    if before_id is not None:
        query = query.where(TicketMessage.id < before_id)
    rows, has_older = _newest(query)
    files: dict[int, list[Attachment]] = {}
    given = Attachment.select().where(Attachment.message_id.in_([row.id for row in rows]))
    for each in given.order_by(Attachment.id):
        files.setdefault(each.message_id, []).append(each)
    names = _names([row.author_id for row in rows] + [ticket.assignee_id])
    messages = [
        MessageView(
            row,
            names.get(row.author_id or 0, "") if staff or row.side == "customer" else "",
            files.get(row.id, []),
        )
        for row in rows
    ]
    steps = TicketStep.select().where(TicketStep.ticket_id == ticket_id).order_by(TicketStep.id.desc())
    return TicketView(
        ticket,
        _accounts([ticket.account_id]).get(ticket.account_id, ""),
        [row.queue for row in TicketQueue.select().where(TicketQueue.ticket_id == ticket_id)],
        names.get(ticket.assignee_id or 0, "") if staff else "",
        messages,
        clocks.of_ticket(ticket_id, now),
        list(steps.limit(STEPS))[::-1] if staff else [],
        remote_help.of_ticket(ticket_id),
        satisfaction.of_ticket(ticket_id),
        rows[0].id if has_older else None,
    )


def _newest(query: Any) -> tuple[list[TicketMessage], bool]:
    """The messages that one page shows, oldest first, and whether there are older ones.

    Their lengths are asked for before their texts: a page of long ones would be a megabyte.
    """
    sizes = query.select(TicketMessage.id, fn.LENGTH(TicketMessage.text).coerce(False)).order_by(
        TicketMessage.id.desc()
    )
    chosen: list[int] = []
    left = SHOWN_CHARACTERS
    for message_id, length in sizes.limit(SHOWN + 1).tuples():
        left -= length
        if len(chosen) == SHOWN or (chosen and left < 0):
            return _of_ids(chosen), True
        chosen.append(message_id)
    return _of_ids(chosen), False


def _of_ids(ids: list[int]) -> list[TicketMessage]:
    return list(TicketMessage.select().where(TicketMessage.id.in_(ids)).order_by(TicketMessage.id))


def of_account(
    person: Actor,
    account_id: int,
    now: int,
    *,
    state: str = "",
    department: str = "",
    before_id: int | None = None,
    limit: int = 50,
) -> list[TicketRow]:
    """The tickets of an account, the newest first; NotFound for another customer's account."""
    if permissions.scope(person) not in (None, account_id):
        raise NotFound("There is no account %(id)s.", id=account_id)
    query = Ticket.select().where(Ticket.account_id == account_id).order_by(Ticket.id.desc()).limit(limit)
    if state:
        query = query.where(Ticket.state == _state(state))
    if department:
        query = query.where(Ticket.department == department)
    if before_id is not None:
        query = query.where(Ticket.id < before_id)
    return _rows(list(query), now, is_staff(person))


def queue(
    person: Actor,
    now: int,
    *,
    name: str = "",
    state: str = "",
    assignee_id: int | None = None,
    limit: int = 100,
    offset: int = 0,
) -> list[TicketRow]:
    """The tickets of a queue (or all) that are not closed: late ones first, then by deadline.

    Tickets that are paused or owe nothing come last, the longest unchanged first.
    """
    require_role(person, TICKET_ROLES)
    query = Ticket.select().where(Ticket.state != TicketState.CLOSED)
    if state:
        query = query.where(Ticket.state == _state(state))
    if name:
        if name not in QUEUES:
            raise BadInput("The queue '%(name)s' is none of %(known)s.", name=name, known=list(QUEUES))
        query = query.where(
            Ticket.id.in_(TicketQueue.select(TicketQueue.ticket_id).where(TicketQueue.queue == name))
        )
    if assignee_id is not None:
        query = query.where(Ticket.assignee_id == assignee_id)
    ordered = query.order_by(Ticket.next_due_at.is_null(), Ticket.next_due_at, Ticket.changed_at, Ticket.id)
    return _rows(list(ordered.limit(limit).offset(offset)), now, True)


def counts(person: Actor, now: int) -> list[QueueCount]:
    """The state of the queues, for staff."""
    require_role(person, TICKET_ROLES)
    found = {
        str(name): (int(waiting), int(late or 0), int(soon or 0))
        for name, waiting, late, soon in execute(
            _COUNTS, [now, now, now + 86_400_000, TicketState.CLOSED.value]
        )
    }
    return [QueueCount(name, *found.get(name, (0, 0, 0))) for name in QUEUES]


def unread_of(account_id: int) -> int:
    """How many tickets of an account wait for the customer, for the portal's first page."""
    query = Ticket.select().where(Ticket.account_id == account_id, Ticket.state == TicketState.WAITING)
    return int(query.count())


def office(now: int) -> Office:
    """Whether telephone and tickets are answered now, and if not, from when on."""
    calendar = working_calendar.current(CalendarKind.SUPPORT, now)
    if is_open(calendar, now // 1000):
        return Office(True, None)
    return Office(False, next_open(calendar, now // 1000) * 1000)


def _rows(tickets: Sequence[Ticket], now: int, staff: bool) -> list[TicketRow]:
    accounts = _accounts([ticket.account_id for ticket in tickets])
    names = _names([ticket.assignee_id for ticket in tickets]) if staff else {}
    open_clocks = clocks.open_of([ticket.id for ticket in tickets])
    return [
        TicketRow(
            ticket,
            accounts.get(ticket.account_id, ""),
            names.get(ticket.assignee_id or 0, ""),
            _nearest(open_clocks.get(ticket.id, []), now),
        )
        for ticket in tickets
    ]


def _nearest(found: Sequence[TicketClock], now: int) -> ClockView | None:
    if not found:
        return None
    return clocks.view(min(found, key=lambda clock: (clock.due_at is None, clock.due_at or 0)), now)


def _accounts(ids: Sequence[int]) -> dict[int, str]:
    return {
        row.id: row.name for row in Account.select(Account.id, Account.name).where(Account.id.in_(set(ids)))
    }


def _names(ids: Sequence[int | None]) -> dict[int, str]:
    wanted = {each for each in ids if each is not None}
    return {row.id: row.username for row in User.select(User.id, User.username).where(User.id.in_(wanted))}


def _state(state: str) -> TicketState:
    try:
        return TicketState(state)
    except ValueError:
        raise BadInput(
            "The state '%(state)s' is none of %(known)s.", state=state, known=list(TicketState)
        ) from None
