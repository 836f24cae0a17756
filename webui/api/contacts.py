"""Contact lists: numbers that are kept under a name, with references and variables."""

from __future__ import annotations

import json

from flask import Response
from pydantic import BaseModel, Field

from engine.clock import wall_ms
from engine.services.accounts.token_scopes import Scope
from engine.services.campaigns.adding import GivenRow
from engine.services.lists import contact_lists
from engine.services.lists.contact_lists import NewContact
from engine.services.numbering.numbers import NormalNumber
from engine.services.numbering.reasons import Reason
from engine.store.threads import read, write
from webui.api import lines
from webui.api.conditions import changed
from webui.api.lines import LinesQuery, read_recipient
from webui.api.models import At, Id, Paged, PageQuery, RequestBody, at, page_of
from webui.api.operations import created, operation
from webui.api.recipients import AddedRecipients, NewRecipients, number_rules, summed
from webui.request.programs import caller
from webui.request.services import shelf

TAG = "Contact lists"


class ContactListPath(BaseModel):
    contact_list_id: Id


class ContactPath(ContactListPath):
    contact_id: Id


class ContactListRequest(RequestBody):
    name: str = Field(min_length=1, max_length=200)


class ContactListAnswer(BaseModel):
    """A contact list."""

    id: Id
    name: str
    contacts: int
    created_at: At


class ContactAnswer(BaseModel):
    """A number on a list."""

    id: Id
    number: str
    reference: str
    variables: dict[str, str]


def _look(list_id: int, account_id: int) -> ContactListAnswer:
    return _answer(contact_lists.get(list_id, account_id))


def _answer(row: contact_lists.ContactList) -> ContactListAnswer:
    return ContactListAnswer(
        id=row.id, name=row.name, contacts=row.numbers, created_at=at(row.created_at) or ""
    )


@operation("get", "/contact-lists", Scope.CONTACTS_READ, TAG, Paged[ContactListAnswer], right="campaign.view")
def list_contact_lists(query: PageQuery) -> Paged[ContactListAnswer]:
    """The contact lists of the account, including those made in the web UI, newest first."""
    account_id, before = caller().account_id, query.after
    found, cursor = page_of(
        read(lambda: contact_lists.page(account_id, before, query.limit + 1)), query.limit, lambda row: row.id
    )
    return Paged[ContactListAnswer](data=[_answer(row) for row in found], next_cursor=cursor)


@operation(
    "post",
    "/contact-lists",
    Scope.CONTACTS_WRITE,
    TAG,
    ContactListAnswer,
    status=201,
    right="campaign.change",
    creates=True,
)
def create_contact_list(body: ContactListRequest) -> Response:
    """Make an empty contact list."""
    account_id, now = caller().account_id, wall_ms()
    return created(lambda: _look(contact_lists.make(account_id, body.name, now), account_id))


@operation(
    "get",
    "/contact-lists/<int:contact_list_id>",
    Scope.CONTACTS_READ,
    TAG,
    ContactListAnswer,
    right="campaign.view",
)
def get_contact_list(path: ContactListPath) -> ContactListAnswer:
    """One contact list."""
    account_id = caller().account_id
    return read(lambda: _look(path.contact_list_id, account_id))


@operation(
    "patch",
    "/contact-lists/<int:contact_list_id>",
    Scope.CONTACTS_WRITE,
    TAG,
    ContactListAnswer,
    right="campaign.change",
)
def rename_contact_list(path: ContactListPath, body: ContactListRequest) -> ContactListAnswer:
    """Give a contact list another name."""
    account_id = caller().account_id

    def shown() -> ContactListAnswer:
        return _look(path.contact_list_id, account_id)

    def work() -> ContactListAnswer:
        contact_lists.rename(path.contact_list_id, account_id, body.name)
        return shown()

    return changed(contact_lists.ContactList, path.contact_list_id, shown, work)


