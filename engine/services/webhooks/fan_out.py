"""Turns ended calls into events, one for each hook that wants them; in the sender, not in the engine.

An event of a call keeps the attempt's id and what became of the recipient; the rest is read from the attempt,
which never changes, when the event is told or shown (`fill_in`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.store.database import is_sqlite
from engine.store.sql import WAITING, run_over_values
from engine.store.tables.core import Attempt, Recipient
from engine.store.tables.webhooks import WebhookCall
from engine.store.webhook_events import KEY_PRESSED, RECIPIENT_ENDED

AT_ONCE = 50  # calls; each may be an event or two of ten hooks, and the engine waits for the lock meanwhile
_FIELDS = (
    Attempt.id, Attempt.campaign_id, Attempt.recipient_id, Attempt.disposition, Attempt.vote, Attempt.answered_at,
    Attempt.ended_at, Attempt.heard_ms,
)  # fmt: skip
# Over rows (attempt_id, account_id, state, at).  A hook's kinds are words with blanks between them.
_INSERT = f"""
INSERT INTO webhook_event (webhook_id, kind, subject, data, at, state, next_at, tries, answer)
SELECT w.id, k.kind, 'recipient/' || a.recipient_id,
  '{{"attempt_id": ' || a.id || ', "state": "' || CAST(v.state AS TEXT) || '"}}',
  CAST(v.at AS BIGINT), 'pending', CAST(v.at AS BIGINT), 0, ''
FROM v JOIN attempt a ON a.id = CAST(v.attempt_id AS BIGINT)
  JOIN webhook w ON w.account_id = CAST(v.account_id AS BIGINT) AND w.is_active
  JOIN (SELECT '{KEY_PRESSED}' AS kind, 0 AS place UNION ALL SELECT '{RECIPIENT_ENDED}', 1) k
    ON REPLACE(' ' || w.kinds || ' ', ' ' || k.kind || ' ', '') <> ' ' || w.kinds || ' '
WHERE (k.place = 0 AND a.vote <> '') OR (k.place = 1 AND CAST(v.state AS TEXT) NOT IN {WAITING})
ORDER BY a.id, k.place, w.id
"""  # noqa: S608 - constants


def has_calls() -> bool:
    """Whether calls wait."""
    return bool(WebhookCall.select().exists())


def fan_out() -> int:
    """Write the events of calls, in the order of their attempts, in a transaction; how many calls (`AT_ONCE`: more wait)."""
    first = WebhookCall.select(WebhookCall.attempt_id).order_by(WebhookCall.attempt_id).limit(AT_ONCE)
    if not is_sqlite():
        first = first.for_update(skip_locked=True)  # another sender takes others
    taken = WebhookCall.delete().where(WebhookCall.attempt_id.in_(first)).returning(WebhookCall).execute()
    rows = sorted((row.attempt_id, row.account_id, row.state, row.at) for row in taken)
    run_over_values(("attempt_id", "account_id", "state", "at"), rows, _INSERT)
    return len(rows)


def fill_in(found: Iterable[dict[str, Any]]) -> None:
    """Add to the data of events of calls what is told of them; other events are left as they are."""
    of_calls = [data for data in found if "attempt_id" in data]
    attempts = {
        row.id: row
        for row in Attempt.select(*_FIELDS).where(Attempt.id.in_({d["attempt_id"] for d in of_calls}))
    }
    ids = {row.recipient_id for row in attempts.values()}
    recipients = Recipient.select(Recipient.id, Recipient.number).where(Recipient.id.in_(ids))
    numbers = {row.id: row.number for row in recipients}
    for data in of_calls:
        row = attempts.get(data["attempt_id"])
        if row is not None:
            data |= {
                "campaign_id": row.campaign_id,
                "recipient_id": row.recipient_id,
                "number": numbers.get(row.recipient_id, ""),
                "disposition": row.disposition,
                "key": row.vote,
                "answered_at": row.answered_at,
                "ended_at": row.ended_at,
                "heard_ms": row.heard_ms,
            }
