"""Quick sends: one message to one number now, or to thousands at once; and what became of each."""

from __future__ import annotations

from typing import Literal

from flask import Response
from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from engine.clock import wall_ms
from engine.errors import BadInput
from engine.services.accounts import accounts, permissions
from engine.services.accounts.token_scopes import Scope
from engine.services.campaigns import quick_sends, recipient_results, references
from engine.services.campaigns.adding import GivenRow
from engine.services.campaigns.quick_sends import QuickOptions
from engine.services.campaigns.recipient_results import RecipientResult
from engine.services.compliance import do_not_call as suppression
from engine.services.messages import library
from engine.services.messages.speech import DEFAULT_VOICE
from engine.services.messages.template import check_text
from engine.services.money import ledger
from engine.services.numbering.numbers import NormalNumber
from engine.services.numbering.reasons import Reason
from engine.store.threads import read, write
from webui.api import lines
from webui.api.lines import LinesQuery, NewRecipient, read_recipient
from webui.api.models import At, Id, Paged, PageQuery, PhoneNumber, Reference, RequestBody, Rials, at, page_of
from webui.api.operations import created, operation
from webui.api.recipients import RECIPIENT_STATES, number_rules
from webui.request.context import web
from webui.request.programs import caller
from webui.request.services import speak_once

TAG = "Quick sends"


class QuickSendPath(BaseModel):
    quick_send_id: Id


class QuickSendRequest(RequestBody):
    """A message of the gallery, or a text that is spoken (with the permission «own voice without approval»)."""

    number: PhoneNumber
    message_id: Id | None = None
    text: str | None = Field(None, min_length=1, max_length=1_000)
    voice: Literal["male", "female", "english"] = DEFAULT_VOICE  # type: ignore[assignment]
    reference: Reference = ""
    kind: Literal["service", "advertising", "emergency"] = "service"
    vote_keys: str = Field("", max_length=10, pattern=r"^[0-9]*$", description="Keys that answer, as `12`.")
    repeat_key: str = Field("", max_length=1, pattern=r"^[0-9*#]?$")
    caller_id: str = Field("", max_length=15, pattern=r"^([0-9]{3,15})?$")

    @model_validator(mode="after")
    def _one_of_two(self) -> QuickSendRequest:
        if (self.message_id is None) == (self.text is None):
            raise PydanticCustomError("message_or_text", "either message_id or text")
        return self

    @property
    def options(self) -> QuickOptions:
        return QuickOptions(
            kind=self.kind, vote_keys=self.vote_keys, repeat_key=self.repeat_key, caller_id=self.caller_id
        )


class QuickSendAnswer(BaseModel):
    """A quick send, and its call."""

    id: Id
    number: str
    reference: str
    state: RECIPIENT_STATES
    outcome: str = Field(description="How the call ended: answered, busy, no_answer, rejected …")
    called_at: At | None
    answered_at: At | None
    finished_at: At | None
    heard_s: float
    vote: str
    price: Rials


def answer_of(row: RecipientResult) -> QuickSendAnswer:
    return QuickSendAnswer(
        id=row.recipient_id,
        number=row.number,
        reference=row.reference,
        state=row.state.value,
        outcome=row.disposition,
        called_at=at(row.called_at),
        answered_at=at(row.answered_at),
        finished_at=at(row.finished_at),
        heard_s=row.heard_ms / 1000,
        vote=row.vote,
        price=row.price,
    )


@operation(
    "post",
    "/quick-sends",
    Scope.SENDS_WRITE,
    TAG,
    QuickSendAnswer,
    status=201,
    right="campaign.change",
    creates=True,
)
def create_quick_send(body: QuickSendRequest) -> Response:
    """Send a message to a number at once.  Its price is reserved."""
    account_id, now, policy = caller().account_id, wall_ms(), web().policy
    number = number_of(
        read_recipient(NewRecipient(number=body.number, reference=body.reference), number_rules())
    )
    read(lambda: check_listed(account_id, body.kind, number))
    if body.text is not None:
        read(lambda: accounts.require_grant(account_id, permissions.OWN_VOICE))
        text = check_text(body.text)
        made, keep = speak_once(account_id, text, body.voice, now)
        prompt, length_ms = made.prompt, made.duration_ms
    else:
        text = ""
        message = read(lambda: library.get(body.message_id or 0, account_id))
        prompt, length_ms = message.prompt, message.duration_ms

    def work() -> QuickSendAnswer:
        sent = quick_sends.send(account_id, number, prompt, body.options, now, policy, length_ms)
        references.note(
            recipient_results.quick_send(sent, account_id).campaign_id, [(sent, body.reference.strip())]
        )
        if text:
            keep()
            ledger.charge_synthesis(account_id, text, f"quick/{sent}", now)
        return answer_of(recipient_results.quick_send(sent, account_id))

    return created(work)


