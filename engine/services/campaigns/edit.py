"""Changing an existing campaign: its name, hours, days, tries, pace, start and end; archiving it.

Changes apply to calls placed from then on; the engine picks them up within a second.  Functions run inside a
transaction, and each change is in the audit log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from engine.errors import BadInput, Conflict
from engine.sentences import Word
from engine.services.accounts import audit_log
from engine.services.campaigns import campaigns
from engine.services.campaigns.rules import CampaignRules
from engine.services.campaigns.transitions import move
from engine.services.compliance.policy import Policy
from engine.states import OVER_STATES, CampaignState
from engine.store.tables.core import Campaign

CHANGEABLE = (
    "name", "windows", "weekdays", "max_tries", "retry_after_s", "cps", "channels", "starts_at", "ends_at",
)  # fmt: skip


def change(
    campaign_id: int,
    changes: Mapping[str, Any],
    person_id: int | None,
    now: int,
    policy: Policy,
    account_id: int | None = None,
) -> list[str]:
    """Change rules of a campaign (names of `CHANGEABLE`); those that differ from before.

    Of a campaign that has ended, only the name can be changed.  A start in the future schedules a draft or moves
    a scheduled start; None makes the campaign a draft again.  Raises BadInput for invalid rules, Conflict for
    what cannot be changed in its state.
    """
    row = campaigns.get(campaign_id, account_id)
    if row.standing_key:
        raise Conflict("Campaign %(id)s holds quick sends: it always runs.", id=campaign_id)
    unknown = changes.keys() - set(CHANGEABLE)
    if unknown:
        raise ValueError(f"not to be changed: {sorted(unknown)}")
    old = CampaignRules.of(row)
    new = replace(old, **changes)
    before, after = _columns(old), _columns(new)
    changed = [name for name in CHANGEABLE if before[name] != after[name]]
    if not changed:
        return []
    state = CampaignState(row.state)
    if state in OVER_STATES and changed != ["name"]:
        raise Conflict(
            "Campaign %(id)s is %(state)s; only its name can be changed.", id=row.id, state=Word(state)
        )
    if "starts_at" in changed:
        _check_start(row, new.starts_at, now)
    if "ends_at" in changed and new.ends_at is not None and new.ends_at <= now:
        raise BadInput("The end must be in the future.")
    if state not in OVER_STATES:
        campaigns.check_new(row.account_id, new, policy)
    Campaign.update(**{name: after[name] for name in changed}).where(Campaign.id == row.id).execute()
    audit_log.record(
        person_id,
        row.account_id,
        "campaign.change",
        f"campaign {row.id}",
        now,
        {name: before[name] for name in changed},
        {name: after[name] for name in changed},
    )
    if state == CampaignState.SCHEDULED and new.starts_at is None:
        _unschedule(row)
    return changed


def cancel_start(campaign_id: int, person_id: int | None, now: int, account_id: int | None = None) -> None:
    """Unschedule a campaign: it becomes a draft again, or paused if it had begun."""
    row = campaigns.get(campaign_id, account_id)
    if row.state != CampaignState.SCHEDULED:
        raise Conflict("Campaign %(id)s is %(state)s, not scheduled.", id=row.id, state=Word(row.state))
    Campaign.update(starts_at=None).where(Campaign.id == row.id).execute()
    _unschedule(row)
    subject, was = f"campaign {row.id}", {"starts_at": row.starts_at}
    audit_log.record(person_id, row.account_id, "campaign.change", subject, now, was, {"starts_at": None})


def archive(campaign_id: int, person_id: int | None, now: int, account_id: int | None = None) -> None:
    """Archive a draft or a campaign that has ended: lists hide it unless asked.  Nothing is deleted."""
    row = campaigns.get(campaign_id, account_id)
    if row.state not in (*OVER_STATES, CampaignState.DRAFT):
        raise Conflict(
            "Campaign %(id)s is %(state)s; only a draft or one that has ended can be archived.",
            id=row.id,
            state=Word(row.state),
        )
    if row.archived_at is None:
        _put(row, now, person_id, now)


def unarchive(campaign_id: int, person_id: int | None, now: int, account_id: int | None = None) -> None:
    """Bring a campaign back into the lists."""
    row = campaigns.get(campaign_id, account_id)
    if row.archived_at is not None:
        _put(row, None, person_id, now)


def _put(row: Campaign, archived_at: int | None, person_id: int | None, now: int) -> None:
    Campaign.update(archived_at=archived_at).where(Campaign.id == row.id).execute()
    action = "campaign.unarchive" if archived_at is None else "campaign.archive"
    audit_log.record(person_id, row.account_id, action, f"campaign {row.id}", now)


def _unschedule(row: Campaign) -> None:
    move(row, CampaignState.DRAFT if row.started_at is None else CampaignState.PAUSED)


def _check_start(row: Campaign, starts_at: int | None, now: int) -> None:
    if row.state not in (CampaignState.DRAFT, CampaignState.SCHEDULED):
        raise Conflict("Campaign %(id)s has begun; its start cannot be changed.", id=row.id)
    if starts_at is not None and starts_at <= now:
        raise BadInput("The start must be in the future.")


def _columns(rules: CampaignRules) -> dict[str, Any]:
    columns = rules.columns()
    return {each.name: columns[each.name] for each in fields(rules)}
