"""Settling attempts: the write that follows every call, once.

A settle is a conditional update: the first end of an attempt wins, a second
one (a repeated event, the reaper after the event, recovery after the reaper)
changes nothing.  Everything else that must happen exactly once (counts, money, outbox) happens in the same
transaction, for the rows that
were changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.call_end import CallEnd
from engine.states import WAITING_STATES, AttemptState, Disposition, RecipientState
from engine.store.counts import COUNT_OF_STATE, add_counts
from engine.store.sql import LIVE, execute, one_of, over_values, run_over_values

_UNANSWERED = one_of((AttemptState.CREATED, AttemptState.ORIGINATING, AttemptState.RINGING))

LONGEST_CAUSE, LONGEST_VOTE = 40, 4  # of the columns of `attempt`


@dataclass(slots=True, frozen=True)
class Settle:
    """How an attempt ended, and the next state of its recipient."""

    attempt_id: int
    recipient_id: int
    campaign_id: int
    end: CallEnd
    disposition: str
    spent_try: bool
    free_try: bool
    settled_by: str
    next_state: str  # of the recipient
    next_at: int
    avoid_gateway_id: int

    @property
    def ended_at(self) -> int:
        """When the call ended (ms); the settler sets it if it is unknown."""
        assert self.end.ended_at is not None
        return self.end.ended_at


@dataclass(slots=True, frozen=True)
class Answer:
    """The far end answered."""

    attempt_id: int
    recipient_id: int
    answered_at: int


# What must happen once with a settle, in its transaction; gets the settles that were the first end.
Hook = Callable[[Sequence[Settle]], None]


class Settler:
    """Writes groups of settles; `hooks` run in the same transaction."""

    def __init__(self, hooks: Sequence[Hook] = ()) -> None:
        self.hooks = list(hooks)

    def write(self, settles: list[Settle]) -> list[Settle]:
        """Settle a group inside the writer's transaction; return those that were the first end of their attempt."""
        first: dict[int, Settle] = {}
        for item in settles:
            first.setdefault(item.attempt_id, item)
        ended = over_values(
            (
                "id",
                "at",
                "rang_at",
                "answered_at",
                "disposition",
                "cause",
                "sip",
                "heard",
                "vote",
                "spent",
                "by_",
            ),
            [
                (
                    item.attempt_id,
                    item.ended_at,
                    item.end.rang_at,
                    item.end.answered_at,
                    item.disposition,
                    item.end.cause[:LONGEST_CAUSE],
                    item.end.sip_status,
                    item.end.heard_ms,
                    item.end.vote[:LONGEST_VOTE],
                    item.spent_try,
                    item.settled_by,
                )
                for item in first.values()
            ],
            f"UPDATE attempt SET state = '{AttemptState.ENDED}', ended_at = CAST(v.at AS BIGINT),"
            " rang_at = CAST(v.rang_at AS BIGINT),"
            " answered_at = COALESCE(CAST(v.answered_at AS BIGINT), attempt.answered_at),"
            " disposition = CAST(v.disposition AS TEXT), hangup_cause = CAST(v.cause AS TEXT),"
            " sip_status = CAST(v.sip AS INTEGER), heard_ms = CAST(v.heard AS INTEGER),"
            " vote = CAST(v.vote AS TEXT), spent_try = CAST(v.spent AS BOOLEAN),"
            " settled_by = CAST(v.by_ AS TEXT)"
            f" FROM v WHERE attempt.id = CAST(v.id AS BIGINT) AND attempt.state <> '{AttemptState.ENDED}'"
            " RETURNING attempt.id",
        )
        won = [first[row[0]] for row in ended]
        if won:
            self._move_recipients(won)
            self._count(won)
            _note_recordings(won)
            _count_votes(won)
            for hook in self.hooks:
                hook(won)
        return won

    def _move_recipients(self, won: list[Settle]) -> None:
        moved = run_over_values(
            (
                "id",
                "attempt_id",
                "state",
                "next_at",
                "spent",
                "free",
                "avoid",
                "disposition",
                "finished_at",
                "ended_at",
            ),
            [
                (
                    item.recipient_id,
                    item.attempt_id,
                    item.next_state,
                    item.next_at,
                    1 if item.spent_try else 0,
                    1 if item.free_try else 0,
                    item.avoid_gateway_id,
                    item.disposition,
                    None if item.next_state in WAITING_STATES else item.ended_at,
                    item.ended_at,
                )
                for item in won
            ],
            "UPDATE recipient SET state = CAST(v.state AS TEXT), next_at = CAST(v.next_at AS BIGINT),"
            " tries = recipient.tries + CAST(v.spent AS INTEGER),"
            " uncounted_tries = recipient.uncounted_tries + CAST(v.free AS INTEGER),"
            " first_fault_at = CASE WHEN v.free = 1 THEN COALESCE(recipient.first_fault_at, CAST(v.ended_at AS BIGINT))"
            " WHEN v.spent = 1 THEN NULL ELSE recipient.first_fault_at END,"
            " avoid_gateway_id = CAST(v.avoid AS BIGINT), disposition = CAST(v.disposition AS TEXT),"
            " finished_at = CAST(v.finished_at AS BIGINT)"
            " FROM v WHERE recipient.id = CAST(v.id AS BIGINT)"
            " AND recipient.attempt_id = CAST(v.attempt_id AS BIGINT)"
            f" AND recipient.state IN {LIVE} RETURNING recipient.id",
        )
        if moved != len(won):
            raise RuntimeError(f"settled {len(won)} attempts but moved {moved} recipients")

    def _count(self, won: list[Settle]) -> None:
        by_campaign: dict[int, dict[str, int]] = {}
        for item in won:
            changes = by_campaign.setdefault(item.campaign_id, {"live": 0, "attempts": 0, "heard_ms": 0})
            changes["live"] -= 1
            changes["attempts"] += 1
            changes["heard_ms"] += item.end.heard_ms
            name = COUNT_OF_STATE[item.next_state]
            changes[name] = changes.get(name, 0) + 1
            if item.disposition != Disposition.CANCELLED:
                changes[item.disposition] = changes.get(item.disposition, 0) + 1
        # In the same order in all engines, so that they do not deadlock.
        for campaign_id, changes in sorted(by_campaign.items()):
            add_counts(campaign_id, changes)


