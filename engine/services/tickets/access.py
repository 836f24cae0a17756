"""Which tickets a person may see."""

from __future__ import annotations

from engine.errors import NotFound
from engine.services.accounts.ownership import owned
from engine.services.accounts.permissions import Actor, scope
from engine.store.database import is_sqlite
from engine.store.tables.support import Ticket


def ticket_for(person: Actor, ticket_id: int, *, for_change: bool = False) -> Ticket:
    """A ticket that the person may see; NotFound also for another customer's, so as not to reveal that it exists.

    `for_change` locks the row until the transaction ends (SQLite has one writer at a time anyway).
    """
    query = Ticket.select().where(Ticket.id == ticket_id)
    missing = NotFound("There is no ticket %(id)s.", id=ticket_id)
    if for_change and not is_sqlite():
        query = query.for_update()
    return owned(query, Ticket.account_id, scope(person), missing)
