"""What happens to campaigns automatically: they start once their message is approved, resume once a cap of the
account allows it, and end at their end time.
"""

from __future__ import annotations

import logging

from engine.errors import AvanakError
from engine.services.campaigns import campaigns, view, why
from engine.services.campaigns.transitions import move_from
from engine.services.compliance import traffic_caps
from engine.services.compliance.policy import Policy
from engine.services.compliance.traffic_caps import CapReached
from engine.services.money import reservations
from engine.services.money.ledger import NoCredit
from engine.states import CampaignState, MessageState
from engine.store.claims import cancel_waiting
from engine.store.database import db
from engine.store.sql import execute, one_of
from engine.store.tables.core import Campaign

log = logging.getLogger(__name__)

MOST_AT_ONCE = 100
_MAY_END = (CampaignState.SCHEDULED, CampaignState.RUNNING, CampaignState.PAUSED)


def uncapped(now: int, policy: Policy) -> list[int]:
    """Campaigns that a cap paused and whose accounts may place calls again, oldest first; inside a connection."""
    rows = execute(
        "SELECT id, account_id FROM campaign WHERE state = ? AND pause_code = ? ORDER BY id LIMIT ?",
        [CampaignState.PAUSED.value, why.CAPPED, MOST_AT_ONCE],
    )
    may: dict[int, bool] = {}
    found = []
    for campaign_id, account_id in rows:
        if account_id not in may:
            may[account_id] = _may_call(account_id, policy.caps, now)
        if may[account_id]:
            found.append(int(campaign_id))
    return found


def resume_uncapped(campaign_ids: list[int], now: int, policy: Policy) -> None:
    """Resume campaigns of `uncapped`, in a transaction; one that cannot resume for another reason stays paused and says why."""
    for campaign_id in campaign_ids:
        try:
            with db.atomic():  # its reservation is undone if it cannot resume
                campaigns.resume(campaign_id, now, policy)
            view.expect_pulse(campaign_id, now)
            log.info("action=resumed_under_cap campaign=%d", campaign_id)
        except CapReached:
            continue
        except AvanakError as error:
            log.info("action=resume_not_possible campaign=%d reason=%r", campaign_id, str(error))
            campaigns.pause(campaign_id, error.sentence.kept())


def approved() -> list[int]:
    """Campaigns whose message was approved while they waited for it: drafts that start automatically, and paused
    ones; inside a connection."""
    waiting = (
        ("c.awaits_approval AND c.state = ?", [CampaignState.DRAFT.value]),
        ("c.state = ? AND c.pause_code = ?", [CampaignState.PAUSED.value, why.NOT_APPROVED]),
    )
    return [
        int(row[0])
        for condition, values in waiting
        for row in execute(
            "SELECT c.id FROM campaign c JOIN message m ON m.id = c.message_id"  # noqa: S608 - constants
            f" WHERE {condition} AND m.state = ? AND c.standing_key = '' ORDER BY c.id LIMIT {MOST_AT_ONCE}",
            [*values, MessageState.APPROVED.value],
        )
    ]


def start_approved(campaign_ids: list[int], now: int, policy: Policy) -> None:
    """Start or resume campaigns of `approved`, in a transaction; one that cannot says why, and waits for a person."""
    for campaign_id in campaign_ids:
        is_draft = campaigns.get(campaign_id).state == CampaignState.DRAFT
        try:
            with db.atomic():  # what it set aside goes back if it may not start
                (campaigns.start if is_draft else campaigns.resume)(campaign_id, now, policy)
            view.expect_pulse(campaign_id, now)
            log.info("action=started_by_approval campaign=%d", campaign_id)
        except AvanakError as error:
            log.info("action=start_not_possible campaign=%d reason=%r", campaign_id, str(error))
            kept = error.sentence.kept()
            if is_draft and isinstance(error, CapReached):
                campaigns.hold_under_cap(campaign_id, error)
            elif is_draft:
                Campaign.update(awaits_approval=False, state_reason=kept).where(
                    Campaign.id == campaign_id, Campaign.state == CampaignState.DRAFT
                ).execute()
            elif isinstance(error, CapReached):
                campaigns.pause(campaign_id, kept, code=why.CAPPED)
            elif isinstance(error, NoCredit):
                campaigns.pause(campaign_id, why.sentence(why.NO_CREDIT, {}).kept(), code=why.NO_CREDIT)
            else:
                campaigns.pause(campaign_id, kept)


def over(now: int) -> list[int]:
    """Campaigns whose end time has come; inside a connection."""
    rows = execute(
        f"SELECT id FROM campaign WHERE state IN {one_of(_MAY_END)} AND ends_at <= ?",  # noqa: S608 - states
        [now],
    )
    return [int(row[0]) for row in rows]


def end(campaign_ids: list[int], now: int) -> None:
    """Stop campaigns of `over`, in a transaction: recipients not called yet are cancelled; calls in progress continue."""
    for campaign_id in campaign_ids:
        state = CampaignState(campaigns.get(campaign_id).state)
        if state not in _MAY_END:
            continue
        if move_from(campaign_id, state, CampaignState.STOPPED, finished_at=now, pause_code=why.ENDED):
            cancel_waiting(campaign_id, now)
            if campaign_id in reservations.to_close():
                reservations.close(campaign_id, now)


def _may_call(account_id: int, caps: traffic_caps.Caps, now: int) -> bool:
    try:
        traffic_caps.check(account_id, caps, now)
    except CapReached:
        return False
    return True
