"""Running an engine in this process for as long as one command needs it."""

from __future__ import annotations

import fcntl
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import gevent

from engine.commands.common import note
from engine.commands.interrupts import Interrupts
from engine.config import Settings
from engine.embedded.options import EmbeddedOptions
from engine.errors import SwitchUnavailable
from engine.runtime.controller import Engine
from engine.runtime.switchboard import SwitchSpec
from engine.store.database import sqlite_path

log = logging.getLogger(__name__)

REACH_S = 10.0  # how long a switch may take to answer before the command gives up
QUICK_DRAIN_S = 2.0


@contextmanager
def engine_here(
    settings: Settings, specs: Sequence[SwitchSpec], embedded: EmbeddedOptions | None, interrupts: Interrupts
) -> Iterator[Engine]:
    """An engine in this process, stopped in order at the end; EngineBusy when another runs on this database.

    At the end it lets calls finish; after a second Ctrl-C they are ended.
    """
    engine = Engine(settings)
    try:
        engine.start(list(specs), embedded)
    except SwitchUnavailable:  # an embedded switch did not start; everything else runs already
        engine.stop(0.0)
        raise
    watcher = gevent.spawn(_end_at_second, engine, interrupts)
    try:
        yield engine
    finally:
        # Without a switch no call will end here; the next engine asks the switch what became of them.
        is_hopeless = interrupts.second.is_set() or not engine.switchboard.any_up
        engine.stop(0.0 if interrupts.abandoned.is_set() else QUICK_DRAIN_S if is_hopeless else None)
        watcher.kill()


@contextmanager
def engine_here_or_elsewhere(
    settings: Settings, specs: Sequence[SwitchSpec], embedded: EmbeddedOptions | None, interrupts: Interrupts
) -> Iterator[Engine | None]:
    """As `engine_here`; None when another engine runs on this database, which then makes the calls."""
    if is_engine_running():
        log.info("action=engine_runs_elsewhere")
        yield None
        return
    with engine_here(settings, specs, embedded, interrupts) as engine:
        yield engine


def reach_switch(engine: Engine) -> None:
    """Wait until a switch is up; SwitchUnavailable in words if none is within ten seconds.

    A switch that refused the password is not waited for.
    """
    for _ in range(int(REACH_S / 0.25)):
        if engine.wait_for_switch(0.25):
            missing = engine.switchboard.last_error()
            if missing:
                note(f"Not all switches are up: {missing}.")
            return
        states = [supervisor.state() for supervisor in engine.switchboard.supervisors.values()]
        if states and all(state.status == "refused" for state in states):
            break
    said = engine.switchboard.last_error().rstrip(".")
    raise SwitchUnavailable("No switch can be reached (%(why)s).", why=said or f"no answer in {REACH_S:g} s")


def is_engine_running() -> bool:
    """Whether another process dials from this database.  Only SQLite can say: elsewhere each engine is welcome."""
    path = sqlite_path()
    if path is None:
        return False
    try:
        with open(f"{path}.engine", "a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _end_at_second(engine: Engine, interrupts: Interrupts) -> None:
    interrupts.second.wait()
    engine.dialer.hang_up_all()
