"""Special notices: a customer wants a way or a person told in a crisis, says so in a ticket, and then it happens."""

from __future__ import annotations

from collections.abc import Sequence

from engine.errors import BadInput, Conflict, NotFound
from engine.services import audit_log
from engine.services.notices import deliveries, reach
from engine.services.tickets import clocks
from engine.services.tickets.access import TICKET_ROLES, Actor, require_role, ticket_for
from engine.services.tickets.rules import SPECIAL
from engine.store.models_tickets import Delivery, SpecialWish


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
    """Staff take a wish over from a ticket of the special notices' department; its id.

    BadInput for an address that the channel cannot reach; Conflict for a ticket
    of another department, or if the wish is kept already.
    """
    require_role(person, TICKET_ROLES)
    ticket = ticket_for(person, ticket_id)
    if ticket.department != SPECIAL:
        raise Conflict(f"Ticket {ticket_id} is none of the special notices; move it there first.")
    address = reach.check_address(channel, address)
    if len(person_name) > 100:
        raise BadInput("The name of a person has at most 100 characters.")
    if any(row.channel == channel and row.address == address for row in active(ticket.account_id)):
        raise Conflict("This wish is kept already.")
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
    """Staff end a wish; it stays as history."""
    require_role(person, TICKET_ROLES)
    row = SpecialWish.get_or_none(SpecialWish.id == wish_id)
    if row is None:
        raise NotFound(f"There is no special notice {wish_id}.")
    changed = (
        SpecialWish.update(ended_at=now, ended_by=person.id)
        .where(SpecialWish.id == wish_id, SpecialWish.ended_at.is_null())
        .execute()
    )
    if not changed:
        raise Conflict("This special notice was ended before.")
    audit_log.record(person.id, row.account_id, "special.end", f"special notice {wish_id}", now)


def active(account_id: int | None = None) -> Sequence[SpecialWish]:
    """The wishes that are kept, of an account if one is given."""
    query = SpecialWish.select().where(SpecialWish.ended_at.is_null()).order_by(SpecialWish.id)
    return list(query if account_id is None else query.where(SpecialWish.account_id == account_id))


def tell(
    incident: str,
    notice_id: int,
    account_ids: Sequence[int] | None,
    subject: deliveries.Words,
    text: deliveries.Words,
    now: int,
) -> int:
    """Fulfil the wishes of the accounts (None: all) in an incident, each once; how many were new.

    `incident` names it (``outage/7``): however often this runs, one message a wish.
    """
    told = 0
    known = {row.key for row in Delivery.select(Delivery.key).where(Delivery.notice_id == notice_id)}
    for wish in active():
        if f"special/{wish.id}/{incident}" in known:
            continue
        if account_ids is not None and wish.account_id not in account_ids:
            continue
        told += deliveries.enqueue(
            f"special/{wish.id}/{incident}",
            wish.channel,
            wish.address,
            deliveries.pick(subject, wish.language),
            deliveries.pick(text, wish.language),
            now,
            language=wish.language,
            is_urgent=True,
            account_id=wish.account_id,
            notice_id=notice_id,
            ticket_id=wish.ticket_id,
        )
    return told
