"""Making a new campaign from an existing one: without its recipients, with all of them, or with some.

The most common wish is «call those who were not reached»: recipients are chosen by their state and the end of their
last call.  Recipients are copied in parts, so that copying a million does not hold up dialling; the draft cannot
start until all are copied.  The progress is stored with each part, so that an interrupted copy continues after the last one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from engine.errors import BadInput, Conflict
from engine.sentences import Word
from engine.services.accounts import accounts, audit_log, permissions
from engine.services.campaigns import campaigns, outcomes, why
from engine.services.campaigns.outcomes import Groups
from engine.services.campaigns.rules import CampaignRules
from engine.services.compliance.policy import Policy
from engine.services.messages.personal import UNPREPARED
from engine.states import WAITING_STATES, CampaignState, Disposition, RecipientState
from engine.store.counts import add_counts
from engine.store.sql import changed, execute, one_of
from engine.store.tables.campaigns import CampaignCopy
from engine.store.tables.core import Campaign
from engine.store.tables.texts import TextRule

log = logging.getLogger(__name__)

Write = Callable[[Callable[[], Any]], Any]

ALL, NOBODY, NOT_REACHED = "all", "nobody", "not-reached"
_EXCLUDED_OR_DELIVERED = one_of((RecipientState.EXCLUDED, RecipientState.DELIVERED))


def _of(groups: Groups) -> str:
    return " OR ".join(f"(state = '{state}' AND disposition = '{last}')" for state, last in groups)


# The choices, and the condition of each on the old campaign's recipients.  Excluded recipients stay excluded.
CHOICES: dict[str, str] = {
    ALL: f"state <> '{RecipientState.EXCLUDED}'",
    NOBODY: "1 = 0",
    NOT_REACHED: f"state IN {one_of((RecipientState.EXHAUSTED, RecipientState.UNKNOWN, RecipientState.CANCELLED))}",
    "not-delivered": f"state NOT IN {_EXCLUDED_OR_DELIVERED}",
    "not-called": f"state IN {one_of((*WAITING_STATES, RecipientState.CANCELLED))} AND tries = 0",
    "not-answered": f"state NOT IN {_EXCLUDED_OR_DELIVERED} AND disposition <> '{Disposition.ANSWERED}'",
    **{word: _of(groups) for word, groups in outcomes.AGAIN.items()},
    "delivered": f"state = '{RecipientState.DELIVERED}'",
}
PART = 5_000  # recipients of a transaction
_COPY = (
    "INSERT INTO recipient (campaign_id, line, number, is_mobile, state, reason, variables, prompt, tries,"  # noqa: S608 - constants
    " uncounted_tries, next_at, avoid_gateway_id, disposition)"
    f" SELECT ?, line, number, is_mobile, '{RecipientState.PENDING}', '', variables, prompt, 0, 0,"
    " CASE WHEN prompt = '' THEN CAST(? AS BIGINT) ELSE 0 END, 0, ''"
    " FROM recipient WHERE campaign_id = ? AND id > ? AND id <= ? AND "
)


def clone(
    campaign_id: int,
    now: int,
    policy: Policy,
    write: Write,
    only: Sequence[str] = (ALL,),
    name: str = "",
    account_id: int | None = None,
    person_id: int | None = None,
    begun: Callable[[int], None] = lambda made: None,
    noted: Callable[[int], None] = lambda made: None,
) -> int:
    """Make a draft with the rules, the message and the chosen recipients of a campaign; its id.

    `only` are words of CHOICES: who fits one of them.  `write` runs a function in a transaction; `noted` is told
    the id in the transaction that makes the draft, `begun` after it, before the recipients are copied.  Raises
    BadInput for an unknown word, or when nobody is left to be called.  `continue_copy` goes on with an interrupted copy.
    """
    where = condition(only)

    def draft() -> int:
        made = _draft(campaign_id, now, policy, where, only, name, account_id, person_id)
        noted(made)
        return made

    made = int(write(draft))
    begun(made)
    continue_copy(made, write)
    return made


def continue_copy(made: int, write: Write) -> None:
    """Copy what is left to be copied into a draft; not inside a transaction.

    Raises Conflict when another process continues the copy, or the draft was changed meanwhile.
    """
    last: int | None = 0
    while last is not None:
        last = write(partial(_copy_part, made, last))


def is_copying(campaign_id: int) -> bool:
    """Whether numbers are still to be copied into a campaign; inside a connection."""
    return CampaignCopy.get_or_none(CampaignCopy.campaign_id == campaign_id) is not None


def cut() -> list[int]:
    """Inside a write: drafts whose copies made no progress since the last look; these may be continued."""
    found = execute("SELECT campaign_id FROM campaign_copy WHERE seen_id = last_id ORDER BY campaign_id")
    execute("UPDATE campaign_copy SET seen_id = last_id")
    return [int(row[0]) for row in found]


def condition(only: Sequence[str]) -> str:
    """The SQL condition for recipients that match any of these words.  Raises BadInput."""
    unknown = [word for word in only if word not in CHOICES]
    if unknown or not only:
        raise BadInput("'%(only)s' is none of %(known)s.", only=", ".join(unknown), known=list(CHOICES))
    return "(" + " OR ".join(f"({CHOICES[word]})" for word in only) + ")"


def _draft(
    campaign_id: int,
    now: int,
    policy: Policy,
    where: str,
    only: Sequence[str],
    name: str,
    account_id: int | None,
    person_id: int | None,
) -> int:
    old = campaigns.get(campaign_id, account_id)
    if old.standing_key:
        raise Conflict("Campaign %(id)s holds quick sends and cannot be cloned.", id=campaign_id)
    if only != (NOBODY,) and not _is_any(campaign_id, where):
        raise BadInput(
            "Campaign %(id)s has no recipient that is %(state)s.",
            id=campaign_id,
            state=tuple(Word(word) for word in only),
        )
    rules = replace(
        CampaignRules.of(old), name=name or f"{old.name} ({', '.join(only)})", starts_at=None, ends_at=None
    )
    made = campaigns.create(old.account_id, rules, old.message_id, now, policy)
    Campaign.update(columns=old.columns, source_name=old.source_name, pause_code=why.COPYING).where(
        Campaign.id == made
    ).execute()
    CampaignCopy.create(campaign_id=made, source_id=campaign_id, only=" ".join(only))
    _copy_texts(campaign_id, made, old.account_id)
    audit_log.by_staff(person_id, old.account_id, "campaign.create", f"campaign {made}", now)
    return made


def _copy_texts(source_id: int, made: int, account_id: int) -> None:
    """The texts that follow the calls come along, unless the account may not send texts any more."""
    if not accounts.has_grant(account_id, permissions.TEXTS):
        return
    for row in list(TextRule.select().where(TextRule.campaign_id == source_id)):
        TextRule.create(
            campaign_id=made, outcome=row.outcome, text=row.text, line=row.line,
            may_change_line=row.may_change_line,
        )  # fmt: skip


def _is_any(campaign_id: int, where: str) -> bool:
    return bool(execute(f"SELECT 1 FROM recipient WHERE campaign_id = ? AND {where} LIMIT 1", [campaign_id]))  # noqa: S608 - constants


def _copy_part(made: int, after: int) -> int | None:
    """Copy the chosen ones of the old campaign's next recipients; the id of the last one looked at, None when there
    are no more.  `after` is what the part before returned, 0 at the beginning and when a copy is taken up.
    """
    copy, row = CampaignCopy.get_or_none(CampaignCopy.campaign_id == made), campaigns.get(made)
    if copy is None or after not in (0, copy.last_id):
        raise Conflict("The numbers of campaign %(id)s are being copied by another program.", id=made)
    if row.state != CampaignState.DRAFT:
        CampaignCopy.delete().where(CampaignCopy.campaign_id == made).execute()
        return None
    ends = execute(
        "SELECT MAX(id) FROM (SELECT id FROM recipient WHERE campaign_id = ? AND id > ? ORDER BY id LIMIT ?) AS part",
        [copy.source_id, copy.last_id, PART],
    )
    if ends[0][0] is None:
        _conclude(copy)
        return None
    last = int(ends[0][0])
    # Of two that go on with one copy, the second finds that the first was here.
    if not changed(
        "UPDATE campaign_copy SET last_id = ? WHERE campaign_id = ? AND last_id = ?",
        [last, made, copy.last_id],
    ):
        raise Conflict("The numbers of campaign %(id)s are being copied by another program.", id=made)
    # Those whose own message was not made yet wait for it, as at the import.
    due_at = UNPREPARED if row.text else 0
    before = int(execute("SELECT COALESCE(MAX(id), 0) FROM recipient")[0][0])
    taken = changed(
        _COPY + condition(copy.only.split()) + " ORDER BY id",
        [made, due_at, copy.source_id, copy.last_id, last],
    )
    mobiles = execute(
        "SELECT COUNT(*) FROM recipient WHERE campaign_id = ? AND id > ? AND is_mobile", [made, before]
    )
    add_counts(made, {"waiting": taken, "total": taken, "mobiles": int(mobiles[0][0])})
    return last


def _conclude(copy: CampaignCopy) -> None:
    made = int(copy.campaign_id)
    CampaignCopy.delete().where(CampaignCopy.campaign_id == made).execute()
    Campaign.update(pause_code="").where(Campaign.id == made, Campaign.pause_code == why.COPYING).execute()
    taken = int(execute("SELECT total FROM campaign_counts WHERE campaign_id = ?", [made])[0][0])
    log.info(
        "action=campaign_cloned campaign=%d of=%d only=%r recipients=%d",
        made,
        copy.source_id,
        copy.only,
        taken,
    )
