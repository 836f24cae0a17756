"""Unfinished campaigns: who began them, so that people find them again; their files are in `uploads`.

Functions run inside a transaction, or a connection when they only read.
"""

from __future__ import annotations

from engine.services.accounts import quotas
from engine.services.campaigns.uploads import MAX_AGE_MS, Pending
from engine.store.tables.lists import CampaignDraft

SHOWN = 50


def check_room(account_id: int) -> None:
    """Whether the account may begin another one; QuotaUsed."""
    quotas.check_uploads(
        account_id, CampaignDraft.select().where(CampaignDraft.account_id == account_id).count()
    )


def note(pending: Pending, now: int) -> None:
    """Note that this upload is an unfinished campaign, and its current name."""
    values = {
        "name": str(pending.rules.get("name", ""))[:200],
        "list_name": pending.list_name[:255],
        "changed_at": now,
    }
    CampaignDraft.insert(
        token=pending.token,
        account_id=pending.account_id,
        person_id=pending.person_id,
        created_at=pending.created_at,
        **values,
    ).on_conflict(conflict_target=[CampaignDraft.token], update=values).execute()
    CampaignDraft.delete().where(CampaignDraft.changed_at < now - MAX_AGE_MS).execute()


def of_person(person_id: int) -> list[CampaignDraft]:
    """The drafts somebody has begun, last changed first."""
    query = CampaignDraft.select().where(CampaignDraft.person_id == person_id)
    return list(query.order_by(CampaignDraft.changed_at.desc()).limit(SHOWN))


def forget(token: str) -> None:
    """Forget a draft: its campaign was made, or it was discarded."""
    CampaignDraft.delete().where(CampaignDraft.token == token).execute()
