"""Who may do what: what a person's role allows, and what staff have granted to an account."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from engine.errors import BadInput, NotAllowed, NotFound
from engine.sentences import Sentence

STAFF_ROLES = ("operator", "administrator", "agent", "quality", "finance")
CUSTOMER_ROLES = ("owner", "member")
ROLES = (*STAFF_ROLES, *CUSTOMER_ROLES)
# Which staff keep the calendar, notices and tickets.
CALENDAR_ROLES = frozenset(("operator", "quality"))
NOTICE_ROLES = frozenset(("operator", "agent", "quality"))
TICKET_ROLES = frozenset(STAFF_ROLES)

# What staff grant to an account, and what it is called.
WEB_SERVICE, RECORDING, OWN_VOICE, ANY_HOUR = "web_service", "recording", "own_voice", "any_hour"
ADVERTISING, EMERGENCY, SECURE_CALLS, TEXTS = "advertising", "emergency", "secure_calls", "texts"
GRANTS: dict[str, Sentence] = {
    WEB_SERVICE: Sentence("use of the web service"),
    RECORDING: Sentence("recording what is answered"),
    ADVERTISING: Sentence("advertising messages"),
    EMERGENCY: Sentence("emergency messages"),
    OWN_VOICE: Sentence("own voice without approval"),
    ANY_HOUR: Sentence("sending at any hour"),
    SECURE_CALLS: Sentence("calls that join two people"),
    TEXTS: Sentence("text messages after calls"),
}

# Rights of people.  A right on customers' data is asked together with the account (`require`).
RIGHTS: dict[str, frozenset[str]] = {
    "campaign.view": frozenset({"operator", "agent", "quality", "finance", "owner", "member"}),
    "campaign.change": frozenset({"operator", "owner", "member"}),
    "recording.listen": frozenset({"operator", "quality", "owner", "member"}),
    "message.view": frozenset({"operator", "agent", "quality", "owner", "member"}),
    "message.change": frozenset({"operator", "owner", "member"}),
    "message.approve": frozenset({"operator", "quality"}),
    "consent.view": frozenset({"operator", "agent", "quality", "owner", "member"}),
    "consent.change": frozenset({"operator", "agent", "owner", "member"}),
    "account.view": frozenset({"operator", "agent", "quality", "finance", "owner", "member"}),
    "account.change": frozenset({"operator"}),  # state, permissions, caps
    "account.open": frozenset({"operator", "finance"}),
    "account.terms": frozenset({"finance"}),  # what costs us money: prices, debts, months that nobody paid
    "identity.submit": frozenset({"owner"}),
    "identity.view": frozenset({"operator", "quality", "owner"}),
    "identity.review": frozenset({"operator", "quality"}),
    "money.view": frozenset({"operator", "finance", "owner"}),
    "money.pay": frozenset({"owner"}),
    "money.adjust": frozenset({"finance"}),
    "payment.confirm": frozenset({"finance"}),
    "price.change": frozenset({"finance"}),
    "people.view": frozenset({"operator", "owner"}),
    "people.change": frozenset({"owner"}),  # its own; staff: the administrator
    "token.view": frozenset({"operator", "owner", "member"}),
    "webhook.view": frozenset({"operator", "owner", "member"}),
    "webhook.change": frozenset({"owner", "member"}),
    "token.change": frozenset({"operator", "owner", "member"}),  # customers make their own; staff revoke
    "audit.view": frozenset({"quality", "finance"}),
    "gateway.change": frozenset({"operator"}),
    "line.view": frozenset({"operator", "agent", "quality", "finance"}),  # wallboard, calls, reports
    "line.work": frozenset({"operator", "agent", "quality", "finance"}),  # notes, tickets, call-backs
    "line.manage": frozenset({"operator"}),  # agents, settings
    "line.listen": frozenset({"operator", "quality"}),
}


class Person(Protocol):
    """Whoever is logged in."""

    role: str
    account_id: int | None


class Actor(Protocol):
    """Whoever is logged in; a row of `User` is one."""

    id: int
    role: str
    account_id: int | None


def may(person: Person, right: str, account_id: int | None = None) -> bool:
    """Whether the person has the right, on data of `account_id` if one is given.

    Customers have rights on their own account only; the administrator has all.
    A right that does not exist is a programming error (KeyError).
    """
    roles = RIGHTS[right]
    if person.role in CUSTOMER_ROLES and (person.account_id is None or account_id != person.account_id):
        return False
    return person.role == "administrator" or person.role in roles


def require(person: Person, right: str, account_id: int | None = None) -> None:
    """Raise unless `may`: NotFound for another customer's data (so as not to reveal that it exists), else NotAllowed."""
    if may(person, right, account_id):
        return
    if person.role in CUSTOMER_ROLES and account_id is not None and account_id != person.account_id:
        raise NotFound("There is no such thing.")
    raise NotAllowed("You have no permission for this.")


def scope(person: Person) -> int | None:
    """The account that the person's queries go through; None for staff, who see all.

    Raises NotAllowed for a customer without an account, which would see all.
    """
    if person.role in STAFF_ROLES:
        return None
    if person.account_id is None:
        raise NotAllowed("You belong to no account.")
    return person.account_id


def parse_grants(words: list[str] | tuple[str, ...]) -> str:
    """Granted permissions as they are stored; BadInput names one that does not exist."""
    for word in words:
        if word not in GRANTS:
            raise BadInput("The permission '%(word)s' is none of %(known)s.", word=word, known=list(GRANTS))
    return " ".join(word for word in GRANTS if word in words)


def is_staff(person: Actor) -> bool:
    """Whether the person works here."""
    return person.role in STAFF_ROLES


def require_role(person: Actor, roles: Collection[str]) -> None:
    """NotAllowed unless the person is staff with one of the roles (the administrator always may)."""
    if not is_staff(person) or person.role not in (*roles, "administrator"):
        raise NotAllowed("You have no permission for this.")
