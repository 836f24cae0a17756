"""Engine, switch and database die while callers wait and call-backs run on a real FreeSWITCH; the far end is counted.

AVANAK_SUPPORT_ROUNDS says how many deaths there are (4, in turns), AVANAK_SUPPORT_POSTGRES=1 that the database is
a PostgreSQL server, which is stopped as by a crash; of SQLite the write lock is taken away.
"""

from __future__ import annotations

import logging
import os
import random
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import pytest

from engine.bench.crash_targets import DatabaseTarget, PostgresTarget, SqliteTarget
from engine.bench.kit import data_dir
from engine.clock import wall_ms
from engine.config import load_settings
from engine.errors import StoreUnavailable
from engine.runtime.opening import open_store
from engine.services.support_line import agents, call_backs, calls, figures, hours
from engine.services.support_line.agents import SYSTEM
from engine.services.trunks import gateways
from engine.states import CallBackState, SupportCallState
from engine.store import threads
from engine.store.tables.core import Account, User
from engine.store.tables.support_line import CallBack, CallBackTry, SupportCall, SupportSetting
from engine.store.threads import close_readers, read, write
from engine.store.writer import Writer
from engine.switch_conf import support
from engine.switch_conf.settings import GatewaySettings
from tests.freeswitch.engine_lab import switch_words
from tests.freeswitch.phone import Phone
from tests.freeswitch.support.house import NUMBER, PASSWORD, fast_prompts
from tests.freeswitch.switch import (
    ROOT,
    CarrierProcess,
    Switch,
    free_port,
    running_carrier,
    running_switch,
)
from tests.waits import wait_for

log = logging.getLogger(__name__)

T = TypeVar("T")

ROUNDS = int(os.environ.get("AVANAK_SUPPORT_ROUNDS", "4"))
EXTENSIONS = ("501", "502", "503")
KEY_S = 0.3  # from the begin of a key to the caller being put through
TALK_S = 4.0  # an agent hangs up so long after the telephone rang
AGENT_HZ = 500
FAULTS = ("engine", "switch", "database")
DATABASE_DOWN_S = 3.0
CERTAIN = 25  # packets of an agent's tone: half a second of talk


class Deaths:
    """Engine and switch in processes of their own, both of which come again."""

    def __init__(
        self, binary: str, folder: Path, carrier: CarrierProcess, store: DatabaseTarget, stack: ExitStack
    ) -> None:
        self._binary, self._folder, self._store, self._stack = binary, folder, store, stack
        self._gateway = GatewaySettings(
            "lab", f"127.0.0.1:{carrier.port}", ptime_ms=20, inbound=("127.0.0.2/32",)
        )
        self._agents_port, self._asked = free_port(), 0
        self.engine: subprocess.Popen[bytes] | None = None
        self.switch = self._started_switch()
        self.gone: list[tuple[float, float]] = []  # when there was no switch that could take a key
        self.phones: list[Phone] = []
        self.callers: list[Phone] = []
        self.telephones()

    def _started_switch(self, before: Switch | None = None) -> Switch:
        again = {} if before is None else {
            "password": before.password, "event_socket_port": before.esl_port, "sip_port": before.sip_port
        }  # fmt: skip
        switch = self._stack.enter_context(
            running_switch(self._binary, self._folder / "switch", (self._gateway,), agents_port=self._agents_port,
                           support_numbers=NUMBER, **again)
        )  # fmt: skip
        fast_prompts(switch.prompts)
        hashes = [(name, agents._a1(agents.Secret(name, agents.REALM, PASSWORD))) for name in EXTENSIONS]
        support.write_agents(switch.folder / "conf", hashes)
        line = switch.connect()
        assert "OK" in line.api("reloadxml")
        line.close()
        return switch

    def telephones(self) -> None:
        """Agents' telephones log in (again)."""
        for phone in self.phones:
            phone.stop()
        self.phones = [
            Phone(("127.0.0.1", self._agents_port), name, password=PASSWORD, tone_hz=AGENT_HZ, talk_s=TALK_S)
            for name in EXTENSIONS
        ]
        for phone in self.phones:
            phone.start()
            phone.register()
        wait_for(
            lambda: all(("REGISTER", 200) in phone.statuses for phone in self.phones), "registrations", 10
        )

    def start_engine(self) -> None:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AVANAK_")},
            "AVANAK_DATA_DIR": str(self._folder / "engine"), "AVANAK_DATABASE_URL": self._store.url,
            "AVANAK_SWITCHES": switch_words(self.switch), "AVANAK_INBOUND_SHARE": "0", "AVANAK_TEST_PAYMENTS": "true",
        }  # fmt: skip
        with (self._folder / "engine.log").open("ab") as output:
            self.engine = subprocess.Popen(
                [sys.executable, "-m", "tests.freeswitch.open_engine", "serve", "--no-web"],
                env=environment, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True,
            )  # fmt: skip

    def kill_engine(self) -> None:
        assert self.engine is not None
        if self.engine.poll() is None:
            os.killpg(self.engine.pid, 9)
            self.engine.wait()

    def kill_switch(self) -> None:
        killed_at = time.time()
        self.switch.process.kill()
        self.switch.process.wait()
        self.switch = self._started_switch(self.switch)
        self.gone.append((killed_at - KEY_S, time.time()))
        self.telephones()

    def stop_database(self) -> None:
        self._store.stop()
        time.sleep(DATABASE_DOWN_S)
        self._store.start()

    def ring(self) -> None:
        """One more caller, who stays in the queue until somebody answers."""
        number = f"0935{len(self.callers):03d}0000"
        caller = Phone(("127.0.0.1", self.switch.sip_port), number, host="127.0.0.2")
        caller.start()
        caller.call(NUMBER)
        self.callers.append(caller)

    def ask(self, count: int) -> None:
        """So many callers who keep their number and leave; who answers presses 1 (0053 is the carrier's word for it)."""

        def work() -> None:
            for _ in range(count):
                self._asked += 1
                channel, number, now = str(uuid.uuid4()), f"0912{self._asked:03d}0053", wall_ms()
                calls.came(channel, 1, "", number, now)
                calls.joined(channel, now)
                call_backs.register(channel, "+98" + number[1:], now)

        surely(lambda: write(work))


