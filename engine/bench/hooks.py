"""`bench hooks`: what web hooks that hear of every call cost the engine's rate.

Pairs of campaigns, one with hooks and one without, in turn.  In both a web process and a receiver run beside the engine;
with hooks the web process makes the events of the calls and sends them, a hundred in a request, as `serve` has it.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from engine.bench.kit import Bench
from engine.bench.receiver import receiver
from engine.bench.web import web_process
from engine.clock import wall_ms
from engine.sealing import SecretBox
from engine.services.webhooks import hooks
from engine.store.sql import execute
from engine.store.tables.core import Account, User
from engine.store.threads import read, write
from engine.store.webhook_events import RECIPIENT_ENDED

BEHIND_ENGINE = 5  # nice, as the web process of `serve`


def run_hooks(bench: Bench, pairs: int) -> dict[str, Any]:
    """The rate and the CPU of a call with `bench.hooks` hooks and without them; medians, and every run."""
    runs: dict[str, list[dict[str, Any]]] = {"without": [], "with": []}
    for _pair in range(pairs):
        for name, found in runs.items():
            found.append(_dial(bench, bench.hooks if name == "with" else 0))
    figures: dict[str, Any] = {"hooks": bench.hooks}
    for name, found in runs.items():
        for figure in ("messages_per_minute", "cpu_ms_per_call", "used_share"):
            figures[f"{name}_{figure}"] = median(each[figure] for each in found)
        figures[f"{name}_each_run"] = " ".join(f"{each['messages_per_minute']:.0f}" for each in found)
    for figure in ("events_due", "events_made_meanwhile", "events_sent_meanwhile"):
        figures[figure] = median(each[figure] for each in runs["with"])
    figures["share_of_rate_lost"] = (
        1 - figures["with_messages_per_minute"] / figures["without_messages_per_minute"]
    )
    return figures


def _dial(bench: Bench, count: int) -> dict[str, Any]:
    command = [
        sys.executable, "-m", "engine", "bench", "dial", "--json", "--messages", str(bench.messages), "--cps", str(bench.cps),
        "--channels", str(bench.channels), "--message-seconds", str(bench.message_s), "--hooks", str(count), "--beside-web",
    ]  # fmt: skip
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own module
    found: dict[str, Any] = json.loads(done.stdout)
    return found


class Listening:
    """The hooks of a bench, and what became of their events."""

    def __init__(self, count: int) -> None:
        self._count = count

    def figures(self, calls: int) -> dict[str, int]:
        """Events of so many calls: due, made of them and sent by now."""

        def counted(where: str) -> int:
            return int(read(lambda: execute(f"SELECT COUNT(*) FROM webhook_event {where}"))[0][0])  # noqa: S608 - constants

        return {
            "events_due": calls * self._count,
            "events_made_meanwhile": counted(""),
            "events_sent_meanwhile": counted("WHERE state = 'sent'"),
        }


@contextmanager
def listening(bench: Bench, folder: Path) -> Iterator[Listening]:
    """A web process and a receiver beside an engine whose store is open, and the bench's hooks of the house's account."""
    key = secrets.token_urlsafe(48)
    web = web_process(folder, AVANAK_SECRET_KEY=key, AVANAK_OWN_NETWORKS="127.0.0.0/8")
    with receiver() as url, web as (_port, process):
        os.setpriority(os.PRIO_PROCESS, process, BEHIND_ENGINE)

        def add() -> None:
            account, person = Account.select().order_by(Account.id).first(), User.select().first()
            for number in range(bench.hooks):
                box, now = SecretBox([key]), wall_ms()
                hooks.add(person, account.id, f"{url}{number}", [RECIPIENT_ENDED], box, now, hooks.MOST_BATCH)

        write(add)
        yield Listening(bench.hooks)
