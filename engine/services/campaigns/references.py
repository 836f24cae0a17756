"""A client's own names for recipients.  Functions run inside a transaction, or a connection when they only read."""

from __future__ import annotations

from collections.abc import Sequence

from engine.errors import BadInput
from engine.store.bulk import insert_rows
from engine.store.tables.programs import RecipientReference

MAX_REFERENCE = 100


def check(reference: str) -> str:
    """A reference as it is kept; BadInput for one that is too long or not printable."""
    text = reference.strip()
    if len(text) > MAX_REFERENCE or not text.isprintable():
        raise BadInput("A reference has at most %(n)s printable characters.", n=MAX_REFERENCE)
    return text


def note(campaign_id: int, pairs: Sequence[tuple[int, str]]) -> None:
    """Keep the references of new recipients: (recipient, reference); empty ones are left out."""
    rows = [(recipient_id, campaign_id, text) for recipient_id, text in pairs if text]
    if rows:
        insert_rows(RecipientReference, ("recipient_id", "campaign_id", "reference"), rows)


def of(recipient_ids: Sequence[int]) -> dict[int, str]:
    """The references of recipients that have one."""
    rows = RecipientReference.select().where(RecipientReference.recipient_id.in_(list(recipient_ids)))
    return {int(row.recipient_id): row.reference for row in rows}


def recipients(campaign_ids: Sequence[int], reference: str) -> list[int]:
    """The recipients of these campaigns that a client calls so; at most 1,000."""
    rows = (
        RecipientReference.select(RecipientReference.recipient_id)
        .where(
            RecipientReference.campaign_id.in_(list(campaign_ids)),
            RecipientReference.reference == reference,
        )
        .limit(1_000)
    )
    return [int(row.recipient_id) for row in rows]
