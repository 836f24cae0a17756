"""The one place where a campaign changes its state: checked, conditional, and logged as ``old -> new``."""

from __future__ import annotations

import logging
from typing import Any

from engine.clock import wall_ms
from engine.errors import Conflict
from engine.sentences import Word
from engine.states import CAMPAIGN_MOVES, CampaignState, may_move
from engine.store.tables.core import Campaign
from engine.store.webhook_events import CAMPAIGN_FINISHED, CAMPAIGN_PAUSED, CAMPAIGN_STARTED, Happened, note

log = logging.getLogger(__name__)

# The web hook event for each state a campaign enters.
_TOLD = {
    CampaignState.RUNNING: CAMPAIGN_STARTED,
    CampaignState.PAUSED: CAMPAIGN_PAUSED,
    CampaignState.FINISHED: CAMPAIGN_FINISHED,
    CampaignState.STOPPED: CAMPAIGN_FINISHED,
}


def move(row: Campaign, new: CampaignState, reason: str = "", **also: Any) -> None:
    """Move a campaign that was just read to `new`, unless it is there; `also` are further columns.

    Raises Conflict when that move is not possible, or when it has left its state meanwhile.
    """
    old = CampaignState(row.state)
    if old == new:
        return
    if not may_move(old, new):
        raise Conflict(
            "Campaign %(id)s is %(old)s and cannot become %(new)s (possible: %(allowed)s).",
            id=row.id,
            old=old,
            new=new,
            allowed=sorted(CAMPAIGN_MOVES[old]) or Word("none"),
        )
    if not move_from(int(row.id), old, new, reason, **also):
        raise Conflict(
            "Campaign %(id)s was changed by somebody else at the same moment; look again.", id=row.id
        )


def move_from(
    campaign_id: int, old: CampaignState, new: CampaignState, reason: str = "", **also: Any
) -> bool:
    """Move a campaign to `new` if it is `old`; whether it was."""
    if not may_move(old, new):
        raise ValueError(f"a campaign does not go from {old} to {new}")
    moved = (
        Campaign.update(**{"state": new, "state_reason": reason, "pause_code": "", **also})
        .where(Campaign.id == campaign_id, Campaign.state == old)
        .execute()
    )
    if moved:
        _tell(campaign_id, old, new)
        log.info("action=campaign_state campaign=%d %s -> %s reason=%r", campaign_id, old, new, reason)
    return bool(moved)


def _tell(campaign_id: int, old: CampaignState, new: CampaignState) -> None:
    """The account's web hooks are told; of standing campaigns (codes, quick sends) nothing."""
    kind = _TOLD.get(new)
    row = Campaign.get_or_none(Campaign.id == campaign_id) if kind else None
    if kind and row is not None and row.account_id is not None and not row.standing_key:
        data = {"campaign_id": campaign_id, "name": row.name, "old_state": str(old), "state": str(new)}
        note([Happened(row.account_id, kind, f"campaign/{campaign_id}", data)], wall_ms())
