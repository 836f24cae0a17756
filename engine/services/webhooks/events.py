"""Events to be sent: which are due, the outcome of each, and sending them again."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from engine.clock import from_ms
from engine.errors import BadInput
from engine.services.accounts.permissions import Actor, require
from engine.services.webhooks import hooks
from engine.services.webhooks.fan_out import fill_in
from engine.store.sql import execute
from engine.store.tables.webhooks import WebhookEvent
from engine.store.webhook_events import TEST, Happened, add

LEASE_MS = 60_000  # of a try: if the sender dies, the event is sent again
PATIENCE_MS = 86_400_000  # tries for a day; then it is parked
PAUSES_S = (5, 30, 120, 600, 1800, 3600, 7200)  # between tries; the last one again and again
KEPT_MS = 7 * 86_400_000  # events that were sent
PARKED_KEPT_MS = 30 * 86_400_000
LONGEST_ANSWER = 2_000  # characters kept of an answer
MOST_REPLAYED = 10_000
SWEPT_AT_ONCE = 5_000

# Parameters: the hook, now, how many.  An event waits while an earlier one of its subject does.
_DUE = """
SELECT e.id, e.kind, e.subject, e.data, e.at, e.tries FROM webhook_event e
WHERE e.webhook_id = ? AND e.state = 'pending' AND e.next_at <= ?
  AND NOT EXISTS (SELECT 1 FROM webhook_event f WHERE f.webhook_id = e.webhook_id AND f.subject = e.subject
    AND f.state = 'pending' AND f.id < e.id)
ORDER BY e.id LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Due:
    """An event that is to be sent now."""

    event_id: int
    kind: str
    subject: str
    data: dict[str, Any]
    at: int
    tries: int

    @property
    def message_id(self) -> str:
        """The id that every try of this event shows."""
        return f"evt_{self.event_id}"

    def content(self) -> dict[str, Any]:
        """The body of the event: the same in every try."""
        return {
            "id": self.message_id,
            "type": self.kind,
            "timestamp": from_ms(self.at).isoformat().replace("+00:00", "Z"),
            "data": self.data,
        }


@dataclass(frozen=True, slots=True)
class Told:
    """The outcome of a try; `status` None: no answer, and `answer` says why."""

    event_id: int
    is_taken: bool
    status: int | None
    answer: str
    at: int


def due(hook_id: int, now: int, limit: int) -> list[Due]:
    """The first events that may be sent, at most one of each subject."""
    rows = execute(_DUE, [hook_id, now, limit])
    found = [
        Due(int(event_id), kind, subject, orjson.loads(data), int(at), int(tries))
        for event_id, kind, subject, data, at, tries in rows
    ]
    fill_in(event.data for event in found)
    return found


def take(event_ids: Sequence[int], now: int) -> set[int]:
    """Claim these events for a while; returns those claimed.  Conditional: two senders get different ones."""
    if not event_ids:
        return set()
    rows = (
        WebhookEvent.update(next_at=now + LEASE_MS, tries=WebhookEvent.tries + 1)
        .where(WebhookEvent.id.in_(event_ids), WebhookEvent.state == "pending", WebhookEvent.next_at <= now)
        .returning(WebhookEvent.id)
        .execute()
    )
    return {int(row.id) for row in rows}


def release(found: Sequence[Due], taken_at: int) -> None:
    """Let events that were taken at `taken_at` and not sent be taken again at once; not those another sender took since."""
    WebhookEvent.update(next_at=taken_at, tries=WebhookEvent.tries - 1).where(
        WebhookEvent.id.in_([event.event_id for event in found]),
        WebhookEvent.state == "pending",
        WebhookEvent.next_at == taken_at + LEASE_MS,
    ).execute()


