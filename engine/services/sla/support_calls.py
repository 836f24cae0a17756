"""Calls to the support line as evidence: what our own books say of the calls that a claim is about."""

from __future__ import annotations

from engine.sentences import Sentence
from engine.states import JOINED_STATES, SupportCallState
from engine.store.tables.support_line import SupportCall

MOST = 50
ENDS: dict[str, Sentence] = {
    SupportCallState.WAITING: Sentence("in the queue"),
    SupportCallState.TALKING: Sentence("Answered"),
    SupportCallState.ANSWERED: Sentence("Answered"),
    SupportCallState.ABANDONED: Sentence("Abandoned"),
    SupportCallState.CALL_BACK: Sentence("Left for a call-back"),
}


def of_caller(number: str, account_id: int, from_at: int, until_at: int) -> list[SupportCall]:
    """Calls of a number, or of an account's people, that joined the queue in that time and in support hours."""
    return list(
        SupportCall.select()
        .where(
            (SupportCall.number == number) | (SupportCall.account_id == account_id),
            SupportCall.joined_at >= from_at,
            SupportCall.joined_at <= until_at,
            SupportCall.state.in_(JOINED_STATES),
            SupportCall.in_hours == True,  # noqa: E712 - SQL
        )
        .order_by(SupportCall.joined_at)
        .limit(MOST)
    )


def wait_s(row: SupportCall, now: int) -> int:
    """How long a call was in the queue, in seconds."""
    return max(0, (row.answered_at or row.ended_at or now) - (row.joined_at or now)) // 1000
