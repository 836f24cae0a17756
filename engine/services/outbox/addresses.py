"""Contact addresses, besides the panel: of staff, of customers, and our public channels."""

from __future__ import annotations

import re
from contextlib import suppress

from engine.errors import BadInput, Conflict, NotFound
from engine.sentences import Word
from engine.services.accounts import accounts, permissions
from engine.services.accounts.permissions import NOTICE_ROLES, Actor, is_staff, require_role
from engine.services.numbering import numbers
from engine.services.numbering.reasons import Reason
from engine.store.tables.core import User
from engine.store.tables.support import ContactAddress

MESSENGERS = ("telegram", "bale", "eitaa")
CHANNELS = ("email", *MESSENGERS, "voice")
# What an address is for.  `incidents` is staff's: they are called when the service is down;
# `public` is a channel of our own that anybody may read.
MAX_ADDRESSES, MAX_NUMBERS = 10, 3  # of an account
OWN_TOPICS = ("campaigns", "money", "messages")  # about the customer's own events: in writing, never by phone
TOPICS = ("notices", "tickets", *OWN_TOPICS, "incidents", "public")

LONGEST = 200  # characters of an address, as its column has
SETTLED_MS = 24 * 3_600_000  # after which a verified number may stand for its person

_EMAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\\x00-\x1f]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_CHAT = re.compile(r"-?\d{1,20}|@?[A-Za-z][A-Za-z0-9_]{3,63}")


def add(
    person: Actor,
    account_id: int | None,
    channel: str,
    address: str,
    topics: list[str],
    now: int,
    *,
    person_id: int | None = None,
    language: str = "fa",
) -> int:
    """Note an address of a customer, or (no account) of staff; its id.

    Customers add to their own account, staff to all.  Nothing is sent to what a customer adds before
    a code was given back (`verification`).  BadInput for an address that the channel cannot reach;
    Conflict if it is there already, or the account has as many as it may.
    """
    if permissions.scope(person) is not None and permissions.scope(person) != account_id:
        raise NotFound("There is no account %(id)s.", id=account_id)
    if account_id is None:
        require_role(person, NOTICE_ROLES)
    wanted = _topics(account_id, channel, topics)
    address = check_address(channel, address)
    if account_id is not None:
        accounts.one_at_a_time(account_id)
    if any(row.channel == channel and row.address == address for row in of(account_id)):
        raise Conflict("The address %(address)s is there already.", address=address)
    if account_id is not None:
        kept = of(account_id)
        if len(kept) >= MAX_ADDRESSES:
            raise Conflict("An account has at most %(most)s addresses; remove one first.", most=MAX_ADDRESSES)
        if channel == "voice" and sum(each.channel == "voice" for each in kept) >= MAX_NUMBERS:
            raise Conflict("An account has at most %(most)s numbers to be called.", most=MAX_NUMBERS)
    row = ContactAddress.create(
        account_id=account_id,
        person_id=person_id,
        channel=channel,
        address=address,
        topics=" ".join(wanted),
        language="en" if language == "en" else "fa",
        created_at=now,
        created_by=person.id,
        verified_at=now if is_staff(person) else None,
    )
    return int(row.id)


def choose_topics(person: Actor, address_id: int, topics: list[str]) -> None:
    """Change what an address of one's own account is used for; with no topics, nothing is sent to it any more."""
    row = get(person, address_id)
    if topics:
        topics = _topics(row.account_id, row.channel, topics)
    ContactAddress.update(topics=" ".join(topics)).where(ContactAddress.id == row.id).execute()


def _topics(account_id: int | None, channel: str, topics: list[str]) -> list[str]:
    """What an address is for, in order; BadInput for what it cannot be."""
    wanted = [topic for topic in TOPICS if topic in topics]
    if not wanted or set(topics) - set(TOPICS):
        raise BadInput("An address is for one or more of %(known)s.", known=list(TOPICS))
    if account_id is not None and {"incidents", "public"} & set(wanted):
        raise BadInput("A customer's address is not for incidents or the public.")
    if channel == "voice":
        wanted = [topic for topic in wanted if topic not in OWN_TOPICS]
        if not wanted:
            raise BadInput("News of campaigns, money and messages is written, never called.")
    return wanted


