"""Removing a confirmed number from an account: no running campaign goes on showing it."""

from __future__ import annotations

from engine.services.campaigns import campaigns, why
from engine.services.compliance import caller_ids
from engine.services.compliance.policy import Policy
from engine.states import CampaignState
from engine.store.tables.core import Campaign


def withdraw(account_id: int, number: str, person_id: int | None, now: int, policy: Policy) -> list[int]:
    """Take the number away, and pause the running campaigns that may not show it any more; their ids.  In a transaction."""
    caller_ids.forget(account_id, number, person_id, now)
    running = (CampaignState.RUNNING, CampaignState.SCHEDULED)
    rows = Campaign.select().where(
        Campaign.account == account_id,
        Campaign.state.in_(running),
        Campaign.caller_id != "",
        Campaign.standing_key == "",
    )
    paused = []
    for row in list(rows):
        try:
            caller_ids.check(account_id, row.kind, row.caller_id, row.gateways.split(), policy)
        except caller_ids.CallerIdNotAllowed as error:
            campaigns.pause(row.id, error.sentence.kept(), code=why.CALLER_ID)
            paused.append(int(row.id))
    return paused
