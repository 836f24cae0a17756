"""The state and the last call of each number of a campaign.  Inside a connection."""

from __future__ import annotations

from typing import NamedTuple

from engine.store.sql import execute


class NumberResult(NamedTuple):
    """One recipient; instants in ms, None where nothing has happened."""

    recipient_id: int
    number: str  # E.164; what was written, when it is no number
    state: str
    disposition: str
    is_mobile: bool
    tries: int
    heard_ms: int
    price: int  # Rials, of the last call
    called_at: int | None
    answered_at: int | None
    vote: str


def page(campaign_id: int, after_id: int, limit: int) -> list[NumberResult]:
    """Recipients in the order of their list, those after `after_id`."""
    rows = execute(
        "SELECT r.id, r.number, r.state, r.disposition, r.is_mobile, r.tries, COALESCE(a.heard_ms, 0),"
        " COALESCE(a.price, 0), a.created_at, a.answered_at, COALESCE(a.vote, '')"
        " FROM recipient r LEFT JOIN attempt a ON a.id = r.attempt_id"
        " WHERE r.campaign_id = ? AND r.id > ? ORDER BY r.id LIMIT ?",
        [campaign_id, after_id, limit],
    )
    return [NumberResult(*row) for row in rows]