def _note_recordings(won: list[Settle]) -> None:
    """Store the lengths of recordings, in a statement of its own because most groups have none."""
    recorded = [(item.attempt_id, item.end.record_ms) for item in won if item.end.record_ms]
    if recorded:
        run_over_values(
            ("id", "ms"),
            recorded,
            "UPDATE attempt SET record_ms = CAST(v.ms AS INTEGER) FROM v"
            " WHERE attempt.id = CAST(v.id AS BIGINT) RETURNING attempt.id",
        )


def _count_votes(won: list[Settle]) -> None:
    """Count the keys that were pressed, in the same order in all engines."""
    pressed = Counter((item.campaign_id, item.end.vote[:LONGEST_VOTE]) for item in won if item.end.vote)
    for (campaign_id, vote), number in sorted(pressed.items()):
        execute(
            "INSERT INTO campaign_vote (campaign_id, vote, number) VALUES (?, ?, ?)"
            " ON CONFLICT (campaign_id, vote) DO UPDATE SET number = campaign_vote.number + excluded.number",
            [campaign_id, vote, number],
        )


def write_answers(answers: list[Answer]) -> list[Answer]:
    """Store answers while the calls are up, so that a crash of the switch does not turn them into «not called»."""
    noted = {
        row[0]
        for row in over_values(
            ("id", "at"),
            [(item.attempt_id, item.answered_at) for item in answers],
            f"UPDATE attempt SET state = '{AttemptState.ANSWERED}', answered_at = CAST(v.at AS BIGINT) FROM v"
            " WHERE attempt.id = CAST(v.id AS BIGINT)"
            f" AND attempt.state IN {_UNANSWERED} RETURNING attempt.id",
        )
    }
    won = [item for item in answers if item.attempt_id in noted]
    run_over_values(
        ("id", "attempt_id"),
        [(item.recipient_id, item.attempt_id) for item in won],
        f"UPDATE recipient SET state = '{RecipientState.IN_CALL}' FROM v WHERE recipient.id = CAST(v.id AS BIGINT)"
        " AND recipient.attempt_id = CAST(v.attempt_id AS BIGINT)"
        f" AND recipient.state = '{RecipientState.CLAIMED}' RETURNING recipient.id",
    )
    return won


def write_originated(attempt_ids: list[int]) -> list[int]:
    """Mark attempts as handed to their switch; return those that were still `created`.

    This is written in groups after the hand-over; recovery relies on the switch and not on it.
    """
    return [
        row[0]
        for row in over_values(
            ("id",),
            [(attempt_id,) for attempt_id in attempt_ids],
            f"UPDATE attempt SET state = '{AttemptState.ORIGINATING}' FROM v WHERE attempt.id = CAST(v.id AS BIGINT)"
            f" AND attempt.state = '{AttemptState.CREATED}' RETURNING attempt.id",
        )
    ]
