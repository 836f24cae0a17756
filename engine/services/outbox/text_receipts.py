"""Receipts: what became of the texts that a provider took.

A receipt may come twice, late, and before the answer to the sending was noted; the first final word of a part wins.
A text is delivered when all its parts are.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from engine.store.ledger import BALANCE, REVENUE, book
from engine.store.tables.texts import TextMessage, TextPart

log = logging.getLogger(__name__)

DELIVERED, REJECTED = "delivered", "rejected"
FINAL = (
    DELIVERED,
    "expired",
    "deleted",
    "undeliverable",
    "lost",
    REJECTED,
)  # `lost`: the provider does not know either
KEPT_MS = 14 * 86_400_000  # parts: nobody tells of one after that
SWEPT_AT_ONCE = 5_000


def note_parts(recipient_id: int, provider_ids: Iterable[str], now: int) -> None:
    """Inside a write: whose these parts are."""
    for provider_id in provider_ids:
        TextPart.insert(provider_id=provider_id[:100], recipient_id=recipient_id, at=now).on_conflict(
            conflict_target=[TextPart.provider_id], update={TextPart.recipient_id: recipient_id}
        ).execute()
    _sum_up(recipient_id, now)


def of_part(provider_id: str, word: str, now: int) -> None:
    """Inside a write: a provider's final word on a part that it named so."""
    key = _as_noted(provider_id[:100])
    TextPart.insert(provider_id=key, receipt=word, at=now).on_conflict(
        conflict_target=[TextPart.provider_id], update={TextPart.receipt: word}, where=TextPart.receipt == ""
    ).execute()
    recipient_id = TextPart.get_by_id(key).recipient_id
    if recipient_id is not None:
        _sum_up(recipient_id, now)


def of_text(recipient_id: int, word: str, now: int) -> bool:
    """Inside a write: the final word on a whole text; whether there is such a text.

    One of which nobody could say whether it was taken was, then.
    """
    changed = (
        TextMessage.update(receipt=word, receipt_at=now)
        .where(
            TextMessage.recipient_id == recipient_id,
            TextMessage.receipt == "",
            TextMessage.state.in_(("sending", "sent", "unknown")),
        )
        .execute()
    )
    if changed:
        log.info("action=text_receipt recipient=%d word=%s", recipient_id, word)
        if word == REJECTED:
            refund(recipient_id, now)
    return bool(TextMessage.select().where(TextMessage.recipient_id == recipient_id).exists())


def refund(recipient_id: int, now: int) -> None:
    """Inside a write: what a text cost returns, once."""
    row = TextMessage.get_by_id(recipient_id)
    if not row.price:
        return
    entries = [(REVENUE, -row.price), (BALANCE, row.price)]
    about = {"campaign_id": row.campaign_id}
    book(row.account_id, "text_return", f"text-return/{recipient_id}", entries, now, **about)
    TextMessage.update(price=0).where(TextMessage.recipient_id == recipient_id).execute()


def sweep(now: int) -> int:
    """Inside a write: forget parts of which nobody will tell any more; how many, at most `SWEPT_AT_ONCE`."""
    old = TextPart.select(TextPart.provider_id).where(TextPart.at < now - KEPT_MS).limit(SWEPT_AT_ONCE)
    return int(TextPart.delete().where(TextPart.provider_id.in_([row.provider_id for row in old])).execute())


def _sum_up(recipient_id: int, now: int) -> None:
    """The text has its end when all its parts have: the worst word of them."""
    rows = TextPart.select(TextPart.receipt).where(TextPart.recipient_id == recipient_id)
    words = {row.receipt for row in rows}
    if words and "" not in words:
        of_text(recipient_id, next((word for word in FINAL[1:] if word in words), DELIVERED), now)


def _as_noted(provider_id: str) -> str:
    """The id as it was noted: some SMSCs answer with a hexadecimal number and write a decimal one into the receipt."""
    keys = [provider_id]
    if provider_id.isascii() and provider_id.isdigit():
        keys += [f"{int(provider_id):x}", f"{int(provider_id):X}", f"{int(provider_id):08X}"]
    found = {
        row.provider_id for row in TextPart.select(TextPart.provider_id).where(TextPart.provider_id.in_(keys))
    }
    return next((key for key in keys if key in found), provider_id)
