"""`bench soak`: hours of ordinary dialling, to find slow leaks."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import gevent

from engine.bench.figures import fullest_second, peak_rss_mb
from engine.bench.kit import Bench, add_recipients, data_dir, dialling, make_campaign
from engine.clock import wall_ms
from engine.services.campaigns.campaigns import stop
from engine.store.counts import recount
from engine.store.tables.core import CampaignCounts
from engine.store.threads import read, write

ORDINARY = "answer=0.62"
SAMPLES = 10
STATM_PAGE_MB = 4096 / 1e6


def run_soak(bench: Bench, minutes: float) -> dict[str, Any]:
    """Dial for `minutes`; returns memory and CPU time of a call, early and late, and the state of the books at the end."""
    bench = replace(bench, people=bench.people or ORDINARY)
    with data_dir() as folder:
        samples: list[tuple[float, int, float]] = []
        fullest = 0
        with dialling(bench, folder) as (engine, sent):
            campaign_id = write(lambda: make_campaign(bench, max_tries=2, retry_after_s=30))
            added = bench.messages
            end = time.monotonic() + minutes * 60
            next_sample = 0.0
            while (now := time.monotonic()) < end:
                counts = read(lambda: CampaignCounts.get_by_id(campaign_id))
                if counts.waiting < bench.cps * 30:
                    more, skip = int(bench.cps * 60), added
                    write(lambda more=more, skip=skip: add_recipients(campaign_id, more, bench.ending, skip))  # type: ignore[misc]
                    added += more
                if now >= next_sample:
                    samples.append((time.process_time(), counts.attempts, _rss_mb()))
                    next_sample = now + minutes * 60 / SAMPLES
                    fullest = max(fullest, fullest_second(sent))
                    del sent[: -int(bench.cps * 2)]
                gevent.sleep(1.0)
            write(lambda: stop(campaign_id, wall_ms()))
            engine.dialer.stop(60.0)
            gevent.sleep(1.0)
            counts = read(lambda: CampaignCounts.get_by_id(campaign_id))
            truth = read(lambda: recount(campaign_id))
        first, last = samples[1 : 1 + len(samples) // 3 or 2], samples[-max(2, len(samples) // 3) :]
        return {
            "minutes": minutes,
            "calls": counts.attempts,
            "cpu_ms_per_call_early": _cost(first),
            "cpu_ms_per_call_late": _cost(last),
            "rss_mb_early": first[0][2],
            "rss_mb_late": last[-1][2],
            "rss_mb_by_time": [round(rss) for _, _, rss in samples],
            "peak_rss_mb": peak_rss_mb(),
            "max_in_rolling_second": fullest,
            "cps_cap": bench.cps,
            "books_differ": {
                name: (getattr(counts, name), n) for name, n in truth.items() if getattr(counts, name) != n
            },
        }


def _cost(samples: list[tuple[float, int, float]]) -> float:
    (cpu, calls, _), (later_cpu, later_calls, _) = samples[0], samples[-1]
    return (later_cpu - cpu) * 1000 / max(1, later_calls - calls)


def _rss_mb() -> float:
    """Resident memory now, in MB (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * STATM_PAGE_MB
