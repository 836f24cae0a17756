"""Making another campaign of one that was: with all its recipients, or only some of them.

«Only those who did not answer» is what operators ask for most: the choice is
made by where a recipient stands now and how its last call ended.
"""

from __future__ import annotations

import logging

from engine.errors import BadInput
from engine.services.campaigns import campaigns
from engine.store.counts import add_counts
from engine.store.sql import changed, execute
from engine.store.tables.core import Campaign

log = logging.getLogger(__name__)

ALL = "all"
# What `only` may say, and the condition on the old campaign's recipients.  Who was set aside stays so.
CHOICES: dict[str, str] = {
    ALL: "state <> 'excluded'",
    "not-delivered": "state NOT IN ('excluded', 'delivered')",
    "not-called": "state IN ('pending', 'retry_wait', 'cancelled') AND tries = 0",
    "not-answered": "state NOT IN ('excluded', 'delivered') AND disposition <> 'answered'",
    "no-answer": "state <> 'delivered' AND disposition = 'no_answer'",
    "busy": "state <> 'delivered' AND disposition = 'busy'",
    "rejected": "state <> 'delivered' AND disposition = 'rejected'",
    "unreachable": "state <> 'delivered' AND disposition = 'unreachable'",
    "unknown": "state = 'unknown'",
    "delivered": "state = 'delivered'",
}
_COPY = (
    "INSERT INTO recipient (campaign_id, line, number, is_mobile, state, reason, variables, prompt, tries,"
    " free_tries, next_at, avoid_gateway_id, disposition)"
    " SELECT ?, line, number, is_mobile, 'pending', '', variables, prompt, 0, 0, 0, 0, ''"
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
        raise BadInput(f"--only {only!r} is none of {', '.join(CHOICES)}.")
    old = campaigns.get(campaign_id, account_id)
    rules = campaigns.rules_of(old)
    rules.name = name or f"{old.name} ({only})"
    made = campaigns.create(old.account_id, rules, old.message_id, now, max_call_s)
    Campaign.update(columns=old.columns, source_name=old.source_name).where(Campaign.id == made).execute()
    taken = changed(_COPY + CHOICES[only] + " ORDER BY id", [made, campaign_id])
    if not taken:
        raise BadInput(f"Campaign {campaign_id} has no recipient that is {only}.")
    mobiles = execute("SELECT COUNT(*) FROM recipient WHERE campaign_id = ? AND is_mobile", [made])
    add_counts(made, {"waiting": taken, "total": taken, "mobiles": int(mobiles[0][0])})
    log.info("action=campaign_cloned campaign=%d of=%d only=%s recipients=%d", made, campaign_id, only, taken)
    return made
