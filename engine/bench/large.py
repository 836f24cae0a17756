"""`bench import` and `bench scale`: large lists."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from engine.bench.figures import peak_rss_mb
from engine.bench.kit import Bench, data_dir, numbers, settings_for
from engine.clock import wall_ms
from engine.runtime.opening import open_store
from engine.services.campaigns import campaigns, rules
from engine.services.campaigns.recipients import import_list
from engine.services.compliance.policy import Policy
from engine.services.lists.reader import open_list
from engine.services.onboarding import first_start
from engine.store.tables.core import Account, CampaignCounts
from engine.store.threads import begin, close_readers, read, staying_connected, write

FLATNESS = 0.10


def run_import(count: int, database_url: str) -> dict[str, Any]:
    """Import `count` numbers from a CSV file with three more columns; returns seconds and peak memory."""
    with data_dir() as folder:
        path = folder / "list.csv"
        write_list(path, count)
        settings = settings_for(folder, database_url)
        open_store(settings)
        policy = Policy.of_settings(settings)
        write(lambda: first_start.ensure_first(wall_ms(), "bench-password"))
        account = read(lambda: Account.select().order_by(Account.id).first().id)
        campaign_id = write(
            lambda: campaigns.create(account, rules.CampaignRules(name="import"), None, wall_ms(), policy)
        )
        longest = 0.0
        began, cpu = time.monotonic(), time.process_time()

        def timed(work: Any) -> Any:
            nonlocal longest
            at = time.monotonic()
            result = write(work)
            longest = max(longest, time.monotonic() - at)
            return result

        with open_list(path) as reader, staying_connected():
            done = import_list(campaign_id, reader, timed, wall_ms(), begin=begin)
        seconds, cpu = time.monotonic() - began, time.process_time() - cpu
        waiting = read(lambda: CampaignCounts.get_by_id(campaign_id).waiting)
        close_readers()
        return {
            "numbers": count,
            "added": done.added,
            "waiting": waiting,
            "seconds": seconds,
            "cpu_s": cpu,
            "longest_write_ms": longest * 1000,
            "list_mb": path.stat().st_size / 1e6,
            "peak_rss_mb": peak_rss_mb(),
        }


def run_scale(bench: Bench, sizes: tuple[int, ...]) -> dict[str, Any]:
    """CPU time of a call and memory for campaigns of several sizes, of which `bench.messages` are dialled.

    Each size runs in its own process, so that peak memory belongs to that size.  A shorter list is dialled to its end.
    The cost of a call in the middle of each run is compared.
    """
    by_size: dict[str, dict[str, Any]] = {}
    for size in sizes:
        command = [
            sys.executable, "-m", "engine", "bench", "dial", "--json",
            "--messages", str(min(size, bench.messages)), "--listed", str(size),
            "--cps", str(bench.cps), "--channels", str(bench.channels), "--message-seconds", str(bench.message_s),
        ]  # fmt: skip
        done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own module
        by_size[str(size)] = json.loads(done.stdout)
    costs = [figures["steady_cpu_ms_per_call"] or figures["cpu_ms_per_call"] for figures in by_size.values()]
    return {
        "sizes": by_size,
        "cpu_ms_per_call_spread": (max(costs) - min(costs)) / min(costs),
        "flat": (max(costs) - min(costs)) / min(costs) <= FLATNESS,
        "peak_rss_mb": max(figures["peak_rss_mb"] for figures in by_size.values()),
    }


def write_list(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write("شماره,نام,شهر,مبلغ\n")
        for line, number in enumerate(numbers(count), start=1):
            file.write(f"0{number[3:]},مشترک {line},تهران,{line * 1000}\n")
