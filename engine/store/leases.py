"""What several engines share through the database: switches by leases, gateways by shares, jobs by rows.

Leases use the database's clock, because clocks of machines differ.  Functions run inside a
transaction, or a connection when they only read.  With SQLite there is one engine, and it holds all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.store.database import is_sqlite
from engine.store.sql import changed, execute

LEASE_MS = 8_000  # a dead engine's switches are free after this
SHARE_MS = 20_000  # a dead engine's part of a gateway is free after this; its calls have been adopted by then
NODE_MS = 8_000  # an engine that was not seen for this long counts as dead


@dataclass(frozen=True, slots=True)
class SwitchLease:
    """Who holds a switch; nobody if the owner is empty.  `is_dialled`: it is held, up and not drained."""

    switch_id: int
    name: str
    owner: str
    is_dialled: bool


def _now() -> str:
    """The database's clock in milliseconds, as an expression."""
    if is_sqlite():
        return "CAST((julianday('now') - 2440587.5) * 86400000 AS BIGINT)"
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"


# -- switches ---------------------------------------------------------------------------


def acquire(switch_id: int, owner: str) -> bool:
    """Take a switch; return False if another engine holds it."""
    return bool(
        changed(
            f"UPDATE switch SET owner = ?, leased_until_at = {_now()} + ?"
            f" WHERE id = ? AND (owner = ? OR leased_until_at <= {_now()})",
            [owner, LEASE_MS, switch_id, owner],
        )
    )


def renew(owner: str, name: str, wants: Iterable[str]) -> set[int]:
    """Renew all valid leases of `owner` and mark the engine as alive; return the switches' ids."""
    execute(
        f"INSERT INTO engine_node (owner, name, wants, seen_at) VALUES (?, ?, ?, {_now()})"
        " ON CONFLICT (owner) DO UPDATE SET name = excluded.name, wants = excluded.wants,"
        " seen_at = excluded.seen_at",
        [owner, name, " ".join(sorted(wants))],
    )
    rows = execute(
        f"UPDATE switch SET leased_until_at = {_now()} + ?"
        f" WHERE owner = ? AND leased_until_at > {_now()} RETURNING id",
        [LEASE_MS, owner],
    )
    return {int(row[0]) for row in rows}


def release(owner: str, switch_id: int) -> None:
    """Release a switch; another engine takes it within a second."""
    changed(
        "UPDATE switch SET owner = '', leased_until_at = 0 WHERE id = ? AND owner = ?", [switch_id, owner]
    )


def leave(owner: str) -> None:
    """Release everything that an engine holds, when it ends."""
    changed("UPDATE switch SET owner = '', leased_until_at = 0 WHERE owner = ?", [owner])
    changed("DELETE FROM gateway_share WHERE owner = ?", [owner])
    changed("DELETE FROM engine_node WHERE owner = ?", [owner])


def switch_leases() -> list[SwitchLease]:
    """All switches and who holds them now."""
    rows = execute(
        f"SELECT id, name, CASE WHEN leased_until_at > {_now()} THEN owner ELSE '' END, state, is_draining"
        " FROM switch ORDER BY id"
    )
    return [
        SwitchLease(int(row[0]), row[1], row[2], bool(row[2]) and row[3] == "up" and not row[4])
        for row in rows
    ]


def live_engines() -> dict[str, set[str]]:
    """Engines that were seen lately: owner -> names of the switches that it could serve."""
    rows = execute(f"SELECT owner, wants FROM engine_node WHERE seen_at > {_now()} - ?", [NODE_MS])
    return {row[0]: set(row[1].split()) for row in rows}


# -- gateways ---------------------------------------------------------------------------