def number_of(wanted: GivenRow) -> NormalNumber:
    """The number, or BadInput with the reason why it is none."""
    if isinstance(wanted.number, Reason):
        raise BadInput(wanted.number.sentence)
    return wanted.number


def check_listed(account_id: int, kind: str, number: NormalNumber) -> None:
    """Raise BadInput for a number on a do-not-call list that applies to such a message; inside a connection."""
    if suppression.is_listed(kind, account_id, number):
        raise BadInput(Reason.DO_NOT_CALL.sentence)


class QuickSendsQuery(PageQuery):
    state: RECIPIENT_STATES | None = None
    reference: str = Field("", max_length=100)


@operation("get", "/quick-sends", Scope.SENDS_READ, TAG, Paged[QuickSendAnswer], right="campaign.view")
def list_quick_sends(query: QuickSendsQuery) -> Paged[QuickSendAnswer]:
    """Quick sends, the newest first."""
    account_id, before = caller().account_id, query.after
    rows = read(
        lambda: recipient_results.page(
            recipient_results.standing_ids(account_id),
            before_id=before,
            states=[query.state] if query.state else (),
            reference=query.reference,
            limit=query.limit + 1,
        )
    )
    found, cursor = page_of(rows, query.limit, lambda row: row.recipient_id)
    return Paged[QuickSendAnswer](data=[answer_of(row) for row in found], next_cursor=cursor)


@operation(
    "get", "/quick-sends/<int:quick_send_id>", Scope.SENDS_READ, TAG, QuickSendAnswer, right="campaign.view"
)
def get_quick_send(path: QuickSendPath) -> QuickSendAnswer:
    """The state and result of a quick send."""
    account_id = caller().account_id
    return answer_of(read(lambda: recipient_results.quick_send(path.quick_send_id, account_id)))


@operation(
    "post",
    "/quick-sends/<int:quick_send_id>/cancel",
    Scope.SENDS_WRITE,
    TAG,
    QuickSendAnswer,
    right="campaign.change",
)
def cancel_quick_send(path: QuickSendPath) -> QuickSendAnswer:
    """Cancel a quick send whose call has not begun.  One that has begun or ended stays as it is."""
    account_id, now = caller().account_id, wall_ms()

    def work() -> QuickSendAnswer:
        recipient_results.quick_send(path.quick_send_id, account_id)
        quick_sends.withdraw(path.quick_send_id, now)
        return answer_of(recipient_results.quick_send(path.quick_send_id, account_id))

    return write(work)


class BulkQuery(LinesQuery):
    """The message that all hear, and how."""

    message_id: Id
    kind: Literal["service", "advertising", "emergency"] = "service"
    vote_keys: str = Field("", max_length=10, pattern=r"^[0-9]*$")
    repeat_key: str = Field("", max_length=1, pattern=r"^[0-9*#]?$")
    caller_id: str = Field("", max_length=15, pattern=r"^([0-9]{3,15})?$")


@operation(
    "post",
    "/quick-sends/bulk",
    Scope.SENDS_WRITE,
    TAG,
    lines.ANSWER,
    right="campaign.change",
    creates=True,
    request_body=lines.description(),
)
def send_in_bulk(query: BulkQuery) -> Response:
    """Send a message at once to up to 100,000 numbers, as NDJSON or CSV.  Each line is answered with its id or a reason.

    A thousand lines are accepted together, or, when the credit is not enough for them, none of the thousand.
    """
    account_id, policy = caller().account_id, web().policy
    message = read(lambda: library.get(query.message_id, account_id))
    options = QuickOptions(
        kind=query.kind, vote_keys=query.vote_keys, repeat_key=query.repeat_key, caller_id=query.caller_id
    )

    def add(rows: list[GivenRow]) -> lines.Outcomes:
        now = wall_ms()
        found: list[tuple[int | None, str | None]] = []
        good: list[tuple[int, NormalNumber, str]] = []
        listed = suppression.listed(
            options.kind, account_id, [row.number for row in rows if isinstance(row.number, NormalNumber)]
        )
        for place, row in enumerate(rows):
            if isinstance(row.number, Reason):
                found.append((None, row.number.value))
            elif row.number.e164 in listed:
                found.append((None, Reason.DO_NOT_CALL.value))
            else:
                good.append((place, row.number, row.reference))
                found.append((None, None))
        ids = quick_sends.send_many(
            account_id,
            [number for _, number, _ in good],
            message.prompt,
            options,
            now,
            message.duration_ms,
            policy,
        )
        for (place, _, _), made in zip(good, ids, strict=True):
            found[place] = (made, None)
        campaign_id = quick_sends.standing_campaign(account_id, options, now, policy)
        references.note(campaign_id, [(made, text) for (_, _, text), made in zip(good, ids, strict=True)])
        return found

    return lines.answer_lines(number_rules(), query, add)