def surely(work: Callable[[], T]) -> T:
    """Do it; again when a connection to a database that was away is found broken."""
    for _ in range(5):
        try:
            return work()
        except StoreUnavailable:
            time.sleep(0.2)
    return work()


def presses(carrier: CarrierProcess, gone: list[tuple[float, float]]) -> list[dict[str, Any]]:
    """The keys that a switch took: what a callee pressed while it was dead reached nobody."""
    return [one for one in carrier.presses if not any(start <= one["at"] <= end for start, end in gone)]


def talked_twice(carrier: CarrierProcess, gone: list[tuple[float, float]]) -> list[str]:
    """Numbers that were rung again after they had pressed 1, or that pressed it in two calls."""
    pressed: dict[str, float] = {}
    for one in presses(carrier, gone):
        pressed.setdefault(one["number"], one["at"])
    again = [one["number"] for one in carrier.arrived if one["at"] > pressed.get(one["number"], 1e12)]
    calls_of = Counter(
        number for number, _ in {(one["number"], one["call_id"]) for one in presses(carrier, gone)}
    )
    return again + [number for number, count in calls_of.items() if count > 1]


def books_are_closed() -> None:
    now = wall_ms()
    found = surely(lambda: read(lambda: figures.total(0, now + 1, now)))
    assert found.offered == found.answered + found.abandoned + found.called_back + found.waiting
    assert tries_in_flight() <= len(EXTENSIONS)


def tries_in_flight() -> int:
    return surely(lambda: read(lambda: len(call_backs.open_tries())))


def callers_in_the_books(callers: list[Phone]) -> Counter[str]:
    """What the books say of each caller, which agrees with what they heard."""
    ends: Counter[str] = Counter()
    for caller in callers:
        number = "+98" + caller.user[1:]
        rows = read(lambda number=number: list(SupportCall.select().where(SupportCall.number == number)))
        heard = caller.heard.get(AGENT_HZ, 0)
        states = {row.state for row in rows}
        if heard >= CERTAIN:
            assert states == {SupportCallState.ANSWERED}, (number, heard, states)
        elif (
            not heard
        ):  # came while no engine was there to hear of it, or died with the switch before it joined
            assert states <= {SupportCallState.ABANDONED, SupportCallState.LEFT}, (number, states)
        ends[f"{'talked' if heard else 'did not talk'}: {', '.join(sorted(states)) or 'unknown'}"] += 1
    return ends


