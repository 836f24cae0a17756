"""States of a claim, and the one function that moves it: submitted → in review → approved | rejected → credited."""

from __future__ import annotations

import logging
from enum import StrEnum
from typing import Any

from engine.errors import Conflict
from engine.sentences import Word
from engine.store.tables.sla import Claim, ClaimStep

log = logging.getLogger(__name__)


class ClaimState(StrEnum):
    SUBMITTED = "submitted"  # nobody has answered yet
    IN_REVIEW = "in_review"  # answered; the committee looks at it
    APPROVED = "approved"  # by two of the committee; the credit follows
    REJECTED = "rejected"  # by two of the committee, with the reason
    CREDITED = "credited"  # the credit is booked


class ClaimKind(StrEnum):
    OUTAGE = "outage"  # the table's discount for claimed outages
    SUPPORT = "support"  # support hours not kept; the committee sets the amount


MOVES: dict[ClaimState, frozenset[ClaimState]] = {
    ClaimState.SUBMITTED: frozenset({ClaimState.IN_REVIEW}),
    ClaimState.IN_REVIEW: frozenset({ClaimState.APPROVED, ClaimState.REJECTED}),
    ClaimState.APPROVED: frozenset({ClaimState.CREDITED}),
    ClaimState.REJECTED: frozenset(),
    ClaimState.CREDITED: frozenset(),
}
UNDECIDED = (ClaimState.SUBMITTED, ClaimState.IN_REVIEW)


def move(
    claim_id: int, old: ClaimState, new: ClaimState, author_id: int | None, reason: str, now: int, **more: Any
) -> None:
    """Move a claim by a conditional update and write the step; Conflict if it is in another state.

    `author_id` None is the closing job; `more` are columns to set with it.
    """
    if new not in MOVES[old]:
        raise ValueError(f"a claim does not go from {old} to {new}")
    changed = Claim.update(state=new, **more).where(Claim.id == claim_id, Claim.state == old).execute()
    if not changed:
        raise Conflict("Claim %(id)s is not %(old)s any more; look again.", id=claim_id, old=Word(old))
    ClaimStep.create(claim_id=claim_id, old=old, new=new, author_id=author_id, reason=reason, at=now)
    log.info("action=claim_moved claim=%d old=%s new=%s person=%s", claim_id, old, new, author_id)
