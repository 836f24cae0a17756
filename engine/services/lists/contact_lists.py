"""Contact lists: numbers that an account keeps under a name and uses for campaigns.

People upload them as files (`services.campaigns.list_shelf`), programs add numbers one by one.  Functions run inside
a transaction, or inside a connection when they only read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from peewee import ModelSelect

from engine.errors import BadInput, Conflict, NotFound
from engine.fold import fold
from engine.services.accounts import accounts, audit_log, quotas
from engine.services.accounts.ownership import owned
from engine.services.numbering.numbers import NormalNumber
from engine.store.bulk import insert_rows
from engine.store.sql import changed, execute
from engine.store.tables.programs import ContactList, ListedContact
from engine.text import one_line

MOST_CONTACTS = 1_000_000  # of a list
MOST_VARIABLES = 50  # of its contacts; a campaign's recipients have the same limit
SHOWN = 100
PART = 5_000  # contacts that one transaction deletes


@dataclass(frozen=True, slots=True)
class NewContact:
    """A number to add to a list, with the client's reference and the variables of its message."""

    number: NormalNumber
    reference: str
    variables: dict[str, str]


def make(account_id: int, name: str, now: int, person_id: int | None = None, **also: object) -> int:
    """Create an empty list and return its id.  Raises QuotaUsed when the account has too many."""
    accounts.one_at_a_time(account_id)
    quotas.check_lists(account_id, _of(account_id).count())
    row = ContactList.create(
        account_id=account_id, name=_name(name), created_by=person_id, created_at=now, **also
    )
    audit_log.by_staff(person_id, account_id, "list.keep", f"list {row.id}", now, after=row.name)
    return int(row.id)


def get(list_id: int, account_id: int | None) -> ContactList:
    """A list, only of `account_id` if it is given.  Raises NotFound."""
    query = ContactList.select().where(ContactList.id == list_id, ~ContactList.is_removed)
    missing = NotFound("There is no contact list %(id)s.", id=list_id)
    return owned(query, ContactList.account_id, account_id, missing)


def get_whole(list_id: int, account_id: int | None) -> ContactList:
    """As `get`, but raises Conflict while the list's file is still being read."""
    row = get(list_id, account_id)
    if row.token:
        raise Conflict(
            "The contact list «%(name)s» is still being read; choose it again in a moment.", name=row.name
        )
    return row


def rename(list_id: int, account_id: int, name: str) -> None:
    """Rename a list."""
    row = get(list_id, account_id)
    ContactList.update(name=_name(name)).where(ContactList.id == row.id).execute()


def remove(list_id: int, account_id: int | None, now: int, person_id: int | None = None) -> str:
    """Remove a list; campaigns that were made from it stay.  Returns its file, to be deleted after the transaction, or "".

    The contacts are deleted later in parts (`removed`, `delete_part`): a million at once would block every other writer.
    """
    row = get(list_id, account_id)
    ContactList.update(is_removed=True, token="").where(ContactList.id == row.id).execute()
    audit_log.by_staff(person_id, row.account_id, "list.remove", f"list {row.id}", now, before=row.name)
    return str(row.token)


def removed() -> list[int]:
    """Ids of removed lists whose contacts are still to be deleted; inside a connection."""
    return [int(row[0]) for row in execute("SELECT id FROM contact_list WHERE is_removed ORDER BY id")]


def delete_part(list_id: int) -> bool:
    """Delete some contacts of a removed list, and the list itself when none are left; whether it is gone."""
    gone = changed(
        "DELETE FROM listed_contact WHERE id IN (SELECT id FROM listed_contact WHERE list_id = ? LIMIT ?)",
        [list_id, PART],
    )
    if gone == PART:
        return False
    ContactList.delete().where(ContactList.id == list_id, ContactList.is_removed).execute()
    return True


def page(
    account_id: int, before_id: int | None = None, limit: int = SHOWN, text: str = ""
) -> list[ContactList]:
    """An account's lists, the newest first, with `text` in the name."""
    query = _of(account_id)
    if before_id is not None:
        query = query.where(ContactList.id < before_id)
    if text.strip():
        query = query.where(ContactList.search.contains(fold(text)))
    return list(query.order_by(ContactList.id.desc()).limit(limit))


def whole(account_id: int) -> list[ContactList]:
    """The lists of an account that a campaign can use, newest first."""
    query = _of(account_id).where(ContactList.token == "", ContactList.numbers > 0)
    return list(query.order_by(ContactList.id.desc()).limit(SHOWN))


def widen(list_id: int, names: Iterable[str]) -> None:
    """Add names to the variables of a list.  Raises BadInput when there are too many."""
    row = ContactList.get_by_id(list_id)
    known: list[str] = json.loads(row.columns)
    have = set(map(fold, known))
    wider = list(known)
    for name in names:
        if fold(name) not in have:
            have.add(fold(name))
            wider.append(name)
    if len(wider) > MOST_VARIABLES:
        raise BadInput("A recipient has at most %(n)s variables.", n=MOST_VARIABLES)
    if wider != known:
        columns = json.dumps(wider, ensure_ascii=False)
        ContactList.update(columns=columns).where(ContactList.id == list_id).execute()


def add(list_id: int, contacts: Sequence[NewContact]) -> list[int | None]:
    """Add numbers to a list; the id of each, None for a number that is on it already or occurs twice here."""
    if ContactList.get_by_id(list_id).numbers + len(contacts) > MOST_CONTACTS:
        raise Conflict("A contact list holds at most %(n)s numbers.", n=MOST_CONTACTS)
    widen(list_id, dict.fromkeys(name for each in contacts for name in each.variables))
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
    _count(list_id, len(ids))
    return [
        ids.get(each.number.e164) if first[each.number.e164] == at else None
        for at, each in enumerate(contacts)
    ]


def contacts(list_id: int, after_id: int, limit: int) -> list[ListedContact]:
    """A page of a list in the order of addition: the contacts after `after_id`."""
    query = ListedContact.select().where(ListedContact.list_id == list_id, ListedContact.id > after_id)
    return list(query.order_by(ListedContact.id).limit(limit))


def take_off(list_id: int, contact_id: int) -> None:
    """Remove a contact from a list.  Raises NotFound."""
    gone = ListedContact.delete().where(ListedContact.list_id == list_id, ListedContact.id == contact_id)
    if not gone.execute():
        raise NotFound("There is no contact %(id)s on this list.", id=contact_id)
    _count(list_id, -1)


def _of(account_id: int) -> ModelSelect[ContactList]:
    return ContactList.select().where(ContactList.account_id == account_id, ~ContactList.is_removed)


def _count(list_id: int, change: int) -> None:
    execute("UPDATE contact_list SET numbers = numbers + ? WHERE id = ?", [change, list_id])


def _name(name: str) -> str:
    text = one_line(name)
    if not 1 <= len(text) <= 200:
        raise BadInput("A contact list has a name of 1 to 200 characters.")
    return text