@pytest.mark.timeout(180 + 45 * ROUNDS)
def test_nobody_is_called_back_twice_and_none_is_lost(
    freeswitch_binary: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hours, "office", lambda now: hours.OpenHours(True, now, now + 3_600_000))
    chance, struck = random.Random(8), Counter[str]()
    postgres = os.environ.get("AVANAK_SUPPORT_POSTGRES") == "1"
    stores = ExitStack()  # a folder that the database's user can enter
    store = (PostgresTarget if postgres else SqliteTarget)(stores.enter_context(data_dir()))
    stores.callback(store.end)
    store.start()
    open_store(load_settings(data_dir=tmp_path / "engine", database_url=store.url))
    writer = Writer()
    writer.start()
    threads.use_writer(writer)
    with running_carrier(tmp_path / "carrier") as carrier, ExitStack() as stack:
        stack.enter_context(stores)
        stack.callback(close_readers)
        deaths = Deaths(freeswitch_binary, tmp_path, carrier, store, stack)
        try:
            write(_agents_and_rules)
            deaths.ask(6)
            deaths.start_engine()
            for number in range(ROUNDS):
                rung = len(carrier.arrived)
                wait_for(lambda rung=rung: len(carrier.arrived) > rung, "a callee's telephone to ring", 60)
                deaths.ring()
                time.sleep(chance.uniform(0, TALK_S))
                fault = FAULTS[number % len(FAULTS)]
                struck[f"{fault}, {tries_in_flight()} tries in flight"] += 1
                if fault == "engine":
                    deaths.kill_engine()
                    deaths.ring()
                    deaths.ask(3)
                    deaths.start_engine()
                elif fault == "switch":
                    deaths.kill_switch()
                    deaths.ask(3)
                else:
                    deaths.stop_database()
                    deaths.ask(3)
                books_are_closed()
                log.info("round %d: %s, %d calls so far", number + 1, fault, len(carrier.arrived))
            over = (CallBackState.DONE, CallBackState.MISSED)
            waits = (SupportCallState.ARRIVED, SupportCallState.WAITING, SupportCallState.TALKING)
            open_ones = CallBack.select().where(CallBack.state.not_in(over))
            wait_for(lambda: surely(lambda: read(open_ones.count)) == 0, "all ends", 40 + 12 * ROUNDS)
            here = SupportCall.select().where(SupportCall.state.in_(waits))
            wait_for(lambda: read(here.count) == 0, "an answer for all who wait", 60)
        except BaseException:
            for name in ("arrived", "presses", "ended"):
                log.error("%s: %s", name, (tmp_path / "carrier" / f"{name}.jsonl").read_text()[-1500:])
            log.error("the engine said:\n%s", (tmp_path / "engine.log").read_text()[-6000:])
            raise
        finally:
            deaths.kill_engine()
            for phone in (*deaths.phones, *deaths.callers):
                phone.stop()
            writer.stop()
            threads.use_writer(None)
        books_are_closed()
        ends = callers_in_the_books(deaths.callers)
        assert talked_twice(carrier, deaths.gone) == []
        pressed = {one["number"] for one in carrier.presses}
        rows = read(lambda: list(CallBack.select()))
        done = {row.number[1:] for row in rows if row.state == CallBackState.DONE}
        missed = [row for row in rows if row.state == CallBackState.MISSED]
        assert len(rows) == 6 + 3 * ROUNDS
        assert done <= pressed
        assert all(row.ticket_id for row in missed)
        log.info(
            "%d rounds %s: %d called back, %d became tickets; %d calls at the far end, %d tries; callers %s",
            ROUNDS, dict(struck), len(done), len(missed), len(carrier.arrived),
            read(CallBackTry.select().count), dict(ends),
        )  # fmt: skip


def _agents_and_rules() -> None:
    now = wall_ms()
    Account.create(name="House", created_at=now, state="active", is_house=True)
    gateways.ensure("lab", 20, 100, now)
    for name in EXTENSIONS:
        person = User.create(username=f"agent{name}", password_hash="-", role="agent", created_at=now)
        agents.add(SYSTEM, person.id, name, now, wrap_up_s=0)
        agents.sign_in(person, now)
    # Pauses of a second, below what staff may set: a test has no time.
    for rule, value in (("call_back_pause_s", 1), ("call_back_again_s", 1), ("call_back_tries", 10)):
        SupportSetting.create(name=rule, value=str(value), changed_at=now, changed_by=None)
    SupportSetting.create(name="max_no_answer", value="20", changed_at=now, changed_by=None)
