"""Counts of a campaign's recipients, moved in the transaction that moves the recipients."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from engine.states import RecipientState
from engine.store.sql import changed, execute
from engine.store.tables.core import CampaignCounts

# Which count a recipient in a state belongs to.
COUNT_OF_STATE: dict[str, str] = {
    RecipientState.PENDING: "waiting",
    RecipientState.RETRY_WAIT: "retry_wait",
    RecipientState.CLAIMED: "live",
    RecipientState.IN_CALL: "live",
    RecipientState.DELIVERED: "delivered",
    RecipientState.EXHAUSTED: "exhausted",
    RecipientState.EXCLUDED: "excluded",
    RecipientState.CANCELLED: "cancelled",
    RecipientState.UNKNOWN: "unknown",
}
STATE_COUNTS = tuple(dict.fromkeys(COUNT_OF_STATE.values()))
_COLUMNS = frozenset(CampaignCounts._meta.columns) - {"campaign_id"}


def add_counts(campaign_id: int, changes: Mapping[str, int]) -> None:
    """Add `changes` (count's name -> difference) to a campaign's counts."""
    moved = {name: n for name, n in changes.items() if n}
    if not moved:
        return
    if not moved.keys() <= _COLUMNS:
        raise ValueError(f"unknown counts: {sorted(moved.keys() - _COLUMNS)}")
    sets = ", ".join(f"{name} = {name} + ?" for name in moved)
    changed(f"UPDATE campaign_counts SET {sets} WHERE campaign_id = ?", [*moved.values(), campaign_id])


def count_ended(campaign_id: int, ended: Mapping[str, int], state: RecipientState) -> int:
    """Move recipients that have ended in `state` out of the counts they were in (count's name -> how many); return the total."""
    total = sum(ended.values())
    add_counts(campaign_id, {**{name: -n for name, n in ended.items()}, COUNT_OF_STATE[state]: total})
    return total


def recount(campaign_id: int) -> dict[str, int]:
    """Count a campaign's recipients by reading them all; the kept counts must be equal to this."""
    found: Counter[str] = Counter(dict.fromkeys((*STATE_COUNTS, "total"), 0))
    for state, number in execute(
        "SELECT state, COUNT(*) FROM recipient WHERE campaign_id = ? GROUP BY state", [campaign_id]
    ):
        found[COUNT_OF_STATE[state]] += number
        found["total"] += number
    return dict(found)
