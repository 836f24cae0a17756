"""Recipients of a campaign: add some, add a hundred thousand, add a contact list, and what became of each."""

from __future__ import annotations

import hashlib
import json
from functools import partial
from typing import Any, Literal

from flask import Response
from pydantic import BaseModel, Field

from engine.clock import wall_ms
from engine.services.accounts.token_scopes import Scope
from engine.services.campaigns import adding, recipient_results
from engine.services.campaigns.adding import GivenRow
from engine.services.campaigns.recipient_results import RecipientResult
from engine.services.compliance import traffic_caps
from engine.services.lists import contact_lists
from engine.services.numbering.numbers import NumberRules
from engine.services.numbering.reasons import Reason
from engine.store.threads import read
from webui.api import lines
from webui.api.campaigns import CampaignPath, own
from webui.api.lines import LineAnswer, LinesQuery, NewRecipient, read_recipient
from webui.api.models import At, Id, Paged, PageQuery, RequestBody, Rials, at, page_of
from webui.api.operations import created, key_of, operation
from webui.request.context import web
from webui.request.programs import caller

TAG = "Recipients"
RECIPIENT_STATES = Literal[
    "pending",
    "claimed",
    "in_call",
    "retry_wait",
    "delivered",
    "exhausted",
    "excluded",
    "cancelled",
    "unknown",
]


class RecipientAnswer(BaseModel):
    """A recipient and its live or last call."""

    id: Id
    number: str
    reference: str
    state: RECIPIENT_STATES
    outcome: str = Field(description="How the last call ended: answered, busy, no_answer, rejected …")
    reason: str = Field(description="Why it is excluded from calling.")
    is_mobile: bool
    tries: int
    variables: dict[str, str]
    called_at: At | None
    answered_at: At | None
    finished_at: At | None
    heard_s: float
    vote: str = Field(description="The key that was pressed; empty: none.")
    price: Rials
    hangup_cause: str
    sip_status: int | None
    recording_s: float


def answer_of(row: RecipientResult, columns: list[str]) -> RecipientAnswer:
    cells = json.loads(row.variables) if row.variables else []
    return RecipientAnswer(
        id=row.recipient_id,
        number=row.number,
        reference=row.reference,
        state=row.state.value,
        outcome=row.disposition,
        reason=row.reason,
        is_mobile=row.is_mobile,
        tries=row.tries,
        variables={name: cell for name, cell in zip(columns, cells, strict=False) if cell},
        called_at=at(row.called_at),
        answered_at=at(row.answered_at),
        finished_at=at(row.finished_at),
        heard_s=row.heard_ms / 1000,
        vote=row.vote,
        price=row.price,
        hangup_cause=row.hangup_cause,
        sip_status=row.sip_status,
        recording_s=row.record_ms / 1000,
    )


class RecipientsQuery(PageQuery):
    state: RECIPIENT_STATES | None = None
    reference: str = Field("", max_length=100)
    number: str = Field("", max_length=30, description="E.164, as +989121234567.")


@operation(
    "get",
    "/campaigns/<int:campaign_id>/recipients",
    Scope.CAMPAIGNS_READ,
    TAG,
    Paged[RecipientAnswer],
    right="campaign.view",
)
def list_recipients(path: CampaignPath, query: RecipientsQuery) -> Paged[RecipientAnswer]:
    """The results: each recipient with its outcome, in the order of the list."""
    account_id, after, now = caller().account_id, query.after or 0, wall_ms()

    def look() -> Any:
        columns = json.loads(own(path.campaign_id, account_id, now).row.columns)
        return columns, recipient_results.page(
            [path.campaign_id],
            after_id=after,
            states=[query.state] if query.state else (),
            reference=query.reference,
            number=query.number,
            limit=query.limit + 1,
        )

    columns, rows = read(look)
    found, cursor = page_of(rows, query.limit, lambda row: row.recipient_id)
    return Paged[RecipientAnswer](data=[answer_of(row, columns) for row in found], next_cursor=cursor)


class NewRecipients(RequestBody):
    recipients: list[NewRecipient] = Field(min_length=1, max_length=1_000)


