"""The month's job as real processes: killed with -9 in the middle, and several at once; one statement and one credit each."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.agreement.months import Month
from engine.clock import wall_ms
from engine.store.sql import execute
from engine.store.tables.core import Account
from engine.store.tables.sla import MonitorSpan, OutageRecord
from engine.store.threads import read, write

ROOT = Path(__file__).parents[2]
ACCOUNTS = 4_000  # eight transactions
OWN = 200  # accounts with an outage of their own, whose evidence is theirs alone
MONTH = Month.containing(Month.containing(wall_ms() // 1000).start - 1)  # the last one that has ended
START, END = MONTH.start * 1000, MONTH.end * 1000
DAY, MINUTE = 86_400_000, 60_000


@pytest.fixture
def customers(store) -> int:
    """Many firms with a subscription, an outage of everybody and some of single ones; the number of firms."""

    def work() -> None:
        before = START - 100 * DAY
        for first in range(1, ACCOUNTS + 1, 200):
            some = range(first, first + 200)
            Account.insert_many(
                [{"id": each, "name": f"firm {each}", "created_at": before} for each in some]
            ).execute()
            execute(
                "INSERT INTO subscription (account_id, plan_id, months, price, from_at, until_at, created_at) VALUES "
                + ",".join(["(?, 1, 12, 12000000, ?, ?, ?)"] * 200),
                [value for each in some for value in (each, before, END + 100 * DAY, before)],
            )
        MonitorSpan.create(monitor="test", from_at=START - DAY, until_at=wall_ms())
        rows = [(None, 200), *((each * 7, each % 30 + 1) for each in range(1, OWN + 1))]
        OutageRecord.insert_many(
            [
                {
                    "account_id": account_id,
                    "source": "staff",
                    "start_at": START + 3 * DAY,
                    "end_at": START + 3 * DAY + (200 if account_id is None else 200 + minutes) * MINUTE,
                    "created_at": START + 4 * DAY,
                }
                for account_id, minutes in rows
            ]
        ).execute()

    write(work)
    return ACCOUNTS


def job(store_url: str, folder: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "AVANAK_DATA_DIR": str(folder),
        "AVANAK_DATABASE_URL": store_url,
        "AVANAK_SLA_CREDITS": "all",
        "AVANAK_LOG_LEVEL": "ERROR",
    }
    command = [sys.executable, "-m", "engine", "sla", *(arguments or ("close", MONTH.key)), "--json"]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def kill_at(process: subprocess.Popen[str], statements: int) -> bool:
    """Kill it -9 as soon as so many statements are there; whether it was still at work."""
    while told() < statements:
        try:
            process.wait(0.002)
        except subprocess.TimeoutExpired:
            continue
        return False
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def told() -> int:
    return int(read(lambda: execute("SELECT COUNT(*) FROM statement")[0][0]))


def ended(process: subprocess.Popen[str]) -> dict:
    out, err = process.communicate()
    assert process.returncode == 0, err
    return json.loads(out)


def nothing_twice_and_nothing_missing(store_url: str, folder: Path) -> None:
    """One statement, one credit and one booking an account, and every hash holds."""
    count = "SELECT COUNT(*), COUNT(DISTINCT account_id) FROM"
    assert read(lambda: execute(f"{count} statement WHERE sequence = 0")) == [(ACCOUNTS, ACCOUNTS)]
    assert read(lambda: execute(f"{count} statement")) == [(ACCOUNTS, ACCOUNTS)]
    assert read(lambda: execute(f"{count} credit")) == [(ACCOUNTS, ACCOUNTS)]
    booked = "SELECT COUNT(*), COUNT(DISTINCT key) FROM ledger_txn WHERE kind = 'availability'"
    assert read(lambda: execute(booked)) == [(ACCOUNTS, ACCOUNTS)]
    assert read(lambda: execute("SELECT SUM(rials) FROM credit")) == [(ACCOUNTS * 100_000,)]
    checked = ended(job(store_url, folder, "verify"))
    assert (checked["statements"], checked["faults"]) == (ACCOUNTS, [])
    again = ended(job(store_url, folder))["months"][0]
    assert (again["statements"], again["adjustments"], again["credits"]) == (0, 0, 0)


def test_killed_in_the_middle_again_and_again(customers, store_url: str, tmp_path: Path) -> None:
    chance = random.Random()
    killed, at = 0, 0
    while at < ACCOUNTS:
        at = told() + chance.randint(1, ACCOUNTS // 3)
        killed += kill_at(job(store_url, tmp_path), min(at, ACCOUNTS))
    ended(job(store_url, tmp_path))
    assert killed >= 2
    nothing_twice_and_nothing_missing(store_url, tmp_path)


def test_several_at_once_and_one_of_them_killed(customers, store_url: str, tmp_path: Path) -> None:
    first, second, third = (job(store_url, tmp_path) for _ in range(3))
    kill_at(second, ACCOUNTS // 2)
    written = [ended(process)["months"][0]["statements"] for process in (first, third)]
    assert sum(written) <= ACCOUNTS
    ended(job(store_url, tmp_path))
    nothing_twice_and_nothing_missing(store_url, tmp_path)