@operation(
    "delete",
    "/contact-lists/<int:contact_list_id>",
    Scope.CONTACTS_WRITE,
    TAG,
    None,
    status=204,
    right="campaign.change",
)
def remove_contact_list(path: ContactListPath) -> None:
    """Remove a contact list; campaigns that were made of it stay."""
    account_id, now, list_id = caller().account_id, wall_ms(), path.contact_list_id
    token = changed(
        contact_lists.ContactList,
        list_id,
        lambda: _look(list_id, account_id),
        lambda: contact_lists.remove(list_id, account_id, now),
    )
    if token:
        shelf().drop(token)


@operation(
    "get",
    "/contact-lists/<int:contact_list_id>/contacts",
    Scope.CONTACTS_READ,
    TAG,
    Paged[ContactAnswer],
    right="campaign.view",
)
def list_contacts(path: ContactListPath, query: PageQuery) -> Paged[ContactAnswer]:
    """The numbers of a list, in the order in which they came."""
    account_id, after = caller().account_id, query.after or 0

    def look() -> list[contact_lists.ListedContact]:
        contact_lists.get(path.contact_list_id, account_id)
        return contact_lists.contacts(path.contact_list_id, after, query.limit + 1)

    found, cursor = page_of(read(look), query.limit, lambda row: row.id)
    data = [
        ContactAnswer(
            id=row.id, number=row.number, reference=row.reference, variables=json.loads(row.variables)
        )
        for row in found
    ]
    return Paged[ContactAnswer](data=data, next_cursor=cursor)


@operation(
    "post",
    "/contact-lists/<int:contact_list_id>/contacts",
    Scope.CONTACTS_WRITE,
    TAG,
    AddedRecipients,
    status=201,
    right="campaign.change",
    creates=True,
)
def add_contacts(path: ContactListPath, body: NewRecipients) -> Response:
    """Add up to 1,000 numbers to a list.  A number that cannot be called gets a reason; the others are added."""
    account_id, rules = caller().account_id, number_rules()
    wanted = [read_recipient(each, rules) for each in body.recipients]
    lines.know_reasons()

    def work() -> AddedRecipients:
        found = _put(path.contact_list_id, account_id, wanted)
        return summed(
            [
                lines.said_of(
                    line, given.number, given.reference, made, None if reason is None else Reason(reason)
                )
                for line, (given, (made, reason)) in enumerate(
                    zip(body.recipients, found, strict=True), start=1
                )
            ]
        )

    return created(work)


@operation(
    "post",
    "/contact-lists/<int:contact_list_id>/contacts/bulk",
    Scope.CONTACTS_WRITE,
    TAG,
    lines.ANSWER,
    right="campaign.change",
    creates=True,
    request_body=lines.description(),
)
def add_contacts_in_bulk(path: ContactListPath, query: LinesQuery) -> Response:
    """Add up to 100,000 numbers to a list as NDJSON or CSV.  Each line is answered with its id or a reason."""
    account_id = caller().account_id
    read(lambda: contact_lists.get(path.contact_list_id, account_id))
    return lines.answer_lines(
        number_rules(), query, lambda rows: _put(path.contact_list_id, account_id, rows)
    )


def _put(list_id: int, account_id: int, rows: list[GivenRow]) -> lines.Outcomes:
    """Add the valid numbers to the list, in a transaction; return the id or the reason of each."""
    contact_lists.get(list_id, account_id)
    places = [place for place, row in enumerate(rows) if isinstance(row.number, NormalNumber)]
    good = [
        NewContact(row.number, row.reference, dict(row.variables))
        for row in rows
        if isinstance(row.number, NormalNumber)
    ]
    found: list[tuple[int | None, str | None]] = [
        (None, row.number.value if isinstance(row.number, Reason) else Reason.DUPLICATE.value) for row in rows
    ]
    for place, made in zip(places, contact_lists.add(list_id, good), strict=True):
        if made is not None:
            found[place] = (made, None)
    return found


@operation(
    "delete",
    "/contact-lists/<int:contact_list_id>/contacts/<int:contact_id>",
    Scope.CONTACTS_WRITE,
    TAG,
    None,
    status=204,
    right="campaign.change",
)
def remove_contact(path: ContactPath) -> None:
    """Remove a number from a list."""
    account_id = caller().account_id

    def work() -> None:
        contact_lists.get(path.contact_list_id, account_id)
        contact_lists.take_off(path.contact_list_id, path.contact_id)

    write(work)
