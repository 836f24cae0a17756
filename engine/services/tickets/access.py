"""Which tickets a person may see."""

from __future__ import annotations

from engine.errors import NotFound
from engine.services.accounts.permissions import Actor, scope
from engine.store.database import is_sqlite
from engine.store.tables.support import Ticket


def ticket_for(person: Actor, ticket_id: int, *, for_change: bool = False) -> Ticket:
    """A ticket that the person may see; NotFound also for another customer's, so as not to reveal that it exists.

    `for_change` locks the row until the transaction ends (SQLite has one writer at a time anyway).
    """
    account_id = scope(person)
    query = Ticket.select().where(Ticket.id == ticket_id)
    if account_id is not None:
        query = query.where(Ticket.account_id == account_id)
    if for_change and not is_sqlite():
        query = query.for_update()
    found: Ticket | None = query.get_or_none()
    if found is None:
        raise NotFound("There is no ticket %(id)s.", id=ticket_id)
    return found
