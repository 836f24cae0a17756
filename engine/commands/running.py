"""Running an engine in this process for as long as one command needs it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import gevent

from engine.commands.common import note
from engine.commands.interrupts import Interrupts
from engine.config import Settings
from engine.embedded.options import EmbeddedOptions
from engine.errors import SwitchUnavailable
from engine.runtime.controller import Engine
from engine.runtime.identity import is_identity_taken
from engine.runtime.switchboard import SwitchSpec
from engine.store.leases import switch_leases
from engine.store.threads import read

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
    if is_engine_running(settings, [spec.name for spec in specs]):
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


def is_engine_running(settings: Settings, switches: Iterable[str] = ()) -> bool:
    """Whether another engine makes the calls: this installation's own, or one that holds all of `switches` (names).

    With SQLite there is one engine.  With PostgreSQL an engine of another machine may hold the switches.
    """
    if is_identity_taken(settings):
        return True
    wanted = set(switches)
    held = {lease.name for lease in read(switch_leases) if lease.owner}
    return bool(wanted) and wanted <= held


def _end_at_second(engine: Engine, interrupts: Interrupts) -> None:
    interrupts.second.wait()
    engine.dialer.hang_up_all()