def claim_share(
    gateway_id: int, owner: str, permits: int, channels: int, all_permits: int, all_channels: int
) -> tuple[int, int]:
    """Store how much of a gateway `owner` uses; return what it may use, at most what the others leave.

    A lock on the gateway's row makes engines take turns.
    """
    if not is_sqlite():
        execute("SELECT id FROM gateway WHERE id = ? FOR UPDATE", [gateway_id])
    taken = execute(
        "SELECT COALESCE(SUM(permits), 0), COALESCE(SUM(channels), 0) FROM gateway_share"
        f" WHERE gateway_id = ? AND owner <> ? AND until_at > {_now()}",
        [gateway_id, owner],
    )[0]
    granted = (
        max(0, min(permits, all_permits - int(taken[0]))),
        max(0, min(channels, all_channels - int(taken[1]))),
    )
    execute(
        "INSERT INTO gateway_share (gateway_id, owner, permits, channels, until_at)"
        f" VALUES (?, ?, ?, ?, {_now()} + ?) ON CONFLICT (gateway_id, owner) DO UPDATE SET"
        " permits = excluded.permits, channels = excluded.channels, until_at = excluded.until_at",
        [gateway_id, owner, *granted, SHARE_MS],
    )
    return granted


# -- jobs -------------------------------------------------------------------------------


def take_job(name: str, period: str, owner: str, hold_ms: int = 600_000) -> bool:
    """Take a job's run for a period (``statement``, ``1405-03``); True for one process only.

    Call `job_done` when it is done.  If the process dies first, another may take it after `hold_ms`.  A job that runs
    entirely in this transaction may pass 0: it is undone together with its row.
    """
    return bool(
        changed(
            f"INSERT INTO job_run (name, period, owner, taken_at, until_at) VALUES (?, ?, ?, {_now()}, {_now()} + ?)"
            " ON CONFLICT (name, period) DO UPDATE SET owner = excluded.owner, taken_at = excluded.taken_at,"
            f" until_at = excluded.until_at WHERE job_run.done_at IS NULL AND job_run.until_at <= {_now()}",
            [name, period, owner, hold_ms],
        )
    )


def job_done(name: str, period: str, owner: str) -> None:
    """Mark the job's run of this period as done."""
    changed(
        f"UPDATE job_run SET done_at = {_now()} WHERE name = ? AND period = ? AND owner = ?",
        [name, period, owner],
    )


# -- what screens show ------------------------------------------------------------------


def note_pulse(
    campaign_id: int, engine: str, reason: str, details: str, calls_up: int, rate: float, now: int
) -> tuple[int, float, str, str, str]:
    """Store one engine's view of a campaign; return the views of all engines of the last seconds, combined.

    (calls up, calls a second, reason, details, engine): figures are added; the reason is that of the engine that dials most.
    """
    execute(
        "INSERT INTO engine_pulse (campaign_id, engine, reason, details, calls_up, calls_per_second, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (campaign_id, engine) DO UPDATE SET"
        " reason = excluded.reason, details = excluded.details, calls_up = excluded.calls_up,"
        " calls_per_second = excluded.calls_per_second, at = excluded.at",
        [campaign_id, engine, reason, details, calls_up, rate, now],
    )
    rows = execute(
        "SELECT calls_up, calls_per_second, reason, details, engine FROM engine_pulse"
        " WHERE campaign_id = ? AND at > ? ORDER BY calls_per_second DESC, engine",
        [campaign_id, now - 5_000],
    )
    return sum(row[0] for row in rows), sum(row[1] for row in rows), *rows[0][2:]


def forget_old(now: int) -> None:
    """Remove what dead engines left behind (once a day is enough)."""
    changed(f"DELETE FROM engine_node WHERE seen_at < {_now()} - ?", [86_400_000])
    changed(f"DELETE FROM gateway_share WHERE until_at < {_now()} - ?", [86_400_000])
    changed(f"DELETE FROM job_run WHERE taken_at < {_now()} - ?", [400 * 86_400_000])
    changed("DELETE FROM engine_pulse WHERE at < ?", [now - 86_400_000])
