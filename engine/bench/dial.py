"""`bench dial`: a whole campaign through the engine, with everything recorded."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import nullcontext
from pathlib import Path

import gevent

from engine.bench.figures import Figures, fullest_second, peak_rss_mb, used_share
from engine.bench.hooks import listening
from engine.bench.kit import Bench, data_dir, dialling, make_campaign
from engine.embedded.records import read_rung
from engine.states import AttemptState, CampaignState
from engine.store.sql import execute
from engine.store.tables.core import CampaignCounts
from engine.store.threads import read, write


def run_dial(bench: Bench) -> Figures:
    """Dial `bench.messages` numbers once each and return the figures.  Raises SwitchUnavailable without a switch."""
    with data_dir() as folder:
        numbers: Counter[str] = Counter()
        beside = listening if bench.beside_web else lambda _bench, _folder: nullcontext(None)
        with dialling(bench, folder, stop_s=5.0) as (engine, sent), beside(bench, folder) as hooks:
            engine.dialer.on_sending.append(lambda batch: numbers.update(call.digits for call in batch))
            campaign_id = write(lambda: make_campaign(bench))
            began, cpu = time.monotonic(), time.process_time()
            steady = Steady(bench.messages)
            counts = _follow(campaign_id, bench, steady)
            seconds, cpu = time.monotonic() - began, time.process_time() - cpu
            told = hooks.figures(counts.delivered) if hooks is not None else {}
            unsettled = read(lambda: _unsettled(campaign_id)) if not bench.listed else 0
        rung = _rung_twice(folder / "rung.log") if not bench.switches else None
        twice = rung if rung is not None else sum(1 for n in numbers.values() if n > 1)
        return Figures(
            messages=counts.delivered,
            messages_per_minute=counts.delivered / seconds * 60,
            cpu_ms_per_call=cpu * 1000 / max(1, counts.attempts),
            peak_rss_mb=peak_rss_mb(),
            cps_cap=bench.cps,
            max_in_rolling_second=fullest_second(sent),
            used_share=used_share(sent, bench.cps),
            called_twice=twice,
            lost=unsettled,
            calls=counts.attempts,
            seconds=seconds,
            more={"steady_cpu_ms_per_call": steady.cost_ms(), **told},
        )


class Steady:
    """The cost of a call in the middle of a run, without its start and its end, which differ."""

    def __init__(self, calls: int) -> None:
        self._from, self._until = calls * 0.1, calls * 0.9
        self._samples: list[tuple[float, int]] = []

    def note(self, ended: int) -> None:
        """Record that `ended` calls have ended by now."""
        if self._from <= ended <= self._until:
            self._samples.append((time.process_time(), ended))

    def cost_ms(self) -> float | None:
        """CPU time of a call (ms); None when the run was too short."""
        if len(self._samples) < 2 or self._samples[0][1] == self._samples[-1][1]:
            return None
        (cpu, ended), (later_cpu, later_ended) = self._samples[0], self._samples[-1]
        return (later_cpu - cpu) * 1000 / (later_ended - ended)


_STANDS = (
    "SELECT c.state, n.attempts FROM campaign c JOIN campaign_counts n ON n.campaign_id = c.id WHERE c.id = ?"
)


def _follow(campaign_id: int, bench: Bench, steady: Steady) -> CampaignCounts:
    """Wait until the campaign, or as many calls of it as are to be dialled, has ended; returns its last counts."""
    attempts = 0
    while True:
        # The end is seen at once; before it the bench's own looks shall cost little.
        gevent.sleep(0.5 if bench.messages - attempts > 2 * bench.cps else 0.05)
        # One query in plain SQL, as the figures include the cost of the bench itself.
        ((state, attempts),) = read(lambda: execute(_STANDS, [campaign_id]))
        steady.note(attempts)
        if state != CampaignState.RUNNING or (bench.listed and attempts >= bench.messages):
            return read(lambda: CampaignCounts.get_by_id(campaign_id))


def _unsettled(campaign_id: int) -> int:
    """How many recipients have no final state and how many attempts no end: lost outcomes."""
    recipients = execute(
        "SELECT COUNT(*) FROM recipient WHERE campaign_id = ? AND state NOT IN"
        " ('delivered', 'exhausted', 'excluded', 'cancelled', 'unknown')",
        [campaign_id],
    )[0][0]
    attempts = execute(
        "SELECT COUNT(*) FROM attempt WHERE campaign_id = ? AND state <> ?",
        [campaign_id, AttemptState.ENDED.value],
    )[0][0]
    return int(recipients + attempts)


def _rung_twice(log: Path) -> int:
    """How many numbers rang more than once, according to the far end's log."""
    seen = Counter(rung.number for rung in read_rung(log))
    return sum(1 for times in seen.values() if times > 1)
