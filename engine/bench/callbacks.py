"""`bench callbacks`: call-backs of the support line while engine, switch and database die at random moments.

The results are counted at the far end, from the embedded switch's log of who was rung and who pressed 1.
"""

from __future__ import annotations

import random
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import gevent

from engine.agreement.calendars import CalendarKind
from engine.bench.crash_targets import DatabaseTarget, EmbeddedTarget
from engine.bench.engine_process import EngineProcess
from engine.bench.kit import data_dir
from engine.bench.proxy import Proxy
from engine.clock import TEHRAN, wall_ms
from engine.config import load_settings
from engine.embedded.options import EmbeddedOptions
from engine.embedded.records import Rung, read_rung
from engine.embedded.support.house import CALL_BACK, PRESSED
from engine.errors import AvanakError
from engine.runtime.opening import open_store
from engine.runtime.switchboard import EMBEDDED
from engine.services.onboarding import first_start
from engine.services.sla import working_calendar
from engine.services.support_line import agents, call_backs, calls, figures
from engine.services.support_line.agents import SYSTEM
from engine.services.trunks import gateways
from engine.states import CallBackState
from engine.store import database
from engine.store.tables.core import User
from engine.store.tables.support_line import CallBack, SupportSetting
from engine.store.threads import close_readers, read, write

FAULTS = ("engine", "switch", "database", "cut")
EXTENSIONS = ("501", "502", "503")
NUMBER = "02191001234"
QUIET_S = (0.0, 2.5)  # from a ringing telephone to the fault
DATABASE_DOWN_S = 2.0
MAX_WAIT_S = 60.0
ASK_AT_ONCE = 3
SPEED = 4.0  # of telephones and talks
# Pauses of a second, shorter than staff may set, so that a run does not mostly wait.
RULES = {"call_back_pause_s": 1, "call_back_again_s": 1, "call_back_tries": 10, "max_no_answer": 20}
_OVER = (CallBackState.DONE, CallBackState.MISSED, CallBackState.CANCELLED)


