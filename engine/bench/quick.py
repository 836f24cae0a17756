"""`bench quick`: the delay from a quick send to its originate while a large campaign runs."""

from __future__ import annotations

import random
import time

import gevent

from engine.bench.figures import Delays, Figures, fullest_second, peak_rss_mb, used_share
from engine.bench.kit import PROMPT, Bench, data_dir, dialling, make_campaign
from engine.clock import wall_ms
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
        delays = Delays()
        with dialling(bench, folder) as (engine, sent):
            engine.dialer.on_sending.append(delays.note)
            campaign_id = write(lambda: make_campaign(bench))
            gevent.sleep(FIRST_S)
            began, cpu = time.monotonic(), time.process_time()
            for number in range(sends):
                digits = 989391000100 + number
                delays.ask(digits)
                whom = NormalNumber(f"+{digits}", LineKind.MOBILE, None)
                write(lambda whom=whom: quick_sends.send(1, whom, PROMPT, OPTIONS, wall_ms(), engine.policy))  # type: ignore[misc]
                engine.dialer.wake()
                gevent.sleep(EVERY_S * random.uniform(0.5, 1.5))
            deadline = time.monotonic() + 10
            while delays.asked and time.monotonic() < deadline:
                gevent.sleep(0.05)
            seconds, cpu = time.monotonic() - began, time.process_time() - cpu
            counts = read(lambda: CampaignCounts.get_by_id(campaign_id))
        return Figures(
            messages=counts.delivered,
            messages_per_minute=counts.attempts / (seconds + FIRST_S) * 60,
            cpu_ms_per_call=cpu * 1000 / max(1, counts.attempts),
            peak_rss_mb=peak_rss_mb(),
            cps_cap=bench.cps,
            max_in_rolling_second=fullest_second(sent),
            used_share=used_share(sent, bench.cps),
            called_twice=0,
            lost=len(delays.asked),
            calls=counts.attempts,
            seconds=seconds,
            more=delays.figures("quick"),
        )