class AddedRecipients(BaseModel):
    """The result for each number, in the order given."""

    added: int
    refused: int
    recipients: list[LineAnswer]


@operation(
    "post",
    "/campaigns/<int:campaign_id>/recipients",
    Scope.CAMPAIGNS_WRITE,
    TAG,
    AddedRecipients,
    status=201,
    right="campaign.change",
    creates=True,
)
def add_recipients(path: CampaignPath, body: NewRecipients) -> Response:
    """Add up to 1,000 numbers.  A number that cannot be called gets a reason; the others are added."""
    account_id, now = caller().account_id, wall_ms()
    rules = number_rules()
    wanted = [read_recipient(each, rules) for each in body.recipients]
    lines.know_reasons()

    def work() -> AddedRecipients:
        own(path.campaign_id, account_id, now)
        found = adding.add(path.campaign_id, wanted)
        return summed(
            [
                lines.said_of(line, given.number, given.reference, each.recipient_id, each.reason)
                for line, (each, given) in enumerate(zip(found, body.recipients, strict=True), start=1)
            ]
        )

    return created(work)


def summed(answers: list[LineAnswer]) -> AddedRecipients:
    added = sum(each.id is not None for each in answers)
    return AddedRecipients(added=added, refused=len(answers) - added, recipients=answers)


def number_rules() -> NumberRules:
    """How numbers to be called are read."""
    return read(partial(traffic_caps.number_rules, web().settings.default_area_code))


@operation(
    "post",
    "/campaigns/<int:campaign_id>/recipients/bulk",
    Scope.CAMPAIGNS_WRITE,
    TAG,
    lines.ANSWER,
    right="campaign.change",
    creates=True,
    request_body=lines.description(),
)
def add_recipients_in_bulk(path: CampaignPath, query: LinesQuery) -> Response:
    """Add up to 100,000 numbers as NDJSON or CSV.  Each line is answered with its id or a reason."""
    account_id, now = caller().account_id, wall_ms()
    read(lambda: own(path.campaign_id, account_id, now))

    def add(rows: list[GivenRow]) -> lines.Outcomes:
        own(path.campaign_id, account_id, now)
        return [(each.recipient_id, each.reason) for each in adding.add(path.campaign_id, rows)]

    return lines.answer_lines(number_rules(), query, add)


class ContactListChoice(RequestBody):
    contact_list_id: Id


@operation(
    "post",
    "/campaigns/<int:campaign_id>/recipients/contact-list",
    Scope.CAMPAIGNS_WRITE,
    TAG,
    AddedRecipients,
    status=201,
    right="campaign.change",
    creates=True,
)
def add_contact_list(path: CampaignPath, body: ContactListChoice) -> AddedRecipients:
    """Add all numbers of a contact list.  Numbers that are in the campaign already stay as they are."""
    account_id, now, key = caller().account_id, wall_ms(), key_of()
    caller().require(Scope.CONTACTS_READ, "add_contact_list")
    read(
        lambda: (
            own(path.campaign_id, account_id, now),
            contact_lists.get_whole(body.contact_list_id, account_id),
        )
    )
    lines.know_reasons()
    rules, last, added = number_rules(), 0, 0
    refused: list[LineAnswer] = []

    def add(wanted: list[GivenRow]) -> lines.Outcomes:
        return [(each.recipient_id, each.reason) for each in adding.add(path.campaign_id, wanted)]

    while rows := read(partial(contact_lists.contacts, body.contact_list_id, last, adding.MAX_ROWS)):
        wanted = [
            read_recipient(
                NewRecipient(number=row.number, reference=row.reference, variables=json.loads(row.variables)),
                rules,
            )
            for row in rows
        ]
        told = hashlib.sha256(",".join(str(row.id) for row in rows).encode()).hexdigest()
        part_key = None if key is None else key.part(int(rows[0].id), told)
        for row, (made, reason) in zip(rows, lines.added(wanted, add, part_key), strict=True):
            if reason is not None:
                line = added + len(refused) + 1
                refused.append(lines.said_of(line, row.number, row.reference, None, Reason(reason)))
            else:
                added += made is not None
        last = int(rows[-1].id)
    return AddedRecipients(added=added, refused=len(refused), recipients=refused[:1_000])
