"""Tickets: opened, answered, moved, closed and opened again.

open → answered → waiting for customer → closed (→ open).  Each change is a
conditional update on the old state, a row in the ticket's history and a line
in the log.  Customers see their own account's tickets only.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from engine.errors import BadInput, Conflict, NotFound
from engine.sentences import Sentence, Word, kept
from engine.services.accounts import permissions, quotas
from engine.services.accounts.permissions import TICKET_ROLES, Actor, is_staff, require_role
from engine.services.outbox import deliveries
from engine.services.outbox.wording import bilingual
from engine.services.sla import agreements
from engine.services.tickets import attachments, clocks
from engine.services.tickets.access import ticket_for
from engine.services.tickets.attachments import Received
from engine.services.tickets.department_rules import CLAIM, CLOCKS, DEPARTMENTS, FAULT, ClockKind
from engine.states import TICKET_MOVES, ClockState, TicketState
from engine.store.tables.core import Account, User
from engine.store.tables.support import Ticket, TicketMessage, TicketQueue
from engine.store.webhook_events import TICKET_ANSWERED, Happened, note
from engine.text import one_line

log = logging.getLogger(__name__)

VIAS = ("portal", "api", "telephone", "staff", "system")
MAX_SUBJECT, MAX_TEXT = 200, 20_000
_ANSWERS = (ClockKind.ANSWER, ClockKind.FIRST_ANSWER)


def open_ticket(
    person: Actor | None,
    account_id: int,
    department: str,
    subject: str,
    text: str,
    now: int,
    *,
    via: str = "portal",
    files: Sequence[Received] = (),
    key: str | None = None,
) -> int:
    """Open a ticket for an account; its id.  `person` None: the system does.

    With a `key` the same ticket is made once: a second call gives the first
    one's id.  NotFound for another customer's account, BadInput for an unknown
    department or an empty text.
    """
    if person is not None and permissions.scope(person) not in (None, account_id):
        raise NotFound("There is no account %(id)s.", id=account_id)
    if department not in DEPARTMENTS:
        raise BadInput(
            "The department '%(name)s' is none of %(known)s.", name=department, known=list(DEPARTMENTS)
        )
    if via not in VIAS:
        raise BadInput("A ticket comes by %(known)s, not by '%(via)s'.", known=list(VIAS), via=via)
    subject = one_line(subject)
    if not 3 <= len(subject) <= MAX_SUBJECT:
        raise BadInput("The subject has 3 to %(most)s characters.", most=MAX_SUBJECT)
    text = _text(text)
    if not Account.select().where(Account.id == account_id).exists():
        raise NotFound("There is no account %(id)s.", id=account_id)
    if key is not None:
        known = Ticket.get_or_none(Ticket.key == key)
        if known is not None:
            if known.account_id != account_id:
                raise Conflict("Another account has a ticket of this key.")
            return int(known.id)
    if person is not None and not is_staff(person):
        quotas.check_tickets(account_id, now)
    author_id = None if person is None else person.id
    ticket: Ticket = Ticket.create(
        key=key,
        account_id=account_id,
        department=department,
        subject=subject,
        via=via,
        author_id=author_id,
        terms_id=agreements.in_force(now).id,
        opened_at=now,
        changed_at=now,
    )
    message_id = _write(ticket, person, text, now)
    attachments.attach(ticket, message_id, author_id, files, now)
    _queues(ticket.id, department)
    clocks.note(ticket.id, "opened", author_id, now, new=department)
    for kind in DEPARTMENTS[department].clocks:
        clocks.start(ticket, kind, now, now)
    log.info("action=ticket_opened ticket=%d account=%d department=%s", ticket.id, account_id, department)
    return int(ticket.id)


def reply(
    person: Actor,
    ticket_id: int,
    text: str,
    now: int,
    *,
    files: Sequence[Received] = (),
    wait: bool = False,
    internal: bool = False,
    key: str | None = None,
) -> int:
    """Write into a ticket; the message's id.

    With a `key` the same words are written once: a second call gives the first one's id.  Other words of the same
    form, as after the browser's Back, are another message.

    1. the message and its files; 2. a customer's opens the ticket again, staff's
    answers it, or (`wait`) asks the customer, which pauses the clocks;
    3. the answer's clock ends, or begins.  An `internal` note is seen by staff
    only and changes nothing.
    """
    ticket = ticket_for(person, ticket_id, for_change=True)
    staff = is_staff(person)
    if (wait or internal) and not staff:
        raise BadInput("Only staff wait for the customer or write notes among themselves.")
    text = _text(text)
    if key and (known := TicketMessage.get_or_none(ticket_id=ticket_id, key=key)) is not None:
        if (known.author_id, known.is_internal, known.text) == (person.id, internal, text):
            return int(known.id)
        key = None
    if not staff:
        quotas.check_writings(ticket.account_id, now)
    message_id = _write(ticket, person, text, now, internal=internal, key=key)
    attachments.attach(ticket, message_id, person.id, files, now)
    if internal:
        return message_id
    if staff:
        _answered(ticket, person, now)
        if ticket.state == TicketState.CLOSED:
            _move(ticket, TicketState.OPEN, person.id, now)
        _move(ticket, TicketState.WAITING if wait else TicketState.ANSWERED, person.id, now)
        _tell_customer(ticket, message_id, wait, now)
    else:
        reopened = ticket.state == TicketState.CLOSED
        _move(ticket, TicketState.OPEN, person.id, now)
        if reopened and ticket.department == FAULT:
            for kind in DEPARTMENTS[FAULT].clocks:  # it is not mended after all: the promise starts again
                if not clocks.open_clocks(ticket_id, kind):
                    clocks.start(ticket, kind, now, now)
        elif not any(clocks.open_clocks(ticket_id, kind) for kind in _ANSWERS):
            clocks.start(ticket, ClockKind.ANSWER, now, now)
    return message_id


def close(person: Actor, ticket_id: int, now: int, text: str = "") -> None:
    """Close a ticket.

    The customer may at any time.  Staff may when nothing is
    owed any more (Conflict says what is), or with an explanation (`text`) if the
    customer was asked and does not answer.
    """
    ticket = ticket_for(person, ticket_id, for_change=True)
    if ticket.state == TicketState.CLOSED:
        raise Conflict("Ticket %(id)s is closed already.", id=ticket_id)
    if text.strip():
        _write(ticket, person, _text(text), now)
        if is_staff(person):
            _answered(ticket, person, now)
    owed = clocks.open_clocks(ticket_id)
    unanswered = ticket.state == TicketState.WAITING and bool(text.strip())
    if is_staff(person) and owed and not unanswered:
        what = [CLOCKS[ClockKind(clock.kind)].title for clock in owed]
        raise Conflict(
            "Ticket %(id)s cannot be closed: we still owe the customer: %(what)s.", id=ticket_id, what=what
        )
    why = kept("the customer did not answer") if is_staff(person) else kept("the customer closed the ticket")
    for clock in owed:
        clocks.cancel(ticket_id, ClockKind(clock.kind), why, person.id, now)
    _move(ticket, TicketState.CLOSED, person.id, now)


def move(person: Actor, ticket_id: int, department: str, reason: str, now: int) -> None:
    """Staff move a ticket to another department; its clocks run from the opening, as the customer waited since."""
    require_role(person, TICKET_ROLES)
    ticket = ticket_for(person, ticket_id, for_change=True)
    if department not in DEPARTMENTS:
        raise BadInput(
            "The department '%(name)s' is none of %(known)s.", name=department, known=list(DEPARTMENTS)
        )
    if department == ticket.department:
        raise Conflict("Ticket %(id)s lies in that department already.", id=ticket_id)
    if not reason.strip():
        raise BadInput("Moving a ticket needs a reason.")
    old = ticket.department
    Ticket.update(department=department, changed_at=now).where(
        Ticket.id == ticket_id, Ticket.department == old
    ).execute()
    ticket.department = department
    _queues(ticket_id, department)
    clocks.note(ticket_id, "department", person.id, now, old=old, new=department, reason=reason.strip())
    wanted = DEPARTMENTS[department].clocks
    answered = not any(clocks.open_clocks(ticket_id, kind) for kind in _ANSWERS)
    for clock in clocks.open_clocks(ticket_id):
        if clock.kind not in wanted and clock.kind != ClockKind.SCHEDULE:
            clocks.cancel(
                ticket_id,
                ClockKind(clock.kind),
                kept("moved to %(department)s", department=DEPARTMENTS[department].title),
                person.id,
                now,
            )
    if ticket.state != TicketState.CLOSED:
        known = {
            each.clock.kind
            for each in clocks.of_ticket(ticket_id, now)
            if each.clock.state != ClockState.CANCELLED
        }
        for kind in wanted:
            if kind not in known and not (answered and kind in _ANSWERS):
                clocks.start(ticket, kind, ticket.opened_at, now)
    log.info("action=ticket_moved ticket=%d old=%s new=%s", ticket_id, old, department)


def assign(person: Actor, ticket_id: int, agent_id: int | None, now: int) -> None:
    """Give a ticket to one of the staff, or (None) back to its queue."""
    require_role(person, TICKET_ROLES)
    ticket = ticket_for(person, ticket_id, for_change=True)
    name = ""
    if agent_id is not None:
        agent = User.get_or_none(User.id == agent_id, User.is_active == True)  # noqa: E712 - SQL
        if agent is None or not is_staff(agent):
            raise BadInput("A ticket is given to active staff.")
        name = agent.username
    Ticket.update(assignee_id=agent_id, changed_at=now).where(Ticket.id == ticket_id).execute()
    clocks.note(ticket_id, "assigned", person.id, now, old=str(ticket.assignee_id or ""), new=name)


# -- faults and claims --------------------------------------------------------------------


def examined(person: Actor, ticket_id: int, is_ours: bool, text: str, now: int) -> ClockState | None:
    """A fault was examined, and `text` tells the customer the result; if it is not ours, nothing is to be mended."""
    ticket = _staff_ticket(person, ticket_id, FAULT)
    reply(person, ticket_id, text, now)
    state = clocks.done(ticket.id, ClockKind.EXAMINED, person.id, now)
    clocks.note(ticket.id, "examined", person.id, now, new="ours" if is_ours else "not ours")
    if not is_ours:
        clocks.cancel(ticket.id, ClockKind.MENDED, kept("the fault is not ours"), person.id, now)
    return state


def mended(person: Actor, ticket_id: int, text: str, now: int) -> ClockState | None:
    """A fault was mended, or what a schedule promised was delivered; `text` tells the customer."""
    ticket = _staff_ticket(person, ticket_id, FAULT)
    reply(person, ticket_id, text, now)
    clocks.done(ticket.id, ClockKind.EXAMINED, person.id, now)
    scheduled = clocks.done(ticket.id, ClockKind.SCHEDULE, person.id, now)
    return clocks.done(ticket.id, ClockKind.MENDED, person.id, now) or scheduled


def set_schedule(person: Actor, ticket_id: int, due_at: int, text: str, now: int) -> None:
    """Major programming is needed: tell the customer until when; from then on that time is the promise.

    A schedule told before is replaced; one that was missed stays recorded.
    """
    require_role(person, TICKET_ROLES)
    ticket = ticket_for(person, ticket_id, for_change=True)
    reply(person, ticket_id, text, now)
    clocks.done(ticket.id, ClockKind.EXAMINED, person.id, now)
    clocks.cancel(ticket.id, ClockKind.MENDED, kept("a schedule was told"), person.id, now)
    clocks.cancel(ticket.id, ClockKind.SCHEDULE, kept("another schedule was told"), person.id, now)
    clocks.start(ticket, ClockKind.SCHEDULE, now, now, due_at)


def tell_result(person: Actor, ticket_id: int, text: str, now: int) -> ClockState | None:
    """The result of a claim, told in its ticket."""
    ticket = _staff_ticket(person, ticket_id, CLAIM)
    reply(person, ticket_id, text, now)
    return clocks.done(ticket.id, ClockKind.RESULT, person.id, now)


def first_words(ticket_id: int) -> str:
    """What a ticket was opened with."""
    row = (
        TicketMessage.select().where(TicketMessage.ticket_id == ticket_id).order_by(TicketMessage.id).first()
    )
    return "" if row is None else str(row.text)


def note_of_system(ticket_id: int, text: str, now: int) -> None:
    """Add an automatic internal note; the same text is added only once."""
    known = TicketMessage.select().where(
        TicketMessage.ticket_id == ticket_id, TicketMessage.side == "system", TicketMessage.text == text
    )
    if not known.exists():
        _write(Ticket.get_by_id(ticket_id), None, text, now, internal=True)


# -- inside -------------------------------------------------------------------------------


def _staff_ticket(person: Actor, ticket_id: int, department: str) -> Ticket:
    require_role(person, TICKET_ROLES)
    ticket = ticket_for(person, ticket_id, for_change=True)
    if ticket.department != department:
        raise Conflict(
            "Ticket %(id)s is not in the department «%(department)s»; move it there first.",
            id=ticket_id,
            department=DEPARTMENTS[department].title,
        )
    return ticket


def _text(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if not text:
        raise BadInput("The text is empty.")
    if len(text) > MAX_TEXT:
        raise BadInput("The text has more than %(n)s characters.", n=MAX_TEXT)
    return text


def _write(
    ticket: Ticket,
    person: Actor | None,
    text: str,
    now: int,
    *,
    internal: bool = False,
    key: str | None = None,
) -> int:
    side = "system" if person is None else "staff" if is_staff(person) else "customer"
    row = TicketMessage.create(
        ticket_id=ticket.id,
        side=side,
        author_id=None if person is None else person.id,
        is_internal=internal,
        text=text,
        at=now,
        key=key or None,
    )
    Ticket.update(changed_at=now).where(Ticket.id == ticket.id).execute()
    return int(row.id)


def _answered(ticket: Ticket, person: Actor, now: int) -> None:
    for kind in _ANSWERS:
        clocks.done(ticket.id, kind, person.id, now)


def _move(ticket: Ticket, new: TicketState, author_id: int, now: int) -> None:
    old = TicketState(ticket.state)
    if old == new:
        return
    if new not in TICKET_MOVES[old]:
        raise Conflict(
            "Ticket %(id)s is %(old)s, it cannot become %(new)s.", id=ticket.id, old=Word(old), new=Word(new)
        )
    changed = (
        Ticket.update(state=new, changed_at=now, closed_at=now if new == TicketState.CLOSED else None)
        .where(Ticket.id == ticket.id, Ticket.state == old)
        .execute()
    )
    if not changed:
        raise Conflict(
            "Ticket %(id)s was changed by somebody else at the same time; look again.", id=ticket.id
        )
    ticket.state = new
    if new == TicketState.WAITING:
        clocks.pause(ticket.id, now)
    elif old == TicketState.WAITING:
        clocks.resume(ticket.id, now)
    clocks.note(ticket.id, "state", author_id, now, old=old, new=new)
    log.info("action=ticket_state ticket=%d old=%s new=%s", ticket.id, old, new)


def _queues(ticket_id: int, department: str) -> None:
    TicketQueue.delete().where(TicketQueue.ticket_id == ticket_id).execute()
    for queue in DEPARTMENTS[department].queues:
        TicketQueue.create(queue=queue, ticket_id=ticket_id)


def _tell_customer(ticket: Ticket, message_id: int, asks: bool, now: int) -> None:
    """Notify the people whom the customer named for tickets; the text itself stays in the portal."""
    asked = Sentence("Ticket %(id)s asks you something; read it in the panel.")
    answered = Sentence("Ticket %(id)s was answered; read it in the panel.")
    deliveries.to_account(
        ticket.account_id,
        "tickets",
        f"ticket/{ticket.id}/message/{message_id}",
        subject=bilingual(Sentence("Ticket %(id)s: %(subject)s", id=int(ticket.id), subject=ticket.subject)),
        text=bilingual(asked if asks else answered, id=int(ticket.id)),
        now=now,
        ticket_id=int(ticket.id),
    )
    data = {"ticket_id": int(ticket.id), "message_id": message_id, "asks": asks}
    note([Happened(ticket.account_id, TICKET_ANSWERED, f"ticket/{ticket.id}", data)], now)
