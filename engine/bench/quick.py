"""`bench quick`: the delay from a quick send to its originate while a large campaign runs."""

from __future__ import annotations

import random
import time

import gevent

from engine.bench.figures import Figures, fullest_second, peak_rss_mb, used_share
from engine.bench.kit import PROMPT, Bench, data_dir, dialling, make_campaign
from engine.clock import wall_ms
from engine.dialing.calls import Call
from engine.services.campaigns import quick_sends
from engine.services.numbering.numbers import LineKind, NormalNumber
from engine.store.tables.core import CampaignCounts
from engine.store.threads import read, write

EVERY_S = 0.1
OPTIONS = quick_sends.QuickOptions()
FIRST_S = 3.0  # for the campaign to reach its rate


def run_quick(bench: Bench, sends: int) -> Figures:
    """Make `sends` quick sends while `bench.messages` are dialled at full rate; returns percentiles in ms."""
    with data_dir() as folder:
        asked: dict[int, float] = {}
        waits: list[float] = []

        def on_sending(batch: list[Call]) -> None:
            now = time.monotonic()
            for call in batch:
                if call.run.is_urgent and int(call.digits) in asked:
                    waits.append((now - asked.pop(int(call.digits))) * 1000)

        with dialling(bench, folder) as (engine, sent):
            engine.dialer.on_sending.append(on_sending)
            campaign_id = write(lambda: make_campaign(bench))
            gevent.sleep(FIRST_S)
            began, cpu = time.monotonic(), time.process_time()
            for number in range(sends):
                digits = 989391000100 + number
                asked[digits] = time.monotonic()
                whom = NormalNumber(f"+{digits}", LineKind.MOBILE, None)
                write(lambda whom=whom: quick_sends.send(1, whom, PROMPT, OPTIONS, wall_ms(), engine.policy))  # type: ignore[misc]
                engine.dialer.wake()
                gevent.sleep(EVERY_S * random.uniform(0.5, 1.5))
            deadline = time.monotonic() + 10
            while asked and time.monotonic() < deadline:
                gevent.sleep(0.05)
            seconds, cpu = time.monotonic() - began, time.process_time() - cpu
            counts = read(lambda: CampaignCounts.get_by_id(campaign_id))
        waits.sort()
        return Figures(
            messages=counts.delivered,
            messages_per_minute=counts.attempts / (seconds + FIRST_S) * 60,
            cpu_ms_per_call=cpu * 1000 / max(1, counts.attempts),
            peak_rss_mb=peak_rss_mb(),
            cps_cap=bench.cps,
            max_in_rolling_second=fullest_second(sent),
            used_share=used_share(sent, bench.cps),
            called_twice=0,
            lost=len(asked),
            calls=counts.attempts,
            seconds=seconds,
            more={
                "quick_sends": len(waits),
                "quick_p50_ms": _percentile(waits, 0.50),
                "quick_p99_ms": _percentile(waits, 0.99),
                "quick_max_ms": waits[-1] if waits else 0.0,
            },
        )


def _percentile(ordered: list[float], share: float) -> float:
    """The value of a sorted list that `share` (0 to 1) of it does not exceed."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0
