"""`bench sla`: the time for a year's statements, accounts × 12 months, with outages, exclusions, evidence and credits.

The database is new (SQLite in a temporary folder, or an empty one given by ``--database``) and is filled with firms,
subscriptions, outages and exclusions from a fixed seed.  Only the closing is timed; it is repeated to show that a
second run writes nothing.
"""

from __future__ import annotations

import json
import random
import resource
import tempfile
from pathlib import Path
from typing import Any

import click
from peewee import chunked

from engine.agreement.months import Month
from engine.agreement.terms import ExclusionKind
from engine.clock import monotonic_s
from engine.errors import BadInput
from engine.services.sla import archive, closing
from engine.services.sla.closing import StatementPolicy
from engine.store import database, threads
from engine.store.sql import execute
from engine.store.tables.core import Account
from engine.store.tables.sla import Credit, Statement
from engine.store.threads import read, write
from engine.store.writer import Writer

YEAR = 1404
MINUTE_MS, DAY_MS = 60_000, 86_400_000
SHARED = 0.9  # this share of outages concerns everybody


@click.command("sla")
@click.option("--accounts", default=10_000, show_default=True, type=click.IntRange(1, 1_000_000))
@click.option("--outages", default=2_000, show_default=True, type=click.IntRange(0, 100_000))
@click.option("--exclusions", default=500, show_default=True, type=click.IntRange(0, 100_000))
@click.option("--credits", "mode", default="all", show_default=True, type=click.Choice(["all", "claimed"]))
@click.option(
    "--database", "url", default="", help="An EMPTY database.  Default: SQLite in a temporary folder."
)
@click.option("--verify", is_flag=True, help="Recompute every statement from its evidence at the end.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def sla_command(
    accounts: int, outages: int, exclusions: int, mode: str, url: str, verify: bool, as_json: bool
) -> None:
    """Close the twelve months of a year for many accounts."""
    with tempfile.TemporaryDirectory(prefix="avanak-bench-sla-") as folder:
        answer = measure(
            url or f"sqlite:///{Path(folder) / 'bench.db'}", accounts, outages, exclusions, mode, verify
        )
    if as_json:
        click.echo(json.dumps(answer, indent=2))
        return
    click.echo("\n".join(f"{name.replace('_', ' ')}: {value}" for name, value in answer.items()))


def measure(
    url: str, accounts: int, outages: int, exclusions: int, mode: str, verify: bool = False
) -> dict[str, Any]:
    """Fill the database at `url`, close the year and return the figures.  Raises BadInput if it is not empty."""
    database.open_database(url)
    database.upgrade()
    if read(lambda: execute("SELECT 1 FROM account LIMIT 1")):
        raise BadInput("The bench needs an empty database.")
    writer = Writer()
    writer.start()
    threads.use_writer(writer)  # as an engine does: one connection writes
    try:
        return _close_year(url, accounts, outages, exclusions, mode, verify)
    finally:
        writer.stop()
        threads.use_writer(None)
        threads.close_readers()


def _close_year(
    url: str, accounts: int, outages: int, exclusions: int, mode: str, verify: bool
) -> dict[str, Any]:
    write(lambda: _fill(accounts, outages, exclusions))
    now = Month.of(YEAR + 1, 1).start * 1000 + DAY_MS
    policy = StatementPolicy(credits=mode)
    began = monotonic_s()
    closed = closing.close_all(policy, now, write)
    took_s = monotonic_s() - began
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    began = monotonic_s()
    again = closing.close_all(policy, now, write)
    again_s = monotonic_s() - began
    answer = {
        "database": url.partition(":")[0],
        "accounts": accounts,
        "months": len(closed),
        "outages": outages,
        "exclusions": exclusions,
        "credits_mode": mode,
        "statements": read(lambda: Statement.select().count()),
        "evidence": read(lambda: execute("SELECT COUNT(*) FROM evidence")[0][0]),
        "credits": read(lambda: Credit.select().count()),
        "ledger_sum": int(read(lambda: execute("SELECT COALESCE(SUM(amount), 0) FROM ledger_entry")[0][0])),
        "seconds": round(took_s, 2),
        "peak_mb": round(peak_mb),
        "seconds_of_a_second_run": round(again_s, 2),
        "written_by_a_second_run": sum(each.statements + each.adjustments + each.credits for each in again),
    }
    if verify:
        began = monotonic_s()
        answer["faults"] = len(read(lambda: list(archive.verify())))
        answer["seconds_of_verifying"] = round(monotonic_s() - began, 2)
    return answer


def _fill(accounts: int, outages: int, exclusions: int) -> None:
    chance = random.Random(1405)
    start = Month.of(YEAR, 1).start * 1000
    end = Month.of(YEAR + 1, 1).start * 1000
    long_ago = start - 400 * DAY_MS
    ids = list(range(1, accounts + 1))
    for some in chunked(ids, 100):
        Account.insert_many(
            [{"id": each, "name": f"firm {each}", "created_at": long_ago} for each in some]
        ).execute()
    _insert(
        "subscription",
        "account_id, plan_id, months, price, from_at, until_at, created_at",
        [(each, 1, 24, 24_000_000, long_ago, end + 40 * DAY_MS, long_ago) for each in ids],
    )
    rows: list[tuple[Any, ...]] = []
    for number in range(outages):
        at = chance.randrange(start, end)
        whose = None if chance.random() < SHARED else chance.choice(ids)
        length = round(chance.expovariate(1 / 6) * MINUTE_MS) + 1000
        rows.append((number + 1, whose, "staff", "service", 1, at, at + length, False, "bench", at))
    _insert(
        "outage",
        "id, account_id, source, component, revision, start_at, end_at, is_void, reason, created_at",
        rows,
    )
    shared = [
        ExclusionKind.PLANNED_MAINTENANCE,
        ExclusionKind.ANNOUNCED_OUTAGE,
        ExclusionKind.OUTSIDE_CONTROL,
    ]
    single = [kind for kind in ExclusionKind if kind not in shared]
    rows = []
    for _ in range(exclusions):
        is_shared = chance.random() < 0.5
        kind = chance.choice(shared if is_shared else single)
        at = chance.randrange(start, end)
        announced = at - chance.randrange(96) * 3_600_000 if is_shared and kind in shared[:2] else None
        length = chance.randrange(1, 240) * MINUTE_MS
        rows.append(
            (
                None if is_shared else chance.choice(ids),
                kind.value,
                at,
                at + length,
                announced,
                "bench",
                1,
                at,
                "",
            )
        )
    _insert(
        "exclusion",
        "account_id, kind, start_at, end_at, announced_at, reason, author_id, created_at, withdrawn_why",
        rows,
    )


def _insert(table: str, columns: str, rows: list[tuple[Any, ...]]) -> None:
    width = columns.count(",") + 1
    for at in range(0, len(rows), 500):
        part = rows[at : at + 500]
        marks = ",".join(["(" + ",".join("?" * width) + ")"] * len(part))
        execute(  # the words are constants; values travel as parameters
            f"INSERT INTO {table} ({columns}) VALUES {marks}",  # noqa: S608 - constants
            [value for row in part for value in row],
        )
