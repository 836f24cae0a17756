"""Claiming recipients: the write that precedes every call.

One transaction picks due recipients, gives each an attempt with a uuid of its own and marks the recipient.  A command may go
to a switch only after its commit.  Two engines never claim the same recipient: SQLite has one writer, PostgreSQL skips rows
locked by others, and a unique index permits one live attempt per recipient.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from uuid_utils import uuid7

from engine.states import WAITING_STATES, AttemptState, RecipientState
from engine.store.counts import COUNT_OF_STATE, add_counts, count_ended
from engine.store.database import is_sqlite
from engine.store.sql import WAITING, changed, execute, over_values, run_over_values


@dataclass(slots=True, frozen=True)
class Due:
    """A recipient that may be called now."""

    id: int
    number: str  # E.164
    state: str
    tries: int
    uncounted_tries: int
    first_fault_at: int | None  # ms, of the uncounted tries; null: none
    prompt: str
    avoid_gateway_id: int


@dataclass(slots=True, frozen=True)
class Route:
    """Where a call is to leave: a gateway of a switch, for the present run of the switch."""

    switch_id: int
    core_uuid: str
    gateway_id: int


@dataclass(slots=True, frozen=True)
class ClaimedCall:
    """A committed attempt that has not been handed to its switch yet."""

    attempt_id: int
    uuid: str
    campaign_id: int
    recipient: Due
    route: Route
    try_no: int
    at: int  # ms


@dataclass(slots=True, frozen=True)
class Hold:
    """A recipient that may not be called now: put off until `next_at`, or excluded for `reason`."""

    recipient: Due
    next_at: int | None = None
    reason: str = ""


# A rule that is applied at every claim, first try or retry: returns recipients that may not be called now.
Rule = Callable[[int, Sequence[Due], int], list[Hold]]
# What is written with a claim, in its transaction, and what undoes it when claims are released.
ClaimHook = Callable[[int, Sequence["ClaimedCall"], int], None]
UndoHook = Callable[[int, Sequence["ClaimedCall"]], None]
# Chooses a recipient's route, or returns how long (ms) none will have room.
Router = Callable[[Due], Route | int]
NO_ROUTE_MS = 1_000


def claim(
    campaign_id: int,
    limit: int,
    now: int,
    router: Router,
    rules: Sequence[Rule] = (),
    hooks: Sequence[ClaimHook] = (),
) -> list[ClaimedCall]:
    """Claim up to `limit` due recipients of a campaign.  Runs inside the writer's transaction.

    1. pick what is due, oldest first;  2. apply every rule and hold back those that may not be called;
    3. choose routes;  4. write the attempts, mark the recipients, move the counts.
    """
    due = _pick(campaign_id, limit, now)
    if not due:
        return []
    for rule in rules:
        held = rule(campaign_id, due, now)
        if held:
            hold(campaign_id, held, now)
            gone = {item.recipient.id for item in held}
            due = [recipient for recipient in due if recipient.id not in gone]
    routed = [(recipient, router(recipient)) for recipient in due]
    blocked = [Hold(recipient, next_at=now + route) for recipient, route in routed if isinstance(route, int)]
    if blocked:
        hold(campaign_id, blocked, now)
    claims = _write(
        campaign_id, [(recipient, route) for recipient, route in routed if isinstance(route, Route)], now
    )
    for hook in hooks:
        hook(campaign_id, claims, now)
    return claims


def _pick(campaign_id: int, limit: int, now: int) -> list[Due]:
    rows = execute(
        "SELECT id, number, state, tries, uncounted_tries, first_fault_at, prompt, avoid_gateway_id FROM recipient"
        f" WHERE campaign_id = ? AND state IN {WAITING} AND next_at <= ?"
        " ORDER BY next_at, id LIMIT ?" + ("" if is_sqlite() else " FOR UPDATE SKIP LOCKED"),
        [campaign_id, now, limit],
    )
    return [Due(*row) for row in rows]


def _write(campaign_id: int, routed: list[tuple[Due, Route]], now: int) -> list[ClaimedCall]:
    if not routed:
        return []
    by_uuid = {str(uuid7()): (recipient, route) for recipient, route in routed}
    rows = [
        (
            uuid,
            recipient.id,
            campaign_id,
            route.switch_id,
            route.gateway_id,
            route.core_uuid,
            recipient.tries + 1,
            now,
        )
        for uuid, (recipient, route) in by_uuid.items()
    ]
    made = over_values(
        ("uuid", "recipient_id", "campaign_id", "switch_id", "gateway_id", "core_uuid", "try_no", "at"),
        rows,
        "INSERT INTO attempt (uuid, recipient_id, campaign_id, switch_id, gateway_id, core_uuid, try_no,"
        " created_at, state, disposition, hangup_cause, heard_ms, vote, spent_try, settled_by)"
        " SELECT CAST(v.uuid AS TEXT), CAST(v.recipient_id AS BIGINT), CAST(v.campaign_id AS BIGINT),"
        " CAST(v.switch_id AS BIGINT), CAST(v.gateway_id AS BIGINT), CAST(v.core_uuid AS TEXT),"
        f" CAST(v.try_no AS INTEGER), CAST(v.at AS BIGINT), '{AttemptState.CREATED}', '', '', 0, '',"
        " TRUE, '' FROM v WHERE TRUE RETURNING id, uuid",
    )
    claims = []
    for attempt_id, uuid in made:
        recipient, route = by_uuid[uuid]
        claims.append(ClaimedCall(attempt_id, uuid, campaign_id, recipient, route, recipient.tries + 1, now))
    marked = run_over_values(
        ("recipient_id", "attempt_id"),
        [(item.recipient.id, item.attempt_id) for item in claims],
        f"UPDATE recipient SET state = '{RecipientState.CLAIMED}', attempt_id = CAST(v.attempt_id AS BIGINT)"
        " FROM v WHERE recipient.id = CAST(v.recipient_id AS BIGINT)"
        f" AND recipient.state IN {WAITING} RETURNING recipient.id",
    )
    if marked != len(claims):
        raise RuntimeError(f"claimed {len(claims)} attempts but marked {marked} recipients")
    changes = {"live": len(claims)}
    for item in claims:
        name = COUNT_OF_STATE[item.recipient.state]
        changes[name] = changes.get(name, 0) - 1
    add_counts(campaign_id, changes)
    return claims


def hold(campaign_id: int, held: Sequence[Hold], now: int) -> None:
    """Put recipients off until `next_at`, or exclude them with their reason."""
    later = [(item.recipient.id, item.next_at) for item in held if item.next_at is not None]
    run_over_values(
        ("id", "next_at"),
        later,
        "UPDATE recipient SET next_at = CAST(v.next_at AS BIGINT) FROM v"
        f" WHERE recipient.id = CAST(v.id AS BIGINT) AND recipient.state IN {WAITING}"
        " RETURNING recipient.id",
    )
    excluded = {item.recipient.id: item.reason for item in held if item.next_at is None}
    end_waiting(campaign_id, excluded, RecipientState.EXCLUDED, now)


def end_waiting(campaign_id: int, reasons: Mapping[int, str], state: RecipientState, now: int) -> int:
    """End recipients (id -> reason) without a call; return how many of them were still waiting.

    Recipients that are being called or have ended are left alone.  The counts follow the rows that changed.
    """
    rows = [(recipient_id, reason, now) for recipient_id, reason in reasons.items()]
    ended = {
        COUNT_OF_STATE[old]: run_over_values(
            ("id", "reason", "at"),
            rows,
            f"UPDATE recipient SET state = '{state.value}', reason = CAST(v.reason AS TEXT),"
            " finished_at = CAST(v.at AS BIGINT) FROM v WHERE recipient.id = CAST(v.id AS BIGINT)"
            f" AND recipient.state = '{old.value}' RETURNING recipient.id",
        )
        for old in WAITING_STATES
    }
    return count_ended(campaign_id, ended, state)


def cancel_waiting(campaign_id: int, now: int, limit: int = 20_000) -> int:
    """Cancel recipients that wait in a stopped campaign, up to `limit` of each state; return how many."""
    ended = {
        COUNT_OF_STATE[old]: changed(
            f"UPDATE recipient SET state = '{RecipientState.CANCELLED}', finished_at = ? WHERE state = ?"
            " AND id IN (SELECT id FROM recipient WHERE campaign_id = ? AND state = ? LIMIT ?)",
            [now, old.value, campaign_id, old.value, limit],
        )
        for old in WAITING_STATES
    }
    return count_ended(campaign_id, ended, RecipientState.CANCELLED)


def release(claims: Sequence[ClaimedCall], hooks: Sequence[UndoHook] = ()) -> list[ClaimedCall]:
    """Undo claims that were never handed to a switch: the recipients go back to the queue.

    Returns the released ones.  An attempt that is no longer `created` stays, and so does what its claim wrote.
    """
    gone = {
        row[0]
        for row in over_values(
            ("id", "uuid"),
            [(item.attempt_id, item.uuid) for item in claims],
            f"DELETE FROM attempt WHERE state = '{AttemptState.CREATED}'"
            " AND id IN (SELECT CAST(v.id AS BIGINT) FROM v)"
            # SQLite reuses the id of a deleted attempt.
            " AND EXISTS (SELECT 1 FROM v WHERE CAST(v.id AS BIGINT) = attempt.id AND v.uuid = attempt.uuid)"
            " RETURNING id",
        )
    }
    moved = {
        row[0]
        for row in over_values(
            ("id", "attempt_id", "state"),
            [
                (item.recipient.id, item.attempt_id, item.recipient.state)
                for item in claims
                if item.attempt_id in gone
            ],
            "UPDATE recipient SET state = CAST(v.state AS TEXT), attempt_id = NULL FROM v"
            " WHERE recipient.id = CAST(v.id AS BIGINT) AND recipient.attempt_id = CAST(v.attempt_id AS BIGINT)"
            f" AND recipient.state = '{RecipientState.CLAIMED}' RETURNING recipient.id",
        )
    }
    back = [item for item in claims if item.attempt_id in gone and item.recipient.id in moved]
    by_campaign: dict[int, list[ClaimedCall]] = {}
    for item in back:
        by_campaign.setdefault(item.campaign_id, []).append(item)
    for campaign_id, items in sorted(by_campaign.items()):
        changes = Counter(COUNT_OF_STATE[item.recipient.state] for item in items)
        add_counts(campaign_id, {**changes, "live": -len(items)})
        for hook in hooks:
            hook(campaign_id, items)
    return back
