"""Call records of switches: how far a record file was read, and records that a switch posted to us.

Functions run inside a transaction, or a connection when they only read.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.store.sql import changed, execute, run_over_values
from engine.store.tables.cdr import RecordCursor, RecordMark

KEEP_MS = 24 * 3600 * 1000  # posted records are needed until their call is settled, minutes at most


def load_cursor(switch_id: int) -> RecordCursor | None:
    return RecordCursor.get_or_none(RecordCursor.switch_id == switch_id)


def save_cursor(switch_id: int, inode: int, head: str, position: int) -> None:
    """Store how far a switch's records have been processed."""
    execute(
        "INSERT INTO record_cursor (switch_id, inode, head, position) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (switch_id) DO UPDATE SET inode = excluded.inode, head = excluded.head,"
        " position = excluded.position",
        [switch_id, inode, head, position],
    )


def add_posted(switch_name: str, records: Sequence[tuple[str, str]], now: int) -> int:
    """Store posted records, ``(uuid, fields as JSON)``; return how many.  A repeated one does no harm."""
    return run_over_values(
        ("switch_name", "uuid", "fields", "at"),
        [(switch_name, uuid, fields, now) for uuid, fields in records],
        "INSERT INTO call_record (switch_name, uuid, fields, received_at)"
        " SELECT CAST(v.switch_name AS TEXT), CAST(v.uuid AS TEXT), CAST(v.fields AS TEXT),"
        " CAST(v.at AS BIGINT) FROM v WHERE TRUE RETURNING id",
    )


def add_mark(switch_name: str, now: int) -> None:
    """Note a switch's report that it has listed its records and sent all of them since the last report."""
    execute(
        "INSERT INTO record_mark (switch_name, marks, at) VALUES (?, 1, ?)"
        " ON CONFLICT (switch_name) DO UPDATE SET marks = record_mark.marks + 1, at = excluded.at",
        [switch_name, now],
    )


def marks_of(switch_name: str) -> int:
    """How many such reports a switch has made."""
    row = RecordMark.get_or_none(RecordMark.switch_name == switch_name)
    return int(row.marks) if row is not None else 0


def posted_after(switch_name: str, last_id: int, limit: int = 2_000) -> list[tuple[int, str, str]]:
    """Posted records after `last_id`, ``(id, uuid, fields)``, oldest first."""
    rows = execute(
        "SELECT id, uuid, fields FROM call_record WHERE switch_name = ? AND id > ? ORDER BY id LIMIT ?",
        [switch_name, last_id, limit],
    )
    return [(int(row[0]), row[1], row[2]) for row in rows]


def prune_posted(before: int, limit: int = 20_000) -> int:
    """Remove posted records that came before `before`; return how many."""
    return changed(
        "DELETE FROM call_record WHERE id IN (SELECT id FROM call_record WHERE received_at < ? LIMIT ?)",
        [before, limit],
    )
