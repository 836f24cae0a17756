"""Special wishes: in a ticket, a customer names a further channel or person to be told in a crisis."""

from __future__ import annotations

from collections.abc import Sequence

from engine.errors import BadInput, Conflict, NotFound
from engine.services.accounts import accounts, audit_log, permissions
from engine.services.accounts.ownership import owned
from engine.services.accounts.permissions import Actor, is_staff
from engine.services.outbox import addresses, deliveries
from engine.services.outbox.wording import Bilingual
from engine.services.tickets import clocks
from engine.services.tickets.access import ticket_for
from engine.services.tickets.department_rules import SPECIAL
from engine.store.tables.support import Delivery, SpecialWish

MAX_WISHES = 20  # of an account; in an incident each is a message or a call


def agree(
    person: Actor,
    ticket_id: int,
    channel: str,
    address: str,
    now: int,
    *,
    person_name: str = "",
    language: str = "fa",
) -> int:
    """Store the wish of a ticket of the department of special notices, and return its id.

    The customer fills it in, or staff enter it from the ticket's text; from then on it is fulfilled in every
    incident.  Raises BadInput for an address that the channel cannot reach; Conflict for a ticket of another
    department, for a wish that is stored already, or when the account has `MAX_WISHES`.
    """
    ticket = ticket_for(person, ticket_id)
    if ticket.department != SPECIAL:
        raise Conflict(
            "Ticket %(id)s is not in the department of special notices; move it there first.", id=ticket_id
        )
    address = addresses.check_address(channel, address)
    if not is_staff(person) and not addresses.is_verified(ticket.account_id, channel, address):
        raise BadInput("Add %(address)s to your addresses and verify it first.", address=address)
    if len(person_name) > 100:
        raise BadInput("The name of a person has at most 100 characters.")
    accounts.one_at_a_time(ticket.account_id)
    kept = active(ticket.account_id)
    if any(row.channel == channel and row.address == address for row in kept):
        raise Conflict("This request is on file already.")
    if len(kept) >= MAX_WISHES:
        raise Conflict("An account has at most %(n)s special notices; end one first.", n=MAX_WISHES)
    row = SpecialWish.create(
        account_id=ticket.account_id,
        ticket_id=ticket_id,
        channel=channel,
        address=address,
        person_name=person_name.strip(),
        language="en" if language == "en" else "fa",
        agreed_by=person.id,
        agreed_at=now,
    )
    clocks.note(ticket_id, "special_agreed", person.id, now, new=f"{channel} {person_name}".strip())
    return int(row.id)


def end(person: Actor, wish_id: int, now: int) -> None:
    """End a wish, by its customer or by staff; it stays as history."""
    query = SpecialWish.select().where(SpecialWish.id == wish_id)
    missing = NotFound("There is no special notice %(id)s.", id=wish_id)
    row: SpecialWish = owned(query, SpecialWish.account_id, permissions.scope(person), missing)
    changed = (
        SpecialWish.update(ended_at=now, ended_by=person.id)
        .where(SpecialWish.id == wish_id, SpecialWish.ended_at.is_null())
        .execute()
    )
    if not changed:
        raise Conflict("This special notice was ended before.")
    audit_log.record(person.id, row.account_id, "special.end", f"special notice {wish_id}", now)


def active(account_id: int | None = None) -> Sequence[SpecialWish]:
    """The active wishes, only of `account_id` if it is given."""
    query = SpecialWish.select().where(SpecialWish.ended_at.is_null()).order_by(SpecialWish.id)
    return list(query if account_id is None else query.where(SpecialWish.account_id == account_id))


def told(account_id: int | None, limit: int = 50) -> list[Delivery]:
    """The messages that were sent for wishes in incidents, of an account or of all, newest first."""
    query = Delivery.select().where(Delivery.key.startswith("special/")).order_by(Delivery.id.desc())
    if account_id is not None:
        query = query.where(Delivery.account_id == account_id)
    return list(query.limit(limit))


def of_ticket(ticket_id: int) -> list[SpecialWish]:
    """The wishes of a ticket, oldest first, also ended ones."""
    return list(SpecialWish.select().where(SpecialWish.ticket_id == ticket_id).order_by(SpecialWish.id))


def _may_be_told(wish: SpecialWish) -> bool:
    """Whether the address of a wish is still verified, or was entered by staff."""
    is_ours = audit_log.is_of_staff(wish.agreed_by)
    return is_ours or addresses.is_verified(wish.account_id, wish.channel, wish.address)


def tell(
    incident: str,
    notice_id: int,
    account_ids: Sequence[int] | None,
    subject: Bilingual,
    text: Bilingual,
    now: int,
) -> int:
    """Fulfil the wishes of the accounts (None: all) in an incident, each once; returns how many were new.

    `incident` is its key (``outage/7``): however often this runs, each wish gets one message.
    """
    new = 0
    known = {row.key for row in Delivery.select(Delivery.key).where(Delivery.notice_id == notice_id)}
    for wish in active():
        if f"special/{wish.id}/{incident}" in known:
            continue
        if account_ids is not None and wish.account_id not in account_ids:
            continue
        if not _may_be_told(wish):
            continue
        new += deliveries.enqueue(
            f"special/{wish.id}/{incident}",
            deliveries.Addressee(wish.channel, wish.address, wish.language),
            deliveries.pick(subject, wish.language),
            deliveries.pick(text, wish.language),
            now,
            is_urgent=True,
            account_id=wish.account_id,
            notice_id=notice_id,
            ticket_id=wish.ticket_id,
        )
    return new
