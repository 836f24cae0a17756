"""`bench crash`: a campaign at full rate while every part is killed, repeatedly, at random moments.

The results are counted at the far end, from the log of who was rung, and then compared with our records.  Engine
(`avanakctl serve --no-web`) and switch are real processes; a proxy between them can cut the connection.
"""

from __future__ import annotations

import logging
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import gevent

from engine.bench.crash_targets import DatabaseTarget, SwitchTarget
from engine.bench.engine_process import EngineProcess
from engine.bench.far_end import FarEnd
from engine.bench.kit import Bench, add_recipients, data_dir, make_campaign, put_prompt
from engine.bench.proxy import Proxy
from engine.clock import wall_ms
from engine.config import Settings, load_settings
from engine.errors import AvanakError
from engine.runtime.opening import open_store
from engine.services.campaigns import campaigns
from engine.services.money import ledger_check, reservations
from engine.services.onboarding import first_start
from engine.states import CampaignState
from engine.store import database
from engine.store.sql import execute
from engine.store.tables.core import Campaign, CampaignCounts
from engine.store.threads import close_readers, read, write

log = logging.getLogger(__name__)

FAULTS = ("engine", "switch", "database", "stop", "cut")
QUIET_S = (1.5, 4.0)  # full rate between two faults
DATABASE_DOWN_S = 4.0
MAX_WAIT_S = 60.0  # a round fails when dialling has not resumed after this time


