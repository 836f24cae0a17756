"""Calls that ended become events, one for each hook that wants one: in the sender, not in the engine."""

from __future__ import annotations

from typing import Any

from engine.states import WAITING_STATES
from engine.store.database import is_sqlite
from engine.store.sql import execute
from engine.store.tables.core import Attempt
from engine.store.tables.webhooks import WebhookCall
from engine.store.webhook_events import KEY_PRESSED, RECIPIENT_ENDED, Happened, note

AT_ONCE = 50  # calls; each may be an event or two of ten hooks, and the engine waits for the lock meanwhile
_FIELDS = (
    Attempt.id, Attempt.campaign_id, Attempt.recipient_id, Attempt.disposition, Attempt.vote, Attempt.answered_at,
    Attempt.ended_at, Attempt.heard_ms,
)  # fmt: skip


def has_calls() -> bool:
    """Whether calls wait."""
    return bool(execute("SELECT 1 FROM webhook_call LIMIT 1"))


def fan_out() -> int:
    """Write the events of calls, in the order of their attempts, in a transaction; how many calls (`AT_ONCE`: more wait)."""
    first = WebhookCall.select(WebhookCall.attempt_id).order_by(WebhookCall.attempt_id).limit(AT_ONCE)
    if not is_sqlite():
        first = first.for_update(skip_locked=True)  # another sender takes others
    taken = WebhookCall.delete().where(WebhookCall.attempt_id.in_(first)).returning(WebhookCall).execute()
    calls = {int(row.attempt_id): (int(row.account_id), str(row.state), int(row.at)) for row in taken}
    attempts = Attempt.select(*_FIELDS).where(Attempt.id.in_(list(calls))).order_by(Attempt.id)
    by_instant: dict[int, list[Happened]] = {}
    for row in attempts:
        account_id, state, at = calls[row.id]
        by_instant.setdefault(at, []).extend(_events_of(row, account_id, state))
    for at in sorted(by_instant):  # so that a recipient's earlier call comes first
        note(by_instant[at], at)
    return len(calls)


def _events_of(row: Attempt, account_id: int, state: str) -> list[Happened]:
    data: dict[str, Any] = {
        "campaign_id": row.campaign_id,
        "recipient_id": row.recipient_id,
        "attempt_id": row.id,
        "state": state,
        "disposition": row.disposition,
        "key": row.vote,
        "answered_at": row.answered_at,
        "ended_at": row.ended_at,
        "heard_ms": row.heard_ms,
    }
    subject = f"recipient/{row.recipient_id}"
    found = []
    if row.vote:
        found.append(Happened(account_id, KEY_PRESSED, subject, data))
    if state not in WAITING_STATES:
        found.append(Happened(account_id, RECIPIENT_ENDED, subject, data))
    return found
