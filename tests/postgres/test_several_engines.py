"""Two engines, two switches, one PostgreSQL: a dead engine's switches and calls are taken over.

Counted at the far end: the switches' own logs of who was rung.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest

from engine.embedded.options import EmbeddedOptions
from engine.embedded.process import EmbeddedProcess
from engine.embedded.records import read_rung
from engine.store import database, leases, threads
from engine.store.audit import audit_campaign
from engine.store.database import db
from engine.store.models import (
    Account,
    Attempt,
    Campaign,
    CampaignCounts,
    CampaignPulse,
    Gateway,
    Message,
    Recipient,
)
from engine.store.threads import read, write
from tests.postgres.server import PostgresServer

ROOT = Path(__file__).resolve().parents[2]
RECIPIENTS = 400
CPS = 30


def wait_for(condition: Callable[[], Any], what: str, timeout_s: float) -> float:
    """Wait until `condition()` is true; how long it took."""
    begun = time.monotonic()
    while time.monotonic() - begun < timeout_s:
        if condition():
            return time.monotonic() - begun
        gevent.sleep(0.05)
    said = [(row.engine, row.reason, row.details) for row in read(lambda: list(CampaignPulse.select()))]
    raise AssertionError(f"waited {timeout_s:g} s in vain for {what}; the engines say {said}")


class Cluster:
    """Two embedded switches that outlive their engines, and the engines."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.switches = [
            EmbeddedProcess.start(
                EmbeddedOptions(
                    password="cluster-password", gateways=("shared",), speed=4, message_seconds=4.0,
                    log=folder / f"rung{number}.log", cdr=folder / f"cdr{number}.csv",
                )
            )
            for number in (1, 2)
        ]  # fmt: skip
        self.engines: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        words = " ".join(
            f"s{number}=esl://:cluster-password@127.0.0.1:{switch.address[1]}?cdr={self.folder}/cdr{number}.csv"
            for number, switch in enumerate(self.switches, start=1)
        )
        environment = {
            **os.environ,
            "AVANAK_DATABASE_URL": self.url,
            "AVANAK_DATA_DIR": str(self.folder / "data"),
            "AVANAK_ENGINE_NAME": name,
            "AVANAK_SWITCHES": words,
            "AVANAK_HOURS_SERVICE": "",
            "PYTHONPATH": str(ROOT),
        }
        with (self.folder / f"{name}.log").open("ab") as log:
            self.engines[name] = subprocess.Popen(
                [sys.executable, "-m", "tests.postgres.engine_process"],
                cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=log,
            )  # fmt: skip

    def kill(self, name: str) -> None:
        engine = self.engines.pop(name)
        engine.send_signal(signal.SIGKILL)
        engine.wait()

    def holders(self) -> Counter[str]:
        """How many switches each engine serves, by name; only those that are up."""
        rows = read(leases.switch_leases)
        return Counter(row.owner.partition(":")[0] for row in rows if row.is_up)

    def rung(self) -> list[Any]:
        return [one for number in (1, 2) for one in read_rung(self.folder / f"rung{number}.log")]

    def stop(self) -> None:
        for engine in self.engines.values():
            engine.terminate()
        for engine in self.engines.values():
            try:
                engine.wait(15)
            except subprocess.TimeoutExpired:
                engine.kill()
                engine.wait()
        for switch in self.switches:
            switch.kill()


@pytest.fixture
def cluster(postgres: PostgresServer, tmp_path: Path) -> Iterator[Cluster]:
    url = postgres.create()
    database.open_database(url)
    database.upgrade()
    made = Cluster(url, tmp_path)
    yield made
    made.stop()
    threads.close_readers()
    if not db.is_closed():
        db.close()
    postgres.drop(url)


def make_list(recipients: int) -> int:
    def work() -> int:
        account = Account.get(Account.is_house)  # made by the engine that started first
        Gateway.create(name="shared", cps=CPS, channels=200, created_at=1)
        message = Message.create(account=account, title="t", prompt="m1", duration_ms=4000, created_at=1)
        row = Campaign.create(
            account=account, name="c", state="running", kind="emergency", message=message, created_at=1, max_tries=1,
            ring_timeout_s=20, max_length_s=30,
        )  # fmt: skip
        CampaignCounts.create(campaign=row, total=recipients, waiting=recipients)
        CampaignPulse.create(campaign=row)
        Recipient.insert_many(
            [
                {"campaign_id": row.id, "line": n, "number": f"+98912{n + 5000:07d}", "state": "pending"}
                for n in range(recipients)
            ]
        ).execute()
        return int(row.id)

    return write(work)


def test_a_killed_engines_switches_and_calls_are_taken_over(cluster: Cluster) -> None:
    cluster.start("first")
    cluster.start("second")
    wait_for(lambda: cluster.holders() == {"first": 1, "second": 1}, "a switch for each engine", 30)
    campaign_id = make_list(RECIPIENTS)
    wait_for(lambda: len(cluster.rung()) > RECIPIENTS // 4, "a quarter of the calls", 40)
    cluster.kill("first")
    took_s = wait_for(lambda: cluster.holders() == {"second": 2}, "the take-over", 15)
    assert took_s <= 10.0
    wait_for(lambda: read(lambda: Campaign.get_by_id(campaign_id).state) == "finished", "the end", 90)

    assert read(lambda: audit_campaign(campaign_id, deep=True)) == []
    rung = cluster.rung()
    assert max(Counter(one.uuid for one in rung).values()) == 1
    attempts = {row.uuid: row for row in read(lambda: list(Attempt.select()))}
    assert {one.uuid for one in rung} <= attempts.keys()
    # Rung again only when the far end itself had said that the first did not get through.
    spent = Counter(one.number for one in rung if attempts[one.uuid].spent_try)
    assert max(spent.values()) == 1
    unknown = read(lambda: CampaignCounts.get_by_id(campaign_id)).unknown
    assert unknown == 0
    instants = sorted(one.at_ms for one in rung)
    most = max(
        sum(1 for other in instants[index : index + 2 * CPS] if other < at + 1000)
        for index, at in enumerate(instants)
    )
    assert most <= CPS, "both engines together exceeded the gateway's rate"
