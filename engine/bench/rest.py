"""`bench rest`: one web process under programs: quick sends one by one and in bulk, wrong tokens, codes.

Codes (SendOTP) are measured from the request to the originate, first with an idle engine, then during a campaign at
full rate.
"""

from __future__ import annotations

import http.client
import json
import os
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import gevent

from engine.bench.figures import Delays, percentile
from engine.bench.kit import Bench, data_dir, dialling, make_campaign
from engine.bench.web import HOST, memory_mb, served, web_process
from engine.clock import wall_ms
from engine.config import load_settings
from engine.runtime.opening import open_store
from engine.services.accounts import access_tokens, accounts
from engine.services.accounts.access_tokens import NewToken
from engine.services.accounts.token_scopes import Scope
from engine.services.messages import prompts
from engine.services.money import ledger
from engine.services.trunks import gateways
from engine.store.threads import write

CLIENTS = 8
CREDIT = 10**11  # Rials
BULK = 10_000  # lines
EVERY_S = 0.1  # codes
WARM_S = 3.0  # for the campaign to reach its rate


def run_rest(sends: int) -> dict[str, Any]:
    """Accepted quick sends a second, and the response time (ms)."""
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
            figures[f"{name}_p50_ms"] = percentile(ordered, 0.50) * 1000
            figures[f"{name}_p99_ms"] = percentile(ordered, 0.99) * 1000
        figures |= _wrong_tokens(browser.port, sends // 2) | _bulk(browser.port, secret, message_id, BULK)
        figures["peak_memory_mb"] = memory_mb(process, "VmHWM")
        return figures


def run_codes(bench: Bench, codes: int) -> dict[str, Any]:
    """The delay of a code from its request to its originate (ms), with an idle engine and during the campaign."""
    with data_dir() as folder:
        delays = Delays()
        with dialling(bench, folder) as (engine, sent), web_process(folder) as (port, _):
            engine.dialer.on_sending.append(delays.note)
            secret, _message = write(_make_customer)
            write(lambda: gateways.ensure(bench.gateway, bench.cps, bench.channels, wall_ms()))
            figures: dict[str, Any] = {"codes": codes}
            for name in ("idle", "busy"):
                if name == "busy":
                    write(lambda: make_campaign(bench))
                    gevent.sleep(WARM_S)
                begun, at_m = len(sent), time.monotonic()
                for number in range(codes):
                    digits = 989381000000 + number + (name == "busy") * codes
                    delays.ask(digits)
                    _send_code(port, secret, f"0{str(digits)[2:]}")
                    gevent.sleep(EVERY_S)
                took_s = time.monotonic() - at_m
                gevent.sleep(2.0)
                figures |= delays.figures(name) | {
                    f"{name}_not_sent": len(delays.asked),
                    f"{name}_calls_a_second": (len(sent) - begun) / took_s,
                }
            return figures


def _send_code(port: int, secret: str, number: str) -> None:
    connection = http.client.HTTPConnection(HOST, port, timeout=30)
    headers = {"Authorization": secret, "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/Rest/SendOTP", urlencode({"Length": 5, "Number": number}), headers)
    found = json.loads(connection.getresponse().read())
    connection.close()
    if found["ErrorCode"] != 0:
        raise RuntimeError(f"a code was refused: {found['ErrorCode']}")


def _wrong_tokens(port: int, count: int) -> dict[str, float]:
    """Requests with unknown tokens: refusals a second, including those by the limit of wrong tokens."""
    connection = http.client.HTTPConnection(HOST, port, timeout=30)
    began = time.monotonic()
    for number in range(count):
        headers = {"Authorization": f"avk_{number:043d}"}
        connection.request("GET", "/Rest/AccountStatus", headers=headers)
        connection.getresponse().read()
    connection.close()
    return {"wrong_tokens_a_second": count / (time.monotonic() - began)}


def _bulk(port: int, secret: str, message_id: int, count: int) -> dict[str, float]:
    """Quick sends in one body, a line each, until the last is answered."""
    body = "number\n" + "".join(f"0935{number:07d}\n" for number in range(count))
    connection = http.client.HTTPConnection(HOST, port, timeout=300)
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "text/csv"}
    began = time.monotonic()
    connection.request("POST", f"/api/v1/quick-sends/bulk?message_id={message_id}", body, headers)
    last = json.loads(connection.getresponse().read().splitlines()[-1])
    connection.close()
    if last["added"] != count:
        raise RuntimeError(f"of {count} lines {last['added']} were added")
    return {"bulk_lines": count, "bulk_a_second": count / (time.monotonic() - began)}


def _cpu_s(process: int) -> float:
    """The CPU time of a process, in seconds."""
    fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _customer(data: Path) -> tuple[str, int]:
    """Create an account with credit and a message; returns (token, message id)."""
    open_store(load_settings(data_dir=data))
    return write(_make_customer)


def _make_customer() -> tuple[str, int]:
    now = wall_ms()
    account_id = accounts.open_by_staff("Bench", now + 10**10, None, now)
    accounts.grant(account_id, ["web_service", "any_hour", "own_voice"], None, now)
    ledger.top_up(account_id, CREDIT, "bench", now)
    made = access_tokens.make_for_account(account_id, NewToken("bench", tuple(Scope)), now)
    return made.secret, prompts.add(account_id, "bench", "bench", 5_000, now)


def _send_all(port: int, secret: str, message_id: int, first: int, count: int, took: list[float]) -> None:
    """One client that sends one after the other over one connection.  Raises RuntimeError when one is refused."""
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
