"""Text messages as people see them: an account's, one by one, and a campaign's, counted."""

from __future__ import annotations

from dataclasses import dataclass

from engine.services.outbox.text_receipts import DELIVERED
from engine.store.sql import execute
from engine.store.tables.texts import TextMessage

WAITS, SENT, ARRIVED, NOT_ARRIVED, FAILED, UNKNOWN = (
    "waiting", "sent", "delivered", "undelivered", "failed", "unknown"
)  # fmt: skip
STATES = (WAITS, SENT, ARRIVED, NOT_ARRIVED, FAILED, UNKNOWN)

_STATE = (
    f"CASE WHEN receipt = '{DELIVERED}' THEN '{ARRIVED}' WHEN receipt <> '' THEN '{NOT_ARRIVED}'"
    f" WHEN state = 'sending' THEN '{WAITS}' ELSE state END"
)


@dataclass(frozen=True, slots=True)
class TextsOfCampaign:
    """How a campaign's texts stand: how many in each of `STATES` that has some, and what they cost in Rials."""

    counts: dict[str, int]
    price: int


def state_of(row: TextMessage) -> str:
    """One of `STATES`."""
    if row.receipt:
        return ARRIVED if row.receipt == DELIVERED else NOT_ARRIVED
    return WAITS if row.state == "sending" else str(row.state)


def page(
    account_id: int, state: str, campaign_id: int | None, before_id: int | None, limit: int
) -> list[TextMessage]:
    """An account's texts, those of the newest recipients first; of a state, of a campaign."""
    sql = "SELECT recipient_id FROM text_message WHERE account_id = ?"
    values: list[int | str] = [account_id]
    chosen = (
        ("campaign_id", "= ?", campaign_id),
        ("recipient_id", "< ?", before_id),
        (_STATE, "= ?", state or None),
    )
    for what, condition, value in chosen:
        if value is not None:
            sql += f" AND {what} {condition}"
            values.append(value)
    found = [row[0] for row in execute(f"{sql} ORDER BY recipient_id DESC LIMIT ?", [*values, limit])]
    rows = TextMessage.select().where(TextMessage.recipient_id.in_(found))
    return list(rows.order_by(TextMessage.recipient_id.desc()))


def of_campaign(campaign_id: int) -> TextsOfCampaign | None:
    """The sums; None when the campaign has no texts."""
    rows = execute(
        f"SELECT {_STATE}, COUNT(*), COALESCE(SUM(price), 0) FROM text_message"  # noqa: S608 - a constant
        " WHERE campaign_id = ? GROUP BY 1",
        [campaign_id],
    )
    if not rows:
        return None
    return TextsOfCampaign(
        {str(word): int(count) for word, count, _ in rows}, sum(int(row[2]) for row in rows)
    )
