"""Contact lists: numbers that an account keeps under a name, to make campaigns of them.

Functions run inside a transaction, or a connection when they only read.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import BadInput, Conflict, NotFound
from engine.services.numbering.numbers import NormalNumber
from engine.store.bulk import insert_rows
from engine.store.tables.programs import ContactList, ListedContact
from engine.text import one_line

MOST_LISTS = 200  # of an account
MOST_CONTACTS = 1_000_000  # of a list


@dataclass(frozen=True, slots=True)
class NewContact:
    """A number for a list, with the client's reference and the variables of its message."""

    number: NormalNumber
    reference: str
    variables: dict[str, str]


def make(account_id: int, name: str, now: int) -> int:
    """Make an empty list; its id."""
    if ContactList.select().where(ContactList.account_id == account_id).count() >= MOST_LISTS:
        raise Conflict("An account has at most %(n)s contact lists; remove one first.", n=MOST_LISTS)
    return int(ContactList.create(account_id=account_id, name=_name(name), created_at=now).id)


def get(list_id: int, account_id: int) -> ContactList:
    """A list of the account; NotFound."""
    row = ContactList.get_or_none(ContactList.id == list_id, ContactList.account_id == account_id)
    if row is None:
        raise NotFound("There is no contact list %(id)s.", id=list_id)
    return row


def rename(list_id: int, account_id: int, name: str) -> None:
    """Give a list another name."""
    row = get(list_id, account_id)
    ContactList.update(name=_name(name)).where(ContactList.id == row.id).execute()


def remove(list_id: int, account_id: int) -> None:
    """Remove a list with its contacts; campaigns that were made of it stay."""
    row = get(list_id, account_id)
    ListedContact.delete().where(ListedContact.list_id == row.id).execute()
    ContactList.delete().where(ContactList.id == row.id).execute()


def page(account_id: int, before_id: int | None, limit: int) -> list[ContactList]:
    """An account's lists, the newest first."""
    query = ContactList.select().where(ContactList.account_id == account_id)
    if before_id is not None:
        query = query.where(ContactList.id < before_id)
    return list(query.order_by(ContactList.id.desc()).limit(limit))


def sizes(list_ids: Sequence[int]) -> dict[int, int]:
    """How many contacts each of these lists has."""
    return {
        list_id: ListedContact.select().where(ListedContact.list_id == list_id).count()
        for list_id in list_ids
    }


def add(list_id: int, contacts: Sequence[NewContact]) -> list[int | None]:
    """Put numbers on a list; the id of each, None for one that is on it already or twice among these."""
    if sizes([list_id])[list_id] + len(contacts) > MOST_CONTACTS:
        raise Conflict("A contact list holds at most %(n)s numbers.", n=MOST_CONTACTS)
    first: dict[str, int] = {}
    for at, each in enumerate(contacts):
        first.setdefault(each.number.e164, at)
    rows = [
        (list_id, e164, contacts[at].reference, json.dumps(contacts[at].variables, ensure_ascii=False))
        for e164, at in first.items()
    ]
    made = insert_rows(
        ListedContact,
        ("list_id", "number", "reference", "variables"),
        rows,
        "ON CONFLICT DO NOTHING RETURNING id, number",
    )
    ids = {str(number): int(contact_id) for contact_id, number in made}
    return [
        ids.get(each.number.e164) if first[each.number.e164] == at else None
        for at, each in enumerate(contacts)
    ]


def contacts(list_id: int, after_id: int, limit: int) -> list[ListedContact]:
    """A page of a list, in the order in which they came: those after the contact `after_id`."""
    query = ListedContact.select().where(ListedContact.list_id == list_id, ListedContact.id > after_id)
    return list(query.order_by(ListedContact.id).limit(limit))


def take_off(list_id: int, contact_id: int) -> None:
    """Take a contact off a list; NotFound."""
    gone = ListedContact.delete().where(ListedContact.list_id == list_id, ListedContact.id == contact_id)
    if not gone.execute():
        raise NotFound("There is no contact %(id)s on this list.", id=contact_id)


def _name(name: str) -> str:
    text = one_line(name)
    if not 1 <= len(text) <= 200:
        raise BadInput("A contact list has a name of 1 to 200 characters.")
    return text
