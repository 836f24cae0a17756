"""Two customers, the staff, and times of day in Tehran."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from engine.agreement.dates import instant_text, parse_instant
from engine.services.outbox import addresses
from engine.services.tickets import tickets
from engine.store.tables.core import Account, User
from engine.store.tables.support import ContactAddress, TicketClock
from engine.store.threads import read, write

# What differs between the databases is tried on both by the other tests.
on_sqlite = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


def at(text: str) -> int:
    """Milliseconds of a time in Tehran: ``1405-08-30 09:00`` (a Saturday)."""
    return parse_instant(text, local=True) * 1000


@dataclass(frozen=True)
class Cast:
    """Rows of people; `account` and `other` are accounts' ids."""

    account: int
    other: int
    owner: User
    stranger: User
    agent: User
    operator: User
    quality: User
    finance: User


def make_cast() -> Cast:
    """Two accounts and one person of each role; passwords are not hashed, nobody logs in."""

    def work() -> Cast:
        now = at("1405-01-01 09:00")
        account = Account.create(name="Shop", created_at=now, state="active")
        other = Account.create(name="Rival", created_at=now, state="active")
        Account.create(name="House", created_at=now, state="active", is_house=True)

        def person(name: str, role: str, account_id: int | None = None) -> User:
            return User.create(
                username=name, password_hash="-", role=role, account=account_id, created_at=now
            )

        return Cast(
            int(account.id),
            int(other.id),
            person("owner", "owner", account.id),
            person("stranger", "owner", other.id),
            person("agent", "agent"),
            person("operator", "operator"),
            person("quality", "quality"),
            person("finance", "finance"),
        )

    return write(work)


def verified_address(
    person: User, account_id: int, channel: str, address: str, topics: list[str], now: int
) -> int:
    """An address whose owner gave the code back; inside a write."""
    made = addresses.add(person, account_id, channel, address, topics, now)
    ContactAddress.update(verified_at=now).where(ContactAddress.id == made).execute()
    return made


def opened(cast: Cast, department: str, when: str, subject: str = "It does not work") -> int:
    return write(
        lambda: tickets.open_ticket(cast.owner, cast.account, department, subject, "Help.", at(when))
    )


def clock(ticket_id: int, kind: str) -> TicketClock:
    rows = read(
        lambda: list(TicketClock.select().where(TicketClock.ticket_id == ticket_id, TicketClock.kind == kind))
    )
    return rows[-1]


def due(ticket_id: int, kind: str) -> str:
    due_at = clock(ticket_id, kind).due_at
    return "" if due_at is None else instant_text(due_at // 1000, is_end=True)
