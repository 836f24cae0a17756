"""Making another campaign of one that was: with all its recipients, or only some of them.

«Only those who did not answer» is what operators ask for most: the choice is
made by where a recipient stands now and how its last call ended.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from engine.errors import BadInput
from engine.sentences import Word
from engine.services.campaigns import campaigns
from engine.services.campaigns.rules import CampaignRules
from engine.services.messages.personal import UNPREPARED
from engine.states import WAITING_STATES, Disposition, RecipientState
from engine.store.counts import add_counts
from engine.store.sql import changed, execute, one_of
from engine.store.tables.core import Campaign

log = logging.getLogger(__name__)

ALL = "all"
_EXCLUDED_OR_DELIVERED = one_of((RecipientState.EXCLUDED, RecipientState.DELIVERED))
# What `only` may say, and the condition on the old campaign's recipients.  Who was set aside stays so.
CHOICES: dict[str, str] = {
    ALL: f"state <> '{RecipientState.EXCLUDED}'",
    "not-delivered": f"state NOT IN {_EXCLUDED_OR_DELIVERED}",
    "not-called": f"state IN {one_of((*WAITING_STATES, RecipientState.CANCELLED))} AND tries = 0",
    "not-answered": f"state NOT IN {_EXCLUDED_OR_DELIVERED} AND disposition <> '{Disposition.ANSWERED}'",
    "no-answer": f"state <> '{RecipientState.DELIVERED}' AND disposition = '{Disposition.NO_ANSWER}'",
    "busy": f"state <> '{RecipientState.DELIVERED}' AND disposition = '{Disposition.BUSY}'",
    "rejected": f"state <> '{RecipientState.DELIVERED}' AND disposition = '{Disposition.REJECTED}'",
    "unreachable": f"state <> '{RecipientState.DELIVERED}' AND disposition = '{Disposition.UNREACHABLE}'",
    "unknown": f"state = '{RecipientState.UNKNOWN}'",
    "delivered": f"state = '{RecipientState.DELIVERED}'",
}
_COPY = (
    "INSERT INTO recipient (campaign_id, line, number, is_mobile, state, reason, variables, prompt, tries,"  # noqa: S608
    " uncounted_tries, next_at, avoid_gateway_id, disposition)"
    f" SELECT ?, line, number, is_mobile, '{RecipientState.PENDING}', '', variables, prompt, 0, 0,"
    " CASE WHEN prompt = '' THEN CAST(? AS BIGINT) ELSE 0 END, 0, ''"
    " FROM recipient WHERE campaign_id = ? AND "
)


def clone(
    campaign_id: int,
    now: int,
    max_call_s: int,
    only: str = ALL,
    name: str = "",
    account_id: int | None = None,
) -> int:
    """In a transaction: make a draft with the rules, the message and the chosen recipients; its id.

    `only` is a word of CHOICES.  Raises BadInput when it is none, or when nobody is left to be called.
    """
    if only not in CHOICES:
        raise BadInput("--only '%(only)s' is none of %(known)s.", only=only, known=list(CHOICES))
    old = campaigns.get(campaign_id, account_id)
    rules = replace(CampaignRules.of(old), name=name or f"{old.name} ({only})", starts_at=None)
    made = campaigns.create(old.account_id, rules, old.message_id, now, max_call_s)
    Campaign.update(columns=old.columns, source_name=old.source_name).where(Campaign.id == made).execute()
    # Those whose own message was not made yet wait for it, as at the import.
    due_at = UNPREPARED if old.text else 0
    taken = changed(_COPY + CHOICES[only] + " ORDER BY id", [made, due_at, campaign_id])
    if not taken:
        raise BadInput(
            "Campaign %(id)s has no recipient that is %(state)s.", id=campaign_id, state=Word(only)
        )
    mobiles = execute("SELECT COUNT(*) FROM recipient WHERE campaign_id = ? AND is_mobile", [made])
    add_counts(made, {"waiting": taken, "total": taken, "mobiles": int(mobiles[0][0])})
    log.info("action=campaign_cloned campaign=%d of=%d only=%s recipients=%d", made, campaign_id, only, taken)
    return made
