"""The account, its ledger, and the price of what would be sent."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from engine.clock import wall_ms
from engine.services.accounts import accounts
from engine.services.accounts.token_scopes import Scope
from engine.services.messages import library
from engine.services.money import ledger, pricing
from engine.services.outbox import texts
from engine.store.threads import read
from webui.api.models import At, Id, Instant, Paged, PageQuery, RequestBody, Rials, at, ms_of, page_of
from webui.api.operations import operation
from webui.request.programs import caller

TAG = "Account"
BOOKINGS = Literal[
    "topup",
    "reserve",
    "charge",
    "return",
    "adjustment",
    "availability",
    "synthesis",
    "text",
    "text_return",
    "subscription",
]
FollowingText = Annotated[str, Field(min_length=1, max_length=texts.LONGEST)]


class AccountAnswer(BaseModel):
    """The account of the token."""

    id: Id
    name: str
    kind: str = Field(description="firm, person")
    state: str = Field(description="active: it may send.")
    may_send: bool
    why_not: str = Field(description="Why it may not send, one sentence; empty when it may.")
    mobile: str
    expires_at: At | None = Field(description="End of the subscription.")
    permissions: list[str]
    balance: Rials
    reserved: Rials = Field(description="Reserved for sends in progress.")
    available: Rials = Field(description="What can be spent now, the debt ceiling included.")


@operation("get", "/account", Scope.ACCOUNT_READ, TAG, AccountAnswer)
def get_account() -> AccountAnswer:
    """The account of the token: state, credit, permissions."""
    account_id, now = caller().account_id, wall_ms()
    row, money = read(lambda: (accounts.get(account_id), ledger.money_of(account_id)))
    refused = accounts.standing_of(row).refusal("service", now)
    return AccountAnswer(
        id=row.id,
        name=row.name,
        kind=row.kind,
        state=row.state,
        may_send=refused is None,
        why_not="" if refused is None else str(refused[0].sentence(refused[1])),
        mobile=row.mobile,
        expires_at=at(row.expires_at),
        permissions=row.permissions.split(),
        balance=money.balance,
        reserved=money.reserved,
        available=money.available,
    )


class LedgerQuery(PageQuery):
    since: Instant | None = Field(None, description="From this instant on.")
    until: Instant | None = Field(None, description="Before this instant.")
    kind: BOOKINGS | None = Field(None, description="Only bookings of this kind.")
    campaign_id: Id | None = None


class Booking(BaseModel):
    """One booking of the ledger."""

    id: Id
    at: At
    kind: str
    balance: Rials = Field(description="Change of the balance.")
    reserved: Rials = Field(description="Change of what is set aside.")
    campaign_id: Id | None
    note: str


@operation("get", "/ledger", Scope.MONEY_READ, TAG, Paged[Booking], right="money.view")
def list_ledger(query: LedgerQuery) -> Paged[Booking]:
    """The bookings of the account, the newest first."""
    account_id, after = caller().account_id, query.after
    since, until = ms_of(query.since), ms_of(query.until)
    rows = read(
        lambda: ledger.statement(
            account_id,
            since=since,
            until=until,
            kinds=[query.kind] if query.kind else (),
            campaign_id=query.campaign_id,
            before_id=after,
            limit=query.limit + 1,
        )
    )
    shown, cursor = page_of(rows, query.limit, lambda row: row.txn_id)
    return Paged[Booking](data=[_booking(row) for row in shown], next_cursor=cursor)


def _booking(row: ledger.Line) -> Booking:
    return Booking(
        id=row.txn_id,
        at=at(row.at) or "",
        kind=row.kind,
        balance=row.balance,
        reserved=row.reserved,
        campaign_id=row.campaign_id,
        note=row.note,
    )


class EstimateRequest(RequestBody):
    """What would be sent: one of the account's messages, or a length, to a count of numbers."""

    message_id: Id | None = None
    message_s: float | None = Field(None, gt=0, le=3600, description="Instead of `message_id`.")
    mobiles: int = Field(0, ge=0, le=100_000_000)
    landlines: int = Field(0, ge=0, le=100_000_000)
    texts: list[FollowingText] = Field(
        default_factory=list,
        max_length=len(texts.OUTCOMES),
        description="The texts that follow the calls, by outcome; a mobile is sent one at most.",
    )


class Estimate(BaseModel):
    """The highest price: every callee hears the whole message once, every mobile is sent the longest text."""

    mobile_call: Rials
    landline_call: Rials
    text: Rials = Field(description="Of the longest text, to one mobile.")
    total: Rials
    available: Rials
    is_enough: bool
    pulse_s: float = Field(description="Length of a billing pulse; a started pulse is charged.")
    message_s: float


@operation("post", "/estimates", Scope.MONEY_READ, TAG, Estimate, right="message.view")
def estimate_price(body: EstimateRequest) -> Estimate:
    """Estimate the price before sending.  Nothing is reserved."""
    account_id, now = caller().account_id, wall_ms()

    def look() -> Any:
        length_ms = round((body.message_s or 0) * 1000)
        if body.message_id is not None:
            length_ms = library.get(body.message_id, account_id).duration_ms
        parts = texts.most_parts(body.texts)
        return pricing.quote(account_id, body.mobiles, body.landlines, length_ms, now, parts)

    found = read(look)
    return Estimate(
        mobile_call=found.mobile_call,
        landline_call=found.landline_call,
        text=found.text,
        total=found.total,
        available=found.available,
        is_enough=found.is_enough,
        pulse_s=found.price.pulse_ms / 1000,
        message_s=found.message_ms / 1000,
    )
