"""Results of synthetic calls to each switch's echo extension (`dialplan/avanak/05_probe.xml`)."""

from __future__ import annotations

from engine.sentences import kept, sentence_of
from engine.store.sql import execute
from engine.store.tables.sla import ProbeResult

KEEP_MS = 90 * 86_400_000
FRESH_MS = 5 * 60_000  # an older result says nothing of now
FAILS_TO_BE_DOWN = 2  # one lost packet is no outage


def note(switch_name: str, at: int, is_ok: bool, took_ms: int, answer: str) -> None:
    """Write a probe's result; `answer` is the switch's word (``+OK …``, ``-ERR …``)."""
    ProbeResult.create(switch_name=switch_name, at=at, is_ok=is_ok, took_ms=took_ms, answer=answer[:200])


def failing(switch_name: str, now: int) -> str:
    """Why the probes say that a switch is down; empty if they do not."""
    rows = execute(
        "SELECT is_ok, answer FROM probe_result WHERE switch_name = ? AND at > ? ORDER BY at DESC LIMIT ?",
        [switch_name, now - FRESH_MS, FAILS_TO_BE_DOWN],
    )
    if len(rows) < FAILS_TO_BE_DOWN or any(is_ok for is_ok, _ in rows):
        return ""
    return kept("the last %(n)s synthetic calls failed: %(why)s", n=len(rows), why=sentence_of(rows[0][1]))


def prune(now: int) -> int:
    """Remove results older than 90 days; how many."""
    return int(ProbeResult.delete().where(ProbeResult.at < now - KEEP_MS).execute())
