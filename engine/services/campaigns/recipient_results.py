"""The results of recipients, one by one, a page at a time; inside a connection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import NotFound
from engine.services.campaigns import references
from engine.states import RecipientState
from engine.store.tables.core import Attempt, Campaign, Recipient


@dataclass(frozen=True, slots=True)
class RecipientResult:
    """A recipient and its live or last attempt; instants in ms, price in Rials."""

    recipient_id: int
    campaign_id: int
    number: str
    is_mobile: bool
    reference: str
    state: RecipientState
    reason: str  # why set aside, a word of `numbering.reasons.Reason`
    disposition: str
    tries: int
    variables: str  # JSON array in the order of the campaign's columns
    attempt_id: int | None
    called_at: int | None
    answered_at: int | None
    finished_at: int | None
    heard_ms: int
    vote: str
    price: int
    hangup_cause: str
    sip_status: int | None
    record_ms: int


def page(
    campaign_ids: Sequence[int],
    *,
    after_id: int | None = None,
    before_id: int | None = None,
    states: Sequence[str] = (),
    reference: str = "",
    number: str = "",
    limit: int = 50,
) -> list[RecipientResult]:
    """Recipients of these campaigns: in the order they came behind `after_id`, or the newest first before `before_id`."""
    if not campaign_ids:
        return []
    query = Recipient.select().where(Recipient.campaign_id.in_(list(campaign_ids)))
    if states:
        query = query.where(Recipient.state.in_(list(states)))
    if reference:
        query = query.where(Recipient.id.in_(references.recipients(campaign_ids, reference)))
    if number:
        query = query.where(Recipient.number == number)
    if after_id is not None:
        query = query.where(Recipient.id > after_id).order_by(Recipient.id)
    else:
        query = query.order_by(Recipient.id.desc())
        if before_id is not None:
            query = query.where(Recipient.id < before_id)
    return _with_attempts(list(query.limit(limit)))


def quick_send(recipient_id: int, account_id: int) -> RecipientResult:
    """A quick send of the account; NotFound."""
    row = (
        Recipient.select(Recipient)
        .join(Campaign, on=(Campaign.id == Recipient.campaign_id))
        .where(
            Recipient.id == recipient_id,
            Campaign.account == account_id,
            Campaign.standing_key != "",
        )
        .get_or_none()
    )
    if row is None:
        raise NotFound("There is no quick send %(id)s.", id=recipient_id)
    return _with_attempts([row])[0]


def standing_ids(account_id: int) -> list[int]:
    """The standing campaigns of an account, in which its quick sends are."""
    rows = Campaign.select(Campaign.id).where(Campaign.account == account_id, Campaign.standing_key != "")
    return [int(row.id) for row in rows]


def _with_attempts(rows: list[Recipient]) -> list[RecipientResult]:
    ids = [row.attempt_id for row in rows if row.attempt_id]
    attempts = {row.id: row for row in Attempt.select().where(Attempt.id.in_(ids))} if ids else {}
    named = references.of([row.id for row in rows]) if rows else {}
    return [_result(row, attempts.get(row.attempt_id or 0), named.get(row.id, "")) for row in rows]


def _result(row: Recipient, attempt: Attempt | None, reference: str) -> RecipientResult:
    return RecipientResult(
        recipient_id=row.id,
        campaign_id=row.campaign_id,
        number=row.number,
        is_mobile=row.is_mobile,
        reference=reference,
        state=RecipientState(row.state),
        reason=row.reason,
        disposition=row.disposition,
        tries=row.tries,
        variables=row.variables,
        attempt_id=row.attempt_id,
        called_at=attempt.created_at if attempt else None,
        answered_at=attempt.answered_at if attempt else None,
        finished_at=row.finished_at,
        heard_ms=attempt.heard_ms if attempt else 0,
        vote=attempt.vote if attempt else "",
        price=attempt.price if attempt else 0,
        hangup_cause=attempt.hangup_cause if attempt else "",
        sip_status=attempt.sip_status if attempt else None,
        record_ms=attempt.record_ms if attempt else 0,
    )
