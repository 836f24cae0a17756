"""The quick sends of an account: how they ended in a span of time, and whether one is a repetition.

Functions run inside a transaction, or a connection when they only read; instants are ms UTC.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from engine.services.compliance.do_not_call import as_integer
from engine.states import Disposition, RecipientState
from engine.store.bulk import insert_rows
from engine.store.rows import put
from engine.store.sql import execute
from engine.store.tables.sends import QuickSend


@dataclass(frozen=True, slots=True)
class Tally:
    """Quick sends of a span: how many, how they ended, what was heard (ms) and charged (Rials)."""

    total: int
    delivered: int
    waiting: int  # not called yet, or in a call
    by_disposition: dict[str, int]  # of those that ended without being delivered
    heard_ms: int
    price: int


def note(recipient_id: int, account_id: int, e164: str, now: int) -> None:
    """A quick send was accepted."""
    put(QuickSend, recipient_id=recipient_id, account_id=account_id, number=as_integer(e164), created_at=now)


def note_many(account_id: int, sent: Sequence[tuple[int, str]], now: int) -> None:
    """Quick sends were accepted together: (recipient, E.164)."""
    rows = [(recipient_id, account_id, as_integer(e164), now) for recipient_id, e164 in sent]
    insert_rows(QuickSend, ("recipient_id", "account_id", "number", "created_at"), rows)


def is_repeated(account_id: int, e164: str, prompt: str, since: int) -> bool:
    """Whether the account sent this sound to this number at `since` or later."""
    rows = execute(
        "SELECT 1 FROM quick_send q JOIN recipient r ON r.id = q.recipient_id"
        " WHERE q.account_id = ? AND q.number = ? AND q.created_at >= ? AND r.prompt = ? LIMIT 1",
        [account_id, as_integer(e164), since, prompt],
    )
    return bool(rows)


def tally(account_id: int, from_at: int, until_at: int) -> Tally:
    """The quick sends that an account asked for from `from_at` until before `until_at`."""
    rows = execute(
        "SELECT r.state, r.disposition, COUNT(*), SUM(COALESCE(a.heard_ms, 0)), SUM(COALESCE(a.price, 0))"
        " FROM quick_send q JOIN recipient r ON r.id = q.recipient_id"
        " LEFT JOIN attempt a ON a.id = r.attempt_id"
        " WHERE q.account_id = ? AND q.created_at >= ? AND q.created_at < ?"
        " GROUP BY r.state, r.disposition",
        [account_id, from_at, until_at],
    )
    waiting = (
        RecipientState.PENDING,
        RecipientState.RETRY_WAIT,
        RecipientState.CLAIMED,
        RecipientState.IN_CALL,
    )
    others: Counter[str] = Counter()
    for state, disposition, number, _, _ in rows:
        if state not in (*waiting, RecipientState.DELIVERED):
            others[disposition or Disposition.CANCELLED] += int(number)
    return Tally(
        total=sum(int(row[2]) for row in rows),
        delivered=sum(int(row[2]) for row in rows if row[0] == RecipientState.DELIVERED),
        waiting=sum(int(row[2]) for row in rows if row[0] in waiting),
        by_disposition=dict(others),
        heard_ms=sum(int(row[3]) for row in rows),
        price=sum(int(row[4]) for row in rows),
    )