def settle(told: Sequence[Told]) -> None:
    """Write what became of tries: sent, due again after a pause, or parked after a day."""
    taken: dict[tuple[int | None, str], list[Told]] = {}
    for one in told:
        if one.is_taken:
            taken.setdefault((one.status, one.answer[:LONGEST_ANSWER]), []).append(one)
    for (status, answer), ones in taken.items():
        WebhookEvent.update(state="sent", status=status, answer=answer, ended_at=ones[-1].at).where(
            WebhookEvent.id.in_([one.event_id for one in ones]), WebhookEvent.state == "pending"
        ).execute()
    for one in told:
        if one.is_taken:
            continue
        row = WebhookEvent.get_or_none(WebhookEvent.id == one.event_id)
        if row is None or row.state != "pending":
            continue
        values: dict[str, Any] = {"status": one.status, "answer": one.answer[:LONGEST_ANSWER]}
        if one.at - row.at >= PATIENCE_MS:
            values |= {"state": "parked", "ended_at": one.at}
        else:
            pause_s = PAUSES_S[min(row.tries, len(PAUSES_S)) - 1] if row.tries else PAUSES_S[0]
            values["next_at"] = one.at + int(pause_s * 1000 * random.uniform(1.0, 1.2))
        WebhookEvent.update(**values).where(
            WebhookEvent.id == one.event_id, WebhookEvent.state == "pending"
        ).execute()


def log_of(
    account_id: int, hook_id: int, before_id: int | None, limit: int, state: str = ""
) -> list[WebhookEvent]:
    """A hook's events, the newest first, with all that is told of each."""
    hooks.get(account_id, hook_id)
    query = WebhookEvent.select().where(WebhookEvent.webhook_id == hook_id)
    if before_id is not None:
        query = query.where(WebhookEvent.id < before_id)
    if state:
        query = query.where(WebhookEvent.state == state)
    rows = list(query.order_by(WebhookEvent.id.desc()).limit(limit))
    told = [orjson.loads(row.data) for row in rows]
    fill_in(told)
    for row, data in zip(rows, told, strict=True):
        row.data = orjson.dumps(data).decode()
    return rows


def replay(
    person: Actor, account_id: int, hook_id: int, now: int, first_id: int, last_id: int | None = None
) -> int:
    """Send events again, with their ids: one, or those from `first_id` to `last_id`; how many."""
    require(person, "webhook.change", account_id)
    hooks.get(account_id, hook_id)
    last = first_id if last_id is None else last_id
    rows = (
        WebhookEvent.select(WebhookEvent.id)
        .where(WebhookEvent.webhook_id == hook_id, WebhookEvent.id.between(first_id, last))
        .where(WebhookEvent.state != "pending")
        .order_by(WebhookEvent.id)
        .limit(MOST_REPLAYED + 1)
    )
    ids = [row.id for row in rows]
    if len(ids) > MOST_REPLAYED:
        raise BadInput("At most %(n)s events are sent again at once.", n=MOST_REPLAYED)
    for at in range(0, len(ids), 500):
        WebhookEvent.update(state="pending", next_at=now, tries=0, ended_at=None).where(
            WebhookEvent.id.in_(ids[at : at + 500])
        ).execute()
    return len(ids)


def send_test(person: Actor, account_id: int, hook_id: int, now: int) -> None:
    """Send a test event, to see whether the receiver works."""
    require(person, "webhook.change", account_id)
    hooks.get(account_id, hook_id)
    add([(hook_id, Happened(account_id, TEST, f"test/{now}", {"hello": "Avanak"}))], now)


def sweep(now: int) -> int:
    """Remove old events; how many, at most `SWEPT_AT_ONCE`."""
    old = (
        WebhookEvent.select(WebhookEvent.id)
        .where(
            ((WebhookEvent.state == "sent") & (WebhookEvent.ended_at < now - KEPT_MS))
            | ((WebhookEvent.state == "parked") & (WebhookEvent.ended_at < now - PARKED_KEPT_MS))
        )
        .limit(SWEPT_AT_ONCE)
    )
    return int(WebhookEvent.delete().where(WebhookEvent.id.in_([row.id for row in old])).execute())
