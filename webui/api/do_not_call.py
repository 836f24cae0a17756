"""The do-not-call list of the account: read it, put numbers on it, take them off."""

from __future__ import annotations

from flask import Response
from pydantic import BaseModel, Field

from engine.clock import wall_ms
from engine.errors import BadInput, NotFound
from engine.services.accounts.token_scopes import Scope
from engine.services.compliance import do_not_call as suppression
from engine.services.numbering.numbers import NormalNumber, normalise
from engine.services.numbering.reasons import Reason
from engine.store import do_not_call
from engine.store.threads import read, write
from webui.api import lines
from webui.api.lines import LineAnswer
from webui.api.models import At, Id, Paged, PageQuery, PhoneNumber, RequestBody, at, page_of
from webui.api.operations import created, operation
from webui.request.context import web
from webui.request.programs import caller

TAG = "Do-not-call list"


class SuppressedNumber(BaseModel):
    """A number that the account does not call."""

    number: str
    source: str = Field(description="key: the callee pressed 11; import; person.")
    campaign_id: Id | None
    added_at: At | None


@operation("get", "/do-not-call", Scope.DO_NOT_CALL_READ, TAG, Paged[SuppressedNumber], right="consent.view")
def list_do_not_call(query: PageQuery) -> Paged[SuppressedNumber]:
    """The list, in the order of the numbers."""
    account_id, after = caller().account_id, query.after or 0
    rows = read(lambda: do_not_call.page(account_id, after, query.limit + 1))
    found, cursor = page_of(rows, query.limit, lambda row: row[0])
    data = [
        SuppressedNumber(
            number=f"+{number}", source=source, campaign_id=campaign_id or None, added_at=at(added_at)
        )
        for number, source, campaign_id, added_at in found
    ]
    return Paged[SuppressedNumber](data=data, next_cursor=cursor)


class SuppressionRequest(RequestBody):
    numbers: list[PhoneNumber] = Field(min_length=1, max_length=1_000)


class SuppressionAnswer(BaseModel):
    """How many numbers are new, and which could not be read."""

    added: int
    known: int
    refused: list[LineAnswer]


@operation(
    "post",
    "/do-not-call",
    Scope.DO_NOT_CALL_WRITE,
    TAG,
    SuppressionAnswer,
    right="consent.change",
    creates=True,
)
def add_do_not_call(body: SuppressionRequest) -> Response:
    """Add up to 1,000 numbers to the list.  A number that is on it already stays once."""
    me, now = caller(), wall_ms()
    lines.know_reasons()
    good: list[NormalNumber] = []
    refused: list[LineAnswer] = []
    for line, text in enumerate(body.numbers, start=1):
        number = _read(text)
        if isinstance(number, NormalNumber):
            good.append(number)
        else:
            refused.append(lines.said_of(line, text, "", None, number))

    def work() -> SuppressionAnswer:
        added = sum(suppression.add(me.account_id, number, now, me.person.id) for number in good)
        return SuppressionAnswer(added=added, known=len(good) - added, refused=refused)

    return created(work, 200)


def _read(text: str) -> NormalNumber | Reason:
    """A number for the list, also one abroad, whether or not it may be called."""
    return normalise(text, default_area=web().settings.default_area_code or None, allow_abroad=True)


class NumberPath(BaseModel):
    number: str = Field(min_length=3, max_length=30)


@operation(
    "delete", "/do-not-call/<number>", Scope.DO_NOT_CALL_WRITE, TAG, None, status=204, right="consent.change"
)
def remove_do_not_call(path: NumberPath) -> None:
    """Remove a number from the list."""
    me, now = caller(), wall_ms()
    number = _read(path.number)
    if isinstance(number, Reason):
        raise BadInput(number.sentence)
    if not write(lambda: suppression.remove(me.account_id, number, now, me.person.id)):
        raise NotFound("The number is not on the list.")
