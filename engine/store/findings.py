"""Audit findings: the newest for each kind and subject, as the pages list them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.store.sql import changed, execute
from engine.store.tables.findings import AuditFinding


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference that was found: `kind` is a stable word, `subject` names where (``campaign 7``), `about_id` is its id."""

    kind: str
    subject: str
    sentence: str
    is_repaired: bool
    about_id: int | None = None


def note_findings(findings: Sequence[Finding], now: int) -> None:
    """Keep findings for the screens; inside a transaction."""
    for item in findings:
        execute(
            "INSERT INTO audit_finding (kind, subject, sentence, is_repaired, times, first_at, last_at)"
            " VALUES (?, ?, ?, ?, 1, ?, ?) ON CONFLICT (kind, subject) DO UPDATE SET"
            " sentence = excluded.sentence, is_repaired = excluded.is_repaired,"
            " times = audit_finding.times + 1, last_at = excluded.last_at",
            [item.kind[:40], item.subject[:80], item.sentence, item.is_repaired, now, now],
        )


def recent_findings(since: int, limit: int = 100) -> list[AuditFinding]:
    """Findings made since `since`, the newest first; inside a connection."""
    query = AuditFinding.select().where(AuditFinding.last_at >= since)
    return list(query.order_by(AuditFinding.last_at.desc()).limit(limit))


def open_findings(since: int) -> int:
    """How many findings since `since` could not be corrected; inside a connection."""
    return int(
        execute("SELECT COUNT(*) FROM audit_finding WHERE last_at >= ? AND NOT is_repaired", [since])[0][0]
    )


def forget_findings(before: int) -> int:
    """Remove findings that were not found again since `before`."""
    return changed("DELETE FROM audit_finding WHERE last_at < ?", [before])
