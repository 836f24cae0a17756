"""Customers' ratings of closed tickets: 1 to 5 and a comment, given once."""

from __future__ import annotations

from engine.errors import BadInput, Conflict, NotAllowed
from engine.services.accounts.permissions import Actor, is_staff
from engine.services.tickets.access import ticket_for
from engine.states import TicketState
from engine.store.tables.support import Satisfaction

MAX_TEXT = 2_000


def rate(person: Actor, ticket_id: int, score: int, text: str, now: int) -> None:
    """The customer rates a closed ticket; Conflict if it is open or was rated before."""
    ticket = ticket_for(person, ticket_id)
    if is_staff(person):
        raise NotAllowed("Only the customer says how satisfied it is.")
    if isinstance(score, bool) or score not in range(1, 6):
        raise BadInput("The satisfaction is a number from 1 to 5.")
    if ticket.state != TicketState.CLOSED:
        raise Conflict("Ticket %(id)s is rated after it is closed.", id=ticket_id)
    inserted = (
        Satisfaction.insert(
            ticket_id=ticket_id,
            account_id=ticket.account_id,
            person_id=person.id,
            score=score,
            text=text.strip()[:MAX_TEXT],
            at=now,
        )
        .on_conflict_ignore()
        .as_rowcount()
        .execute()
    )
    if not inserted:
        raise Conflict("Ticket %(id)s was rated before.", id=ticket_id)


def of_ticket(ticket_id: int) -> Satisfaction | None:
    """What was said about a ticket, or None."""
    found: Satisfaction | None = Satisfaction.get_or_none(Satisfaction.ticket_id == ticket_id)
    return found
