"""The technical and supervisory committee: a claim is decided when two members agree.

Nobody of the committee may have written or corrected the record of the outage
that the claim is about, and a person votes once.  When two differ, a third
decides; two votes are the same when verdict, amount and way are.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.agreement.months import Month
from engine.amounts import rials
from engine.errors import BadInput, Conflict, NotAllowed
from engine.sentences import Sentence, kept
from engine.services.sla import authorisation, claimed, claims, credits, incidents
from engine.services.sla.claim_states import ClaimKind, ClaimState, move
from engine.services.sla.locks import lock_month
from engine.store.tables.sla import Claim, ClaimVote

VOTES_NEEDED = 2


@dataclass(frozen=True, slots=True)
class CommitteeVerdict:
    """What a member of the committee decides.

    `amount_rials` is for support claims (an outage's follows from the table),
    `way` one of `credits.WAYS`; a rejection has neither.
    """

    is_approval: bool
    reason: str
    amount_rials: int | None = None
    way: str = credits.DISCOUNT


def vote(
    claim_id: int, person_id: int, verdict: CommitteeVerdict, now: int, jalali: bool = True
) -> ClaimState:
    """A member votes on a claim in review; the claim's state after it.

    NotAllowed for who is not of the committee, wrote the outage's record, or
    made the claim; Conflict for a second vote or a decided claim; BadInput for
    an amount or way that does not fit.
    """
    authorisation.require_staff(person_id, authorisation.COMMITTEE_ROLES)
    reason = authorisation.reason_of(verdict.reason, Sentence("The vote"))
    claim = claims.undecided(claim_id)
    if claim.state != ClaimState.IN_REVIEW:
        raise Conflict("Claim %(id)s needs its first answer before the committee decides.", id=claim_id)
    outages = [row.id for row in claims.outages_of(claim_id)]
    if person_id in incidents.authors(outages) or person_id == claim.author_id:
        raise NotAllowed("Whoever recorded the outage or made the claim cannot decide about it.")
    amount, way = _fitting(claim, verdict, bool(outages))
    # The row is held until this transaction ends: of two members who vote at once the second sees the first's.
    Claim.update(state=claim.state).where(Claim.id == claim_id, Claim.state == claim.state).execute()
    if any(row.person_id == person_id for row in votes(claim_id)):
        raise Conflict("You have voted on this claim already.")
    ClaimVote.create(
        claim_id=claim_id,
        person_id=person_id,
        is_approval=verdict.is_approval,
        amount_rials=amount,
        way=way,
        reason=reason,
        at=now,
    )
    told = (
        {"verdict": "approved", "amount": amount, "way": way}
        if verdict.is_approval
        else {"verdict": "rejected"}
    )
    authorisation.note(
        person_id,
        "claim_voted",
        f"claim {claim_id}",
        now,
        after={**told, "reason": reason},
        account_id=claim.account_id,
    )
    same = [
        row
        for row in votes(claim_id)
        if (row.is_approval, row.amount_rials, row.way) == (verdict.is_approval, amount, way)
    ]
    if len(same) < VOTES_NEEDED:
        return ClaimState.IN_REVIEW
    return _decide(claim, person_id, verdict.is_approval, amount, way, same, now, jalali)


def _fitting(claim: Claim, verdict: CommitteeVerdict, has_outages: bool) -> tuple[int | None, str]:
    if not verdict.is_approval:
        return None, ""
    if verdict.way not in credits.WAYS:
        raise BadInput("The way '%(way)s' is none of %(known)s.", way=verdict.way, known=list(credits.WAYS))
    if claim.kind == ClaimKind.OUTAGE:
        if not has_outages:
            raise BadInput("Link the claim to the outage it is about before approving it.")
        if verdict.amount_rials is not None or verdict.way != credits.DISCOUNT:
            raise BadInput(
                "An outage's credit is the table's discount on the next month; no other amount or way."
            )
        return None, verdict.way
    amount = Sentence(
        "A claim about support is approved with an amount from %(least)s to %(most)s whole Rials."
    )
    return rials(verdict.amount_rials, amount), verdict.way


def _decide(
    claim: Claim,
    person_id: int,
    is_approval: bool,
    amount: int | None,
    way: str,
    same: list[ClaimVote],
    now: int,
    jalali: bool,
) -> ClaimState:
    """1. the state; 2. the credit, as far as it can be booked now."""
    result = "; ".join(dict.fromkeys(row.reason for row in same))  # equal reasons are given once
    new = ClaimState.APPROVED if is_approval else ClaimState.REJECTED
    move(
        claim.id,
        ClaimState.IN_REVIEW,
        new,
        person_id,
        result,
        now,
        decided_at=now,
        amount_rials=amount,
        way=way,
        result=result,
    )
    if new is ClaimState.REJECTED:
        return new
    if claim.kind == ClaimKind.OUTAGE:
        _settle_closed_months(claim, now, jalali)
    elif way != credits.BANK_TRANSFER:
        _book_support(
            claim, int(amount or 0), way, kept("claim %(id)s: %(why)s", id=claim.id, why=result), now
        )
        move(claim.id, ClaimState.APPROVED, ClaimState.CREDITED, person_id, kept("booked in the ledger"), now)
    return ClaimState(claims.get(claim.id).state)


def _settle_closed_months(claim: Claim, now: int, jalali: bool) -> None:
    """Months that are closed are credited at once; the closing job does the others."""
    for row in claims.outages_of(claim.id):
        month = Month.containing(row.start_at // 1000, jalali=jalali)
        while month.start * 1000 < (row.end_at or now) and month.end * 1000 <= now:
            lock_month(month.key)
            due = claimed.due(month, credited_too=False).get(claim.account_id)
            if due:
                claimed.settle({claim.account_id: due}, month, now)
            month = month.next()


def paid_by_bank(claim_id: int, person_id: int, reference: str, now: int) -> None:
    """Finance says that an approved bank transfer was made; `reference` is the bank's number."""
    authorisation.require_staff(person_id, ("finance", "administrator"))
    reference = authorisation.reason_of(reference, Sentence("The transfer's reference"))
    claim = claims.get(claim_id)
    if claim.way != credits.BANK_TRANSFER:
        raise BadInput("Claim %(id)s is not paid by bank transfer.", id=claim_id)
    transfer = Sentence("bank transfer %(number)s", number=reference)
    move(claim_id, ClaimState.APPROVED, ClaimState.CREDITED, person_id, transfer.kept(), now)
    memo = kept("claim %(id)s: %(why)s", id=claim_id, why=transfer)
    _book_support(claim, int(claim.amount_rials or 0), claim.way, memo, now)
    authorisation.note(
        person_id, "claim_paid", f"claim {claim_id}", now, after=reference, account_id=claim.account_id
    )


def _book_support(claim: Claim, rials: int, way: str, memo: str, now: int) -> None:
    credits.book(
        [credits.NewCredit(f"claim:{claim.id}", claim.account_id, rials, memo, claim_id=claim.id, way=way)],
        now,
    )


def votes(claim_id: int) -> list[ClaimVote]:
    """The votes on a claim, the first first."""
    return list(ClaimVote.select().where(ClaimVote.claim_id == claim_id).order_by(ClaimVote.at))


def may_vote(claim: Claim, person_id: int) -> bool:
    """Whether a member may still vote on a claim (for the page's button)."""
    outages = [row.id for row in claims.outages_of(claim.id)]
    barred = incidents.authors(outages) | {row.person_id for row in votes(claim.id)}
    return claim.state == ClaimState.IN_REVIEW and person_id not in barred and person_id != claim.author_id
