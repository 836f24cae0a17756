"""The switches of this engine: each supervised, and handed to the dialer while it is up."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.clock import wall_ms
from engine.config import Settings
from engine.dialing.dialer import Dialer
from engine.embedded.options import EmbeddedOptions
from engine.embedded.process import EmbeddedProcess
from engine.errors import BadInput, StoreUnavailable
from engine.esl.address import SwitchAddress, parse_address
from engine.esl.events import Event, read_heartbeat
from engine.esl.link import Link
from engine.esl.supervisor import Supervisor, SwitchInfo
from engine.services import switches
from engine.store.writer import Writer

log = logging.getLogger(__name__)

EMBEDDED = "embedded"


@dataclass(slots=True, frozen=True)
class SwitchSpec:
    """A switch that is to be used: the embedded one (no address), or one at an address."""

    name: str
    address: SwitchAddress | None


def parse_switches(text: str) -> list[SwitchSpec]:
    """Switches of ``AVANAK_SWITCHES``: blank-separated ``embedded`` or ``[NAME=]esl://:PASSWORD@HOST:PORT``.

    BadInput says which one is wrong, without its password.
    """
    specs: list[SwitchSpec] = []
    for number, word in enumerate(text.split(), start=1):
        name, equals, rest = word.partition("=")
        if not equals or "://" in name:
            name, rest = "", word
        if rest == EMBEDDED:
            specs.append(SwitchSpec(name or EMBEDDED, None))
        else:
            address = parse_address(rest)
            specs.append(SwitchSpec(name or f"{address.host}-{address.port}", address))
        if not all(c.isalnum() or c in "._-" for c in specs[-1].name) or len(specs[-1].name) > 64:
            raise BadInput(f"Switch {number}: a switch's name has letters, digits, . _ and - only.")
    if not specs:
        raise BadInput("AVANAK_SWITCHES names no switch.")
    if len({spec.name for spec in specs}) != len(specs):
        raise BadInput("AVANAK_SWITCHES gives two switches the same name.")
    return specs


class Switchboard:
    """Keeps supervisors (and embedded switches) running between `start` and `stop`."""

    def __init__(self, settings: Settings, writer: Writer, dialer: Dialer) -> None:
        self.settings = settings
        self.writer = writer
        self.dialer = dialer
        self.supervisors: dict[int, Supervisor] = {}
        self.embedded: dict[int, EmbeddedProcess] = {}

    def start(self, specs: list[SwitchSpec], embedded: EmbeddedOptions | None = None) -> None:
        """Connect to all of them; returns at once.  `embedded` are the options of embedded ones."""
        for spec in specs:
            if spec.address is None:
                options = embedded or self.default_embedded(spec.name)
                process = EmbeddedProcess.start(options)
                address = SwitchAddress(process.address[0], process.address[1], process.password)
                switch_id = self._register(spec.name, str(address), True)
                self.embedded[switch_id] = process
            else:
                address = spec.address
                switch_id = self._register(spec.name, str(address), False)
            self.dialer.add_switch(switch_id, spec.name, spec.address is None)
            self._supervise(switch_id, spec.name, address)

    def default_embedded(self, name: str) -> EmbeddedOptions:
        """How an embedded switch is started when nobody says otherwise."""
        logs = self.settings.data_dir / "log"
        logs.mkdir(parents=True, exist_ok=True)
        return EmbeddedOptions(
            password=secrets.token_urlsafe(24),
            gateways=(EMBEDDED,),
            prompts=Path(self.settings.prompts_dir),
            log=logs / f"{name}-rung.log",
            cdr=logs / f"{name}-cdr.csv",
        )

    def stop(self) -> None:
        for supervisor in self.supervisors.values():
            supervisor.stop()
        for process in self.embedded.values():
            process.stop()

    @property
    def any_up(self) -> bool:
        return bool(self.dialer.links)

    def last_error(self) -> str:
        """One sentence about a switch that is not up; empty if all are."""
        for supervisor in self.supervisors.values():
            state = supervisor.state()
            if state.status != "up" and state.last_error:
                return f"{state.name}: {state.last_error}"
        return ""

    def _register(self, name: str, address: str, is_embedded: bool) -> int:
        return self.writer.call(lambda: switches.register(name, address, is_embedded, wall_ms()))

    def _supervise(self, switch_id: int, name: str, address: SwitchAddress) -> None:
        def on_up(link: Link, info: SwitchInfo) -> None:
            self._report(
                switch_id,
                state="up",
                state_reason="",
                state_since_at=wall_ms(),
                core_uuid=info.core_uuid,
                max_sessions=info.max_sessions,
                sessions_per_second=info.sessions_per_second,
                seen_at=wall_ms(),
            )
            self.dialer.switch_up(
                switch_id, link, info.core_uuid, info.sessions_per_second, info.max_sessions
            )

        def on_down(reason: str) -> None:
            self.dialer.switch_down(switch_id)
            self._report(switch_id, state="down", state_reason=reason[:500], state_since_at=wall_ms())

        def on_event(event: Event) -> None:
            if event.name == "HEARTBEAT":
                self._heartbeat(switch_id, event)
            else:
                self.dialer.on_event(event)

        supervisor = Supervisor(name, address, on_up=on_up, on_down=on_down, on_event=on_event)
        self.supervisors[switch_id] = supervisor
        supervisor.start()

    def _heartbeat(self, switch_id: int, event: Event) -> None:
        beat = read_heartbeat(event)
        self._report(
            switch_id,
            sessions=beat.session_count or 0,
            idle_cpu=beat.idle_cpu,
            seen_at=wall_ms(),
        )

    def _report(self, switch_id: int, **values: Any) -> None:
        """Note something about a switch; that the database is away must not cost the connection."""
        try:
            self.writer.call(lambda: switches.report(switch_id, **values))
        except StoreUnavailable as error:
            log.warning("action=switch_report_failed switch=%d error=%r", switch_id, str(error))
