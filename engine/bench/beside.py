"""`bench import --beside CPS`: an import in the process that dials must not slow the dialling."""

from __future__ import annotations

import itertools
import time
from typing import Any

import gevent

from engine.bench.figures import fullest_second, peak_rss_mb, used_share
from engine.bench.kit import Bench, data_dir, dialling, make_campaign
from engine.bench.large import write_list
from engine.clock import wall_ms
from engine.services.campaigns import campaigns
from engine.services.campaigns.recipients import import_list
from engine.services.campaigns.rules import CampaignRules
from engine.services.lists.reader import open_list
from engine.store.tables.core import Account, CampaignCounts
from engine.store.threads import begin, read, write

BEFORE_S = 10.0  # dialling without an import, for comparison
LONGEST_S = 180.0  # there are numbers for this time of dialling


def run_import_beside(count: int, database_url: str, cps: float) -> dict[str, Any]:
    """Import `count` numbers while another campaign is dialled at `cps`; returns the figures of both."""
    dialled = Bench(messages=int(cps * LONGEST_S), cps=cps, database_url=database_url)
    with data_dir() as folder:
        path = folder / "list.csv"
        write_list(path, count)
        with dialling(dialled, folder) as (engine, sent):
            write(lambda: make_campaign(dialled))
            account = read(lambda: Account.select().order_by(Account.id).first().id)
            filled = write(
                lambda: campaigns.create(
                    account, CampaignRules(name="import"), None, wall_ms(), engine.policy
                )
            )
            while not sent:
                gevent.sleep(0.05)
            gevent.sleep(BEFORE_S)
            start, cpu = time.monotonic(), time.process_time()
            with open_list(path) as reader:
                done = import_list(filled, reader, write, wall_ms(), begin=begin)
            end, cpu = time.monotonic(), time.process_time() - cpu
            waiting = read(lambda: CampaignCounts.get_by_id(filled).waiting)
        before = [at for at in sent if start - BEFORE_S <= at < start]
        beside = [at for at in sent if start <= at < end]
        return {
            "numbers": count,
            "added": done.added,
            "waiting": waiting,
            "seconds": end - start,
            "cpu_s_with_dialling": cpu,
            "cps": cps,
            "used_share_before": used_share(before, cps),
            "used_share_beside": used_share(beside, cps),
            "longest_gap_ms_before": _longest_gap_ms(before),
            "longest_gap_ms_beside": _longest_gap_ms(beside),
            "max_in_rolling_second": fullest_second(sent),
            "peak_rss_mb": peak_rss_mb(),
        }


def _longest_gap_ms(instants: list[float]) -> float:
    """The longest time between two originates."""
    gaps = (later - earlier for earlier, later in itertools.pairwise(instants))
    return max(gaps, default=0.0) * 1000
