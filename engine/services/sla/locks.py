"""The lock of a month: one closer or committee at a time writes statements and credits of it."""

from __future__ import annotations

from engine.store.sql import execute
from engine.store.tables.sla import MonthClose


def lock_month(month: str) -> str:
    """Hold a month against other closers until the transaction ends; the hash it was last closed with."""
    execute(
        "INSERT INTO month_close (month, inputs_sha256, closed_at) VALUES (?, '', 0) ON CONFLICT DO NOTHING",
        [month],
    )
    rows = execute("UPDATE month_close SET month = month WHERE month = ? RETURNING inputs_sha256", [month])
    return str(rows[0][0])


def is_closed(month: str) -> bool:
    """Whether a month's statements were all written."""
    row = MonthClose.get_or_none(MonthClose.month == month)
    return row is not None and bool(row.inputs_sha256)