@dataclass(slots=True)
class Result:
    """The figures of a crash bench; the seconds until dialling resumes count from the moment everything was back."""

    rounds: int = 0
    placed_at_far_end: int = 0
    called_twice: int = 0
    lost: int = 0
    unknown: int = 0
    max_seconds_to_dialling: float = 0.0
    calls_up_at_faults: list[int] = field(default_factory=list)  # live when each fault struck
    recipients: int = 0
    delivered: int = 0
    seconds: float = 0.0
    by_fault: dict[str, int] = field(default_factory=dict)
    slowest_by_fault: dict[str, float] = field(default_factory=dict)
    ledger_sum: int = 0
    open_reservations: int = 0
    charged_calls: int = 0
    money_findings: int = 0  # charged twice, not charged, wrong price, books that do not balance
    findings: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class CrashBench:
    """One run: `rounds` faults against one campaign."""

    def __init__(
        self,
        bench: Bench,
        rounds: int,
        faults: tuple[str, ...],
        stop_s: float,
        switch: SwitchTarget,
        store: DatabaseTarget,
        folder: Path,
        seed: int,
        on_round: Callable[[int, str, float], None] = lambda number, fault, seconds: None,
    ) -> None:
        self.bench = bench
        self.rounds = rounds
        self.faults = faults
        self.stop_s = stop_s
        self.switch = switch
        self.store = store
        self.folder = folder
        self.random = random.Random(seed)
        self.on_round = on_round
        self.far_end = FarEnd(switch.log)
        self.result = Result()
        self.engine: EngineProcess | None = None  # from `run` on
        self.campaign_id = 0
        self._added = 0
        self._proxy: Proxy | None = None
        self._settings: Settings = load_settings(data_dir=folder, database_url=store.url, log_level="WARNING")

    def run(self) -> Result:
        """1. Start switch, proxy, store, campaign.  2. The rounds.  3. Let the rest finish.  4. Compare."""
        began = time.monotonic()
        self.switch.start()
        proxy = self._proxy = Proxy(self.switch.address)
        port = proxy.start()
        switches = self.switch.spec(port)
        engine = self.engine = EngineProcess(self.folder, self.store.url, switches, AVANAK_LOG_LEVEL="INFO")
        open_store(self._settings)
        put_prompt(self.bench, self._settings)
        try:
            self.campaign_id = write(self._first_campaign)
            self._added = self.bench.messages
            engine.start()
            self._wait_for_ring_after(wall_ms())
            for number in range(1, self.rounds + 1):
                fault = self.faults[number % len(self.faults)]
                gevent.sleep(self.random.uniform(*QUIET_S))
                self._top_up()
                seconds = self._round(fault)
                self.result.rounds = number
                self.result.by_fault[fault] = self.result.by_fault.get(fault, 0) + 1
                slowest = self.result.slowest_by_fault
                slowest[fault] = round(max(slowest.get(fault, 0.0), seconds), 2)
                self.on_round(number, fault, seconds)
            self._finish()
            self._compare()
        finally:
            engine.kill()
            proxy.stop()
            self.switch.stop()
            close_readers()
        self.result.seconds = round(time.monotonic() - began, 1)
        self.result.max_seconds_to_dialling = max(self.result.slowest_by_fault.values(), default=0.0)
        return self.result

    # -- the parts ----------------------------------------------------------------------

    def _first_campaign(self) -> int:
        first_start.ensure_first(wall_ms(), "crash-bench-password")
        return make_campaign(self.bench, unknown_policy="leave")

    def _top_up(self) -> None:
        """Keep enough recipients pending for the campaign to outlast the rounds."""
        counts = self._read(lambda: CampaignCounts.get_by_id(self.campaign_id))
        if counts is not None and counts.waiting < self.bench.messages // 2:
            more = self.bench.messages
            skip = self._added
            write(lambda: add_recipients(self.campaign_id, more, self.bench.ending, skip))
            self._added += more

    def _round(self, fault: str) -> float:
        """Inject one fault; returns the seconds from the moment everything is back to the next ring."""
        counts = self._read(lambda: CampaignCounts.get_by_id(self.campaign_id))
        self.result.calls_up_at_faults.append(counts.live if counts is not None else -1)
        back = getattr(self, f"_fault_{fault}")()
        return self._wait_for_ring_after(back)

    def _fault_engine(self) -> int:
        assert self.engine is not None
        at = wall_ms()
        self.engine.kill()
        self.engine.start()
        return at

    def _fault_switch(self) -> int:
        self.switch.kill()
        gevent.sleep(self.random.uniform(0.0, 1.0))
        self.switch.start()
        return wall_ms()

    def _fault_database(self) -> int:
        self.store.stop()
        gevent.sleep(DATABASE_DOWN_S)
        self.store.start()
        return wall_ms()

    def _fault_stop(self) -> int:
        self.switch.suspend()
        gevent.sleep(self.stop_s)
        self.switch.resume()
        return wall_ms()

    def _fault_cut(self) -> int:
        assert self._proxy is not None
        self._proxy.cut()
        return wall_ms()

    def _wait_for_ring_after(self, at_ms: int) -> float:
        deadline = time.monotonic() + MAX_WAIT_S
        while time.monotonic() < deadline:
            self.far_end.read_on()
            found = self.far_end.first_placed_after(at_ms)
            if found is not None:
                return (found - at_ms) / 1000
            if self.engine is not None and self.engine.status is not None:
                self.result.findings.append(f"the engine ended by itself with {self.engine.status}")
                self.engine.start()
            gevent.sleep(0.02)
        self.result.findings.append(f"no call within {MAX_WAIT_S:g} s")
        return MAX_WAIT_S

    def _finish(self) -> None:
        """Cancel pending recipients, let live calls end, then stop the engine properly."""
        write(lambda: campaigns.stop(self.campaign_id, wall_ms()))
        deadline = time.monotonic() + MAX_WAIT_S + self.bench.message_s
        while time.monotonic() < deadline:
            counts = self._read(lambda: CampaignCounts.get_by_id(self.campaign_id))
            is_over = counts is not None and counts.live + counts.waiting + counts.retry_wait == 0
            if is_over and self._read(reservations.to_close) == []:
                break
            gevent.sleep(0.2)
        if self.engine is not None:
            self.engine.end(MAX_WAIT_S)
        self.far_end.read_on()

    def _compare(self) -> None:
        """Compare the far end's log with our records."""
        result = self.result
        rung = Counter(ring.number for ring in self.far_end.rings)
        result.placed_at_far_end = len(self.far_end.rings)
        result.called_twice = sum(1 for times in rung.values() if times > 1)
        counts = read(lambda: CampaignCounts.get_by_id(self.campaign_id))
        state = read(lambda: Campaign.get_by_id(self.campaign_id).state)
        result.unknown, result.delivered, result.recipients = counts.unknown, counts.delivered, counts.total
        outcome = dict(
            read(
                lambda: execute(
                    "SELECT number, state FROM recipient WHERE campaign_id = ?", [self.campaign_id]
                )
            )
        )
        closed = {"delivered", "exhausted", "unknown"}
        unaccounted = [n for n in rung if outcome.get(_e164(n)) not in closed]
        never_ended = [
            n for n, state in outcome.items() if state in ("pending", "retry_wait", "claimed", "in_call")
        ]
        result.lost = len(unaccounted) + len(never_ended)
        if state != CampaignState.STOPPED:
            result.findings.append(f"the campaign ended as {state}")
        if unaccounted:
            result.findings.append(f"rung without an outcome: {', '.join(unaccounted[:5])}")
        if never_ended:
            result.findings.append(f"without an end: {', '.join(never_ended[:5])}")
        twice = [number for number, times in rung.items() if times > 1]
        if twice:
            result.findings.append(f"rung twice: {', '.join(twice[:5])}")
        self._compare_money()

    def _compare_money(self) -> None:
        """Check the ledger, and that every answered call was charged (`--priced`)."""
        found = read(ledger_check.check)
        result = self.result
        result.ledger_sum, result.open_reservations = found.sum, found.open_reservations
        result.charged_calls, result.money_findings = found.charged_calls, sum(found.found.values())
        result.findings += [f"{item.kind}: {item.subject}: {item.sentence}" for item in found.findings[:5]]

    def _read(self, work: Callable[[], Any]) -> Any:
        """Read, or None while the database is away."""
        try:
            return read(work)
        except AvanakError as error:
            log.info("action=bench_read_failed error=%r", str(error))
            return None


def _e164(digits: str) -> str:
    """A dialled number in the form of the store."""
    if digits.startswith("+"):
        return digits
    return "+98" + digits[1:] if digits.startswith("0") else "+" + digits


def run_crash(
    bench: Bench,
    rounds: int,
    faults: tuple[str, ...],
    stop_s: float,
    seed: int,
    make_switch: Callable[[Path], SwitchTarget],
    make_store: Callable[[Path], DatabaseTarget],
    on_round: Callable[[int, str, float], None],
) -> Result:
    """Run `rounds` faults in a new data folder; returns the figures."""
    with data_dir() as folder:
        store = make_store(folder)
        store.start()
        try:
            made = CrashBench(
                bench, rounds, faults, stop_s, make_switch(folder), store, folder, seed, on_round
            )
            return made.run()
        finally:
            if not database.db.is_closed():
                database.db.close()
            store.end()
