"""`bench rest`: quick sends one by one through /Rest, by one web process; requests of one client, then of several at once."""

from __future__ import annotations

import http.client
import json
import os
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from engine.bench.kit import data_dir
from engine.bench.web import HOST, memory_mb, served
from engine.clock import wall_ms
from engine.config import load_settings
from engine.runtime.opening import open_store
from engine.services.accounts import access_tokens, accounts
from engine.services.accounts.access_tokens import NewToken
from engine.services.accounts.token_scopes import Scope
from engine.services.messages import prompts
from engine.services.money import ledger
from engine.store.threads import write

CLIENTS = 8
CREDIT = 10**11  # Rials


def run_rest(sends: int) -> dict[str, Any]:
    """Accepted quick sends a second, and how long an answer took (ms)."""
    with data_dir() as folder, served(folder) as (browser, process):
        secret, message_id = _customer(folder / "data")
        figures: dict[str, Any] = {"quick_sends": sends}
        for clients in (1, CLIENTS):
            took: list[float] = []
            threads = [
                threading.Thread(
                    target=_send_all,
                    args=(browser.port, secret, message_id, each * sends, sends // clients, took),
                )
                for each in range(clients)
            ]
            began, cpu = time.monotonic(), _cpu_s(process)
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            name, ordered = f"clients_{clients}", sorted(took)
            figures[f"{name}_a_second"] = len(took) / (time.monotonic() - began)
            figures[f"{name}_cpu_ms_each"] = (_cpu_s(process) - cpu) * 1000 / len(took)
            figures[f"{name}_p50_ms"] = ordered[len(ordered) // 2] * 1000
            figures[f"{name}_p99_ms"] = ordered[len(ordered) * 99 // 100] * 1000
        figures["peak_memory_mb"] = memory_mb(process, "VmHWM")
        return figures


def _cpu_s(process: int) -> float:
    """Seconds of computing that a process has taken."""
    fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _customer(data: Path) -> tuple[str, int]:
    """An account with credit and a message: (token, message)."""
    open_store(load_settings(data_dir=data))

    def work() -> tuple[str, int]:
        now = wall_ms()
        account_id = accounts.open_by_staff("Bench", now + 10**10, None, now)
        accounts.grant(account_id, ["web_service", "any_hour", "own_voice"], None, now)
        ledger.top_up(account_id, CREDIT, "bench", now)
        made = access_tokens.make_for_account(account_id, NewToken("bench", tuple(Scope)), now)
        return made.secret, prompts.add(account_id, "bench", "bench", 5_000, now)

    found: tuple[str, int] = write(work)
    return found


def _send_all(port: int, secret: str, message_id: int, first: int, count: int, took: list[float]) -> None:
    """One client, which sends one after the other over one connection; RuntimeError when one is refused."""
    connection = http.client.HTTPConnection(HOST, port, timeout=30)
    headers = {"Authorization": secret, "Content-Type": "application/x-www-form-urlencoded"}
    for number in range(first, first + count):
        body = urlencode({"MessageID": message_id, "Number": f"0912{number:07d}", "ServerID": 0})
        began = time.monotonic()
        connection.request("POST", "/Rest/QuickSend", body, headers)
        answer = connection.getresponse()
        found = answer.read()
        if answer.status != 200 or json.loads(found)["QuickSendID"] <= 0:
            raise RuntimeError(f"a quick send was refused: {answer.status} {found[:200]!r}")
        took.append(time.monotonic() - began)
    connection.close()
