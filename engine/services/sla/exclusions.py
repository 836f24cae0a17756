"""The six kinds of downtime that does not count, as dated records with author and reason.

A record is never edited: a wrong one is withdrawn (with who, when, why) and
another is added.
"""

from __future__ import annotations

from engine.agreement.records import Exclusion, judge
from engine.agreement.terms import ExclusionKind
from engine.errors import BadInput, Conflict, NotFound
from engine.sentences import Sentence
from engine.services.sla import agreements, authorisation
from engine.store.paging import page_of
from engine.store.tables.core import Account
from engine.store.tables.sla import ExclusionRecord


def add(
    author_id: int,
    kind: str,
    start_at: int,
    end_at: int,
    reason: str,
    now: int,
    account_id: int | None = None,
    announced_at: int | None = None,
) -> int:
    """Staff add an exclusion for one account, or (None) for all; its id.

    Kinds that concern one customer need an account.  Announced kinds tell when
    they were announced (not in the future; too late is written and not
    accepted by the calculation).  BadInput with one sentence otherwise.
    """
    authorisation.require_staff(author_id, authorisation.RECORD_ROLES)
    reason = authorisation.reason_of(reason, Sentence("The exclusion"))
    try:
        known = ExclusionKind(kind)
    except ValueError:
        raise BadInput(
            "The kind '%(kind)s' is none of %(known)s.", kind=kind, known=list(ExclusionKind)
        ) from None
    if end_at <= start_at:
        raise BadInput("An exclusion ends after it begins.")
    terms = agreements.in_force(start_at)
    if known in terms.account_kinds and account_id is None:
        raise BadInput("An exclusion of the kind %(kind)s concerns one account: say which.", kind=known)
    if account_id is not None and not Account.select().where(Account.id == account_id).exists():
        raise NotFound("There is no account %(id)s.", id=account_id)
    needs_notice = known in terms.credit.notice_s
    if announced_at is not None and not needs_notice:
        raise BadInput("An exclusion of the kind %(kind)s needs no announcement.", kind=known)
    if announced_at is not None and announced_at > now:
        raise BadInput("An exclusion cannot have been announced in the future.")
    row = ExclusionRecord.create(
        account_id=account_id,
        kind=known.value,
        start_at=start_at,
        end_at=end_at,
        announced_at=announced_at,
        reason=reason,
        author_id=author_id,
        created_at=now,
    )
    authorisation.note(
        author_id,
        "exclusion_added",
        f"exclusion {row.id}",
        now,
        after={"kind": known.value, "start_at": start_at, "end_at": end_at, "reason": reason},
        account_id=account_id,
    )
    return int(row.id)


def withdraw(exclusion_id: int, author_id: int, reason: str, now: int) -> None:
    """Staff withdraw an exclusion; it counts no more from then on, also for closed months (an adjustment)."""
    authorisation.require_staff(author_id, authorisation.RECORD_ROLES)
    reason = authorisation.reason_of(reason, Sentence("The withdrawal"))
    row = get(exclusion_id)
    changed = (
        ExclusionRecord.update(withdrawn_at=now, withdrawn_by=author_id, withdrawn_why=reason)
        .where(ExclusionRecord.id == exclusion_id, ExclusionRecord.withdrawn_at.is_null())
        .execute()
    )
    if not changed:
        raise Conflict("Exclusion %(id)s was withdrawn before.", id=exclusion_id)
    authorisation.note(
        author_id,
        "exclusion_withdrawn",
        f"exclusion {exclusion_id}",
        now,
        after=reason,
        account_id=row.account_id,
    )


def get(exclusion_id: int) -> ExclusionRecord:
    """An exclusion; NotFound if there is none."""
    row: ExclusionRecord | None = ExclusionRecord.get_or_none(ExclusionRecord.id == exclusion_id)
    if row is None:
        raise NotFound("There is no exclusion %(id)s.", id=exclusion_id)
    return row


def judged(row: ExclusionRecord) -> tuple[bool, str, str]:
    """Whether the calculation accepts an exclusion, and why (English, Persian)."""
    terms = agreements.in_force(row.start_at)
    verdict = judge(as_exclusion(row), terms.credit.notice_s)
    return verdict.accepted, verdict.en, verdict.fa


def as_exclusion(row: ExclusionRecord) -> Exclusion:
    """The row as the arithmetic takes it; an announcement's second is rounded up, never to our favour."""
    return Exclusion(
        row.start_at // 1000,
        row.end_at // 1000,
        ExclusionKind(row.kind),
        None if row.announced_at is None else -(-row.announced_at // 1000),
        f"exclusion {row.id}",
        row.account_id,
    )


def page(before: int | None, limit: int) -> list[ExclusionRecord]:
    """Exclusions, the newest first."""
    return page_of(ExclusionRecord.select(), ExclusionRecord.id, from_id=before, is_queue=False, limit=limit)
