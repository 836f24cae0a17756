"""Who may do what with tickets and the calendar."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from engine.errors import NotAllowed, NotFound
from engine.services.permissions import STAFF_ROLES, scope
from engine.store.database import is_sqlite
from engine.store.models_tickets import Ticket

CALENDAR_ROLES = frozenset(("operator", "quality"))
NOTICE_ROLES = frozenset(("operator", "agent", "quality"))
TICKET_ROLES = frozenset(STAFF_ROLES)


class Actor(Protocol):
    """Whoever is logged in; a row of `User` is one."""

    id: int
    role: str
    account_id: int | None


def is_staff(person: Actor) -> bool:
    """Whether the person works here."""
    return person.role in STAFF_ROLES


def require_role(person: Actor, roles: Collection[str]) -> None:
    """NotAllowed unless the person is staff with one of the roles (the administrator always may)."""
    if not is_staff(person) or person.role not in (*roles, "administrator"):
        raise NotAllowed("You have no permission for this.")


def ticket_for(person: Actor, ticket_id: int, *, for_change: bool = False) -> Ticket:
    """A ticket that the person may see; NotFound also for another customer's (it does not say that it exists).

    `for_change` lets others who change it wait until we are done (SQLite has one writer at a time anyway).
    """
    account_id = scope(person)
    query = Ticket.select().where(Ticket.id == ticket_id)
    if account_id is not None:
        query = query.where(Ticket.account_id == account_id)
    if for_change and not is_sqlite():
        query = query.for_update()
    found: Ticket | None = query.get_or_none()
    if found is None:
        raise NotFound(f"There is no ticket {ticket_id}.")
    return found
