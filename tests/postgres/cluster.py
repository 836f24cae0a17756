"""Engines in processes of their own, embedded switches that outlive them, and a campaign."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.embedded.options import EmbeddedOptions
from engine.embedded.process import EmbeddedProcess
from engine.embedded.records import read_rung
from engine.store import leases
from engine.store.tables.core import (
    Account,
    Attempt,
    Campaign,
    CampaignCounts,
    CampaignPulse,
    Gateway,
    Message,
    Recipient,
    Switch,
)
from engine.store.threads import read, write
from tests import waits

ROOT = Path(__file__).resolve().parents[2]


def wait_for(condition: Callable[[], Any], what: str, timeout_s: float) -> float:
    """As `waits.wait_for`, with what the engines say when it fails; how long it took (s)."""
    begun = time.monotonic()
    try:
        waits.wait_for(condition, what, timeout_s)
    except AssertionError as error:
        said = [(row.engine, row.reason, row.details) for row in read(lambda: list(CampaignPulse.select()))]
        raise AssertionError(f"{error}; the engines say {said}") from None
    return time.monotonic() - begun


class Cluster:
    """Two embedded switches that outlive their engines, and the engines."""

    def __init__(self, url: str, folder: Path, message_seconds: float = 4.0) -> None:
        self.url = url
        self.folder = folder
        self.switches = [
            EmbeddedProcess.start(
                EmbeddedOptions(
                    password="cluster-password", gateways=("shared",), speed=4, message_seconds=message_seconds,
                    log=folder / f"rung{number}.log", cdr=folder / f"cdr{number}.csv",
                )
            )
            for number in (1, 2)
        ]  # fmt: skip
        self.engines: dict[str, subprocess.Popen[bytes]] = {}

    def environment(self, name: str) -> dict[str, str]:
        """Of an engine called `name`, or of a command beside it."""
        words = " ".join(
            f"s{number}=esl://:cluster-password@127.0.0.1:{switch.address[1]}?cdr={self.folder}/cdr{number}.csv"
            for number, switch in enumerate(self.switches, start=1)
        )
        return {
            **os.environ,
            "AVANAK_DATABASE_URL": self.url,
            "AVANAK_DATA_DIR": str(self.folder / "data"),
            "AVANAK_ENGINE_NAME": name,
            "AVANAK_SWITCHES": words,
            "AVANAK_HOURS_SERVICE": "",
            "PYTHONPATH": str(ROOT),
        }

    def start(self, name: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.engines[name] = subprocess.Popen(
                [sys.executable, "-m", "tests.postgres.engine_process"],
                cwd=ROOT, env=self.environment(name), stdout=subprocess.DEVNULL, stderr=log,
            )  # fmt: skip

    def kill(self, name: str) -> None:
        engine = self.engines.pop(name)
        engine.send_signal(signal.SIGKILL)
        engine.wait()

    def end(self, name: str) -> None:
        """Stop an engine in order."""
        engine = self.engines.pop(name)
        engine.terminate()
        engine.wait(20)

    def holders(self) -> Counter[str]:
        """How many switches each engine serves, by name; only those that are up."""
        rows = read(leases.switch_leases)
        return Counter(row.owner.partition(":")[0] for row in rows if row.is_dialled)

    def up(self) -> int:
        """How many switches are up."""
        return read(lambda: Switch.select().where(Switch.state == "up").count())

    def calls_up(self) -> int:
        """Attempts that have not ended."""
        return read(lambda: Attempt.select().where(Attempt.state != "ended").count())

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


def make_list(recipients: int, gateway_cps: float, **limits: Any) -> int:
    """A running campaign by a gateway of so many calls a second; `limits` are the campaign's own."""

    def work() -> int:
        account = Account.get(Account.is_house)  # made by the engine that started first
        Gateway.create(name="shared", cps=gateway_cps, channels=1000, created_at=1)
        message = Message.create(account=account, title="t", prompt="m1", duration_ms=4000, created_at=1)
        row = Campaign.create(
            account=account, name="c", state="running", kind="emergency", message=message, created_at=1, max_tries=1,
            ring_timeout_s=20, max_length_s=30, **limits,
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