def remove(person: Actor, address_id: int) -> None:
    """Remove an address: customers one of their own account, staff one of the staff."""
    row = get(person, address_id)
    if is_staff(person):
        require_role(person, NOTICE_ROLES)
    row.delete_instance()


def of(account_id: int | None) -> list[ContactAddress]:
    """The addresses of a customer, or (None) of staff."""
    concerns = (
        ContactAddress.account_id.is_null() if account_id is None else ContactAddress.account_id == account_id
    )
    return list(ContactAddress.select().where(concerns).order_by(ContactAddress.id))


def to_be_told(account_id: int | None, topic: str) -> list[ContactAddress]:
    """The verified addresses of a customer, or (None) of staff, for a topic."""
    return [row for row in of(account_id) if row.verified_at is not None and topic in row.topics.split()]


def of_customers(topic: str) -> list[ContactAddress]:
    """The verified addresses of all customers for a topic."""
    rows = ContactAddress.select().where(
        ContactAddress.account_id.is_null(False), ContactAddress.verified_at.is_null(False)
    )
    return [
        row
        for row in rows.order_by(ContactAddress.account_id, ContactAddress.id)
        if topic in row.topics.split()
    ]


def get(person: Actor, address_id: int) -> ContactAddress:
    """An address of the account of the person who asks; NotFound otherwise."""
    row = ContactAddress.get_or_none(ContactAddress.id == address_id)
    if row is None or row.account_id != permissions.scope(person):
        raise NotFound("There is no address %(address)s.", address=address_id)
    found: ContactAddress = row
    return found


def is_verified(account_id: int, channel: str, address: str) -> bool:
    """Whether an account has shown that this address is its own."""
    rows = ContactAddress.select().where(
        ContactAddress.account_id == account_id,
        ContactAddress.channel == channel,
        ContactAddress.address == address,
        ContactAddress.verified_at.is_null(False),
    )
    return bool(rows.exists())


def mobile_of(person: User, now: int) -> str | None:
    """The mobile (E.164) by which a customer's person may choose a new password; None: none is known.

    An owner's is the account's.  Anybody's is one that they added themselves and gave the code of a call back for,
    a day ago or longer: whoever finds a browser open must not take the log-in over with a number of their own.
    """
    if person.account_id is None:
        return None
    account = accounts.get(person.account_id)
    if person.role == "owner" and account.mobile and account.mobile_verified_at:
        return str(account.mobile)
    rows = ContactAddress.select().where(
        ContactAddress.account_id == person.account_id,
        ContactAddress.person_id == person.id,
        ContactAddress.created_by == person.id,
        ContactAddress.channel == "voice",
        ContactAddress.verified_at <= now - SETTLED_MS,
    )
    for row in rows.order_by(ContactAddress.verified_at.desc()):
        with suppress(BadInput):  # a landline: whoever answers there is not known
            return accounts.mobile_of(row.address).e164
    return None


def own_numbers(person: Actor) -> list[str]:
    """The telephone numbers (E.164) that are shown to be this person's, or their account's; inside a connection."""
    account_id = permissions.scope(person)
    account = accounts.get(account_id) if account_id is not None else None
    found = [account.mobile] if account is not None and account.mobile_verified_at else []
    for row in of(account_id):
        is_own = row.verified_at is not None and (account_id is not None or row.person_id == person.id)
        if row.channel == "voice" and is_own:
            found.append(row.address)
    return list(dict.fromkeys(found))


def check_address(channel: str, address: str) -> str:
    """An address as it is stored; BadInput if the channel cannot reach it."""
    address = address.strip()
    if channel not in CHANNELS:
        raise BadInput(
            "The channel '%(channel)s' is none of %(known)s.", channel=channel, known=list(CHANNELS)
        )
    if channel == "voice":
        number = numbers.normalise(address)
        if isinstance(number, Reason):
            raise BadInput("«%(number)s»: %(why)s", number=address[:40], why=number.sentence)
        return number.e164
    pattern, example = (_EMAIL, "name@example.com") if channel == "email" else (_CHAT, "@avanak, -1001234567")
    if len(address) > LONGEST or not pattern.fullmatch(address):
        raise BadInput(
            "'%(address)s' is no address of %(channel)s, like %(example)s.",
            address=address[:80],
            channel=Word(channel),
            example=example,
        )
    return address