@dataclass(slots=True)
class CallBackFigures:
    """The figures of a run."""

    rounds: int = 0
    by_fault: dict[str, int] = field(default_factory=dict)
    asked: int = 0
    called_back: int = 0
    became_tickets: int = 0
    rung_at_far_end: int = 0
    called_back_twice: int = 0
    lost: int = 0
    looks: int = 0
    looks_with_open_books: int = 0
    tries_in_flight_at_faults: list[int] = field(default_factory=list)
    seconds: float = 0.0
    findings: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class CallBackBench:
    """One run of `rounds` faults."""

    def __init__(
        self,
        rounds: int,
        seed: int,
        store: DatabaseTarget,
        folder: Path,
        on_round: Callable[[int, str], None],
    ) -> None:
        self._rounds, self._store, self._folder, self._on_round = rounds, store, folder, on_round
        self._random = random.Random(seed)
        self._log = folder / "rung.log"
        options = EmbeddedOptions(
            gateways=(EMBEDDED,), speed=SPEED, log=self._log, cdr=folder / "cdr.csv",
            recordings=folder / "recordings", support_numbers=NUMBER, book=folder / "book",
        )  # fmt: skip
        self._switch = EmbeddedTarget(options)
        self.result = CallBackFigures()

    def run(self) -> CallBackFigures:
        """1. Start switch, store, agents.  2. The rounds.  3. Wait until all call-backs are over.  4. Compare."""
        began = time.monotonic()
        self._switch.start()
        self._proxy = Proxy(self._switch.address)
        engine = self._engine = EngineProcess(
            self._folder,
            self._store.url,
            self._switch.spec(self._proxy.start()),
            AVANAK_SUPPORT_NUMBERS=NUMBER,
        )
        open_store(load_settings(data_dir=self._folder, database_url=self._store.url, log_level="WARNING"))
        try:
            write(self._setup)
            self._ask(2 * ASK_AT_ONCE)
            engine.start()
            for number in range(1, self._rounds + 1):
                fault = FAULTS[number % len(FAULTS)]
                self._wait_for_ring()
                gevent.sleep(self._random.uniform(*QUIET_S))
                self._round(number, fault)
            self._finish()
            self._compare()
        finally:
            engine.kill()
            self._proxy.stop()
            self._switch.stop()
            close_readers()
        self.result.seconds = round(time.monotonic() - began, 1)
        return self.result

    def _setup(self) -> None:
        now = wall_ms()
        first_start.ensure_first(now, "call-back-bench-password")
        gateways.ensure(EMBEDDED, 50, 100, now)
        admin = User.get(User.username == "admin")
        today = datetime.now(TEHRAN).date()
        for day in (today, today + timedelta(days=1)):  # support hours are open at any hour of the run
            if working_calendar.current(CalendarKind.SUPPORT, now).holiday(day) is not None:
                working_calendar.edit(admin, "strike", day, "a bench", now)
            hours = [["00:00", "23:59"]]
            working_calendar.edit(admin, "half_day", day, "a bench", now, hours=hours)
        for extension in EXTENSIONS:
            person = User.create(username=f"a{extension}", password_hash="", role="agent", created_at=now)
            agents.add(SYSTEM, person.id, extension, now, wrap_up_s=0)
            agents.sign_in(person, now)
        for name, value in RULES.items():
            SupportSetting.create(name=name, value=str(value), changed_at=now, changed_by=None)

    def _ask(self, count: int) -> None:
        """Add `count` callers who asked for a call-back; each presses 1 when it comes (0008)."""

        def work() -> None:
            for _ in range(count):
                self.result.asked += 1
                channel, number, now = str(uuid.uuid4()), f"0912{self.result.asked:03d}0008", wall_ms()
                calls.came(channel, 1, "", number, now)
                calls.joined(channel, now)
                call_backs.register(channel, "+98" + number[1:], now)

        write(work)

    def _round(self, number: int, fault: str) -> None:
        in_flight = self._look()
        self.result.tries_in_flight_at_faults.append(in_flight)
        if fault == "engine":
            self._engine.kill()
            self._engine.start()
        elif fault == "switch":
            self._switch.kill()
            gevent.sleep(self._random.uniform(0.0, 0.5))
            self._switch.start()
        elif fault == "database":
            self._store.stop()
            gevent.sleep(DATABASE_DOWN_S)
            self._store.start()
        else:
            self._proxy.cut()
        self._ask_when_possible()
        self.result.rounds = number
        self.result.by_fault[fault] = self.result.by_fault.get(fault, 0) + 1
        self._on_round(number, fault)

    def _ask_when_possible(self) -> None:
        deadline = time.monotonic() + MAX_WAIT_S
        while True:
            asked = self.result.asked
            try:
                self._ask(ASK_AT_ONCE)
                return
            except AvanakError:
                self.result.asked = asked
                if time.monotonic() > deadline:
                    raise
                gevent.sleep(0.2)

    def _look(self) -> int:
        """Check the books at this moment; returns how many tries are in flight."""
        now = wall_ms()
        try:
            found = read(lambda: figures.total(0, now + 1, now))
            tries = read(lambda: len(call_backs.open_tries()))
        except AvanakError:
            return -1
        self.result.looks += 1
        is_closed = found.offered == found.answered + found.abandoned + found.called_back + found.waiting
        if not is_closed or tries > len(EXTENSIONS):
            self.result.looks_with_open_books += 1
            self.result.findings.append(f"{found}, {tries} tries in flight")
        return tries

    def _far_end(self) -> list[Rung]:
        return list(read_rung(self._log)) if self._log.exists() else []

    def _wait_for_ring(self) -> None:
        rung, deadline = len(self._far_end()), time.monotonic() + MAX_WAIT_S
        while len(self._far_end()) == rung:
            if time.monotonic() > deadline:
                self.result.findings.append(f"no telephone rang within {MAX_WAIT_S:g} s")
                return
            gevent.sleep(0.05)
            self._look()

    def _finish(self) -> None:
        deadline = time.monotonic() + MAX_WAIT_S + 3 * self._rounds
        while time.monotonic() < deadline:
            self._look()
            if not read(lambda: CallBack.select().where(CallBack.state.not_in(_OVER)).count()):
                return
            gevent.sleep(0.2)
        self.result.findings.append("call-backs were open at the end")

    def _compare(self) -> None:
        """Compare the far end's log with our records."""
        result, heard = self.result, self._far_end()
        pressed = [one for one in heard if one.campaign == PRESSED]
        first = {one.number: one.at_ms for one in reversed(pressed)}
        rings = [one for one in heard if one.campaign == CALL_BACK]
        result.rung_at_far_end = len(rings)
        again = {one.number for one in rings if one.at_ms > first.get(one.number, one.at_ms)}
        twice = again | {number for number, times in Counter(o.number for o in pressed).items() if times > 1}
        result.called_back_twice = len(twice)
        rows = read(lambda: list(CallBack.select()))
        done = {row.number[1:] for row in rows if row.state == CallBackState.DONE}
        missed = [row for row in rows if row.state == CallBackState.MISSED]
        result.called_back, result.became_tickets = len(done), len(missed)
        lost = [row.number for row in rows if row.state not in _OVER]
        lost += [row.number for row in missed if not row.ticket_id] + sorted(done - first.keys())
        result.lost = len(lost) + result.asked - len(rows)
        if twice:
            result.findings.append(f"called back twice: {', '.join(sorted(twice)[:5])}")
        if lost:
            result.findings.append(f"lost: {', '.join(lost[:5])}")


def run_callbacks(
    rounds: int, seed: int, make_store: Callable[[Path], DatabaseTarget], on_round: Callable[[int, str], None]
) -> CallBackFigures:
    """Run `rounds` faults in a new data folder; returns the figures."""
    with data_dir() as folder:
        store = make_store(folder)
        store.start()
        try:
            return CallBackBench(rounds, seed, store, folder, on_round).run()
        finally:
            if not database.db.is_closed():
                database.db.close()
            store.end()
