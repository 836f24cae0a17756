"""Events for web hooks, written in the transaction of the change that they report.

Each subscribed hook gets a row of its own, so that a dead receiver does not hold up others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import orjson

from engine.store.bulk import insert_rows
from engine.store.sql import execute
from engine.store.tables.webhooks import WebhookEvent

RECIPIENT_ENDED = "recipient.ended"
KEY_PRESSED = "recipient.key_pressed"
CAMPAIGN_STARTED = "campaign.started"
CAMPAIGN_PAUSED = "campaign.paused"
CAMPAIGN_FINISHED = "campaign.finished"
MESSAGE_APPROVED = "message.approved"
CREDIT_LOW = "credit.low"
TICKET_ANSWERED = "ticket.answered"
OUTAGE = "outage"
TEST = "test"  # asked for by hand; needs no subscription
KINDS = (
    RECIPIENT_ENDED, KEY_PRESSED, CAMPAIGN_STARTED, CAMPAIGN_PAUSED, CAMPAIGN_FINISHED, MESSAGE_APPROVED, CREDIT_LOW,
    TICKET_ANSWERED, OUTAGE,
)  # fmt: skip

_COLUMNS = ("webhook_id", "kind", "subject", "data", "at", "state", "next_at", "tries", "answer")


class Happened(NamedTuple):
    """Something that happened in an account; `data` must be JSON without secrets."""

    account_id: int
    kind: str
    subject: str
    data: dict[str, Any]


def note(events: Sequence[Happened], now: int) -> int:
    """Write the events for the hooks that subscribe to them; return the number of rows.  Inside a transaction."""
    if not events:
        return 0
    wanted = hooks_of({event.account_id for event in events})
    return add(
        (
            (hook_id, event)
            for event in events
            for hook_id, kinds in wanted.get(event.account_id, ())
            if event.kind in kinds
        ),
        now,
    )


def hooks_of(account_ids: Iterable[int]) -> dict[int, list[tuple[int, frozenset[str]]]]:
    """The active hooks of these accounts, each with the kinds it subscribes to."""
    ids = sorted(set(account_ids))
    found: dict[int, list[tuple[int, frozenset[str]]]] = {}
    if ids:
        marks = ", ".join("?" * len(ids))
        rows = execute(
            f"SELECT account_id, id, kinds FROM webhook WHERE is_active AND account_id IN ({marks})", ids
        )
        for account_id, hook_id, kinds in rows:
            found.setdefault(int(account_id), []).append((int(hook_id), frozenset(kinds.split())))
    return found


def everybody(kind: str, subject: str, data: dict[str, Any], now: int) -> int:
    """Write an event for all hooks of all accounts that subscribe to its kind; return how many."""
    rows = execute("SELECT account_id, id, kinds FROM webhook WHERE is_active", [])
    return add(
        (
            (int(hook_id), Happened(int(account_id), kind, subject, data))
            for account_id, hook_id, kinds in rows
            if kind in kinds.split()
        ),
        now,
    )


def add(events: Iterable[tuple[int, Happened]], now: int) -> int:
    """Write rows for named hooks."""
    texts: dict[int, str] = {}  # an event may go to several hooks

    def text(event: Happened) -> str:
        if id(event.data) not in texts:
            texts[id(event.data)] = orjson.dumps(event.data).decode()
        return texts[id(event.data)]

    kept = list(events)  # keeps the objects alive, so that no id() is reused
    rows = [
        (hook_id, event.kind, event.subject, text(event), now, "pending", now, 0, "")
        for hook_id, event in kept
    ]
    insert_rows(WebhookEvent, _COLUMNS, rows)
    return len(rows)
