"""The switches of this engine: each supervised, and handed to the dialer while it is up.

``AVANAK_SWITCHES`` names them, with the place of their call records after the address.  With PostgreSQL several engines may
name the same switches: each is served by the engine that holds its lease.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gevent
from gevent.event import Event as Flag

from engine.clock import monotonic_s, wall_ms
from engine.config import Settings
from engine.dialing.cdr import FileSource, NoRecords, PostedSource, Records, Source, SwitchRecords
from engine.dialing.cdr_file import Cursor
from engine.dialing.dialer import Dialer
from engine.embedded.options import PASSWORD_ENV, EmbeddedOptions
from engine.embedded.process import EmbeddedProcess
from engine.errors import AvanakError, BadInput, StoreUnavailable, SwitchUnavailable
from engine.esl import commands
from engine.esl.address import SwitchAddress, parse_address
from engine.esl.events import Event, read_heartbeat
from engine.esl.link import Link
from engine.esl.media_moved import has_moved
from engine.esl.supervisor import Supervisor, SwitchInfo
from engine.private_files import make_folder
from engine.runtime.leases import LeaseKeeper
from engine.services.trunks import switches
from engine.store import leases
from engine.store.cdr import load_cursor, marks_of, save_cursor
from engine.store.threads import read
from engine.store.writer import Channel, Writer
from engine.support_line.line import SupportLine

log = logging.getLogger(__name__)

EMBEDDED = "embedded"
POSTED = "posted"  # `?cdr=posted`: a switch on another machine posts its records to the web part
STORE_RETRY_S = 0.5


@dataclass(slots=True, frozen=True)
class SwitchSpec:
    """A switch that is to be used: the embedded one (no address), or one at an address.

    `cdr` is mod_cdr_csv's file as this machine sees it, ``posted``, or empty: there are no records.
    """

    name: str
    address: SwitchAddress | None
    cdr: str = ""


def parse_switches(text: str) -> list[SwitchSpec]:
    """Switches of ``AVANAK_SWITCHES``, separated by blanks.

    Each is ``embedded`` or ``[NAME=]esl://:PASSWORD@HOST:PORT[?cdr=/path/Master.csv|?cdr=posted]``.
    BadInput says which one is wrong, without its password.
    """
    specs: list[SwitchSpec] = []
    for number, word in enumerate(text.split(), start=1):
        name, equals, rest = word.partition("=")
        if not equals or "://" in name:
            name, rest = "", word
        rest, _, query = rest.partition("?")
        cdr = _read_cdr(query, number)
        if rest == EMBEDDED:
            if cdr:
                raise BadInput(
                    "Switch %(number)s: the embedded switch keeps its records itself; leave ?cdr= out.",
                    number=number,
                )
            specs.append(SwitchSpec(name or EMBEDDED, None))
        else:
            address = parse_address(rest)
            specs.append(SwitchSpec(name or f"{address.host}-{address.port}", address, cdr))
        if not all(c.isalnum() or c in "._-" for c in specs[-1].name) or len(specs[-1].name) > 64:
            raise BadInput(
                "Switch %(number)s: a switch's name has letters, digits, . _ and - only.", number=number
            )
    if not specs:
        raise BadInput("AVANAK_SWITCHES names no switch.")
    if len({spec.name for spec in specs}) != len(specs):
        raise BadInput("AVANAK_SWITCHES gives two switches the same name.")
    return specs


def _read_cdr(query: str, number: int) -> str:
    if not query:
        return ""
    key, _, value = query.partition("=")
    if key != "cdr" or not (value == POSTED or value.startswith("/")):
        raise BadInput(
            "Switch %(number)s: behind the address may stand ?cdr=/path/Master.csv or ?cdr=%(posted)s only.",
            number=number,
            posted=POSTED,
        )
    return value


class Switchboard:
    """Keeps supervisors (and embedded switches) running between `start` and `stop`."""

    def __init__(
        self,
        settings: Settings,
        writer: Writer,
        dialer: Dialer,
        take_job: Callable[[Event], bool],
        support_line: SupportLine,
    ) -> None:
        """`take_job` gets each background job first and returns True if it was not a call's."""
        self.settings = settings
        self.writer = writer
        self.dialer = dialer
        self.supervisors: dict[int, Supervisor] = {}
        self.embedded: dict[int, EmbeddedProcess] = {}
        self.keeper: LeaseKeeper | None = None  # with PostgreSQL
        self._take_job = take_job
        self._support_line = support_line
        self._specs: dict[int, SwitchSpec] = {}
        self._embedded_options: EmbeddedOptions | None = None
        self._cursors: Channel[tuple[int, Cursor]] = Channel("record_cursor", _write_cursors)
        self._beats: Channel[tuple[int, str | None, dict[str, Any]]] = Channel("heartbeat", _write_beats)

    def start(
        self, specs: list[SwitchSpec], embedded: EmbeddedOptions | None = None, owner: str = ""
    ) -> None:
        """Start connecting to all switches and return at once.  `embedded` are the options of embedded ones.

        With an `owner` (several engines share the switches) each is connected once its lease is held.
        """
        self._embedded_options = embedded
        for spec in specs:
            shown = str(spec.address) if spec.address else EMBEDDED
            self._specs[self._register(spec.name, shown, spec.address is None)] = spec
        if not owner:
            for switch_id in self._specs:
                self._begin(switch_id)
            return
        self.keeper = LeaseKeeper(
            owner, owner.partition(":")[0], self.writer, self._gained, self._lost, self._renewed
        )
        self.keeper.start({switch_id: spec.name for switch_id, spec in self._specs.items()})

    def _begin(self, switch_id: int) -> None:
        """Serve the switch from now on."""
        spec = self._specs[switch_id]
        if spec.address is None:
            options = self._embedded_options or self.default_embedded(spec.name)
            process = EmbeddedProcess.start(options)
            self.embedded[switch_id] = process
            address = SwitchAddress(process.address[0], process.address[1], process.password)
            self._register(spec.name, str(address), True)
            records = self._records(switch_id, spec, options.cdr)
        else:
            address = spec.address
            records = self._records(switch_id, spec, None)
        self.dialer.add_switch(switch_id, spec.name, spec.address is None, records)
        if self.keeper is not None:
            self.dialer.permit(switch_id, self.keeper.held.get(switch_id, 0.0))
        self._supervise(switch_id, spec.name, address)

    def _records(self, switch_id: int, spec: SwitchSpec, own_file: Path | None) -> Records:
        """Read the call records of a switch, from where the last reading stopped."""
        row = read(lambda: load_cursor(switch_id))
        cursor = Cursor(row.inode, row.head, row.position) if row is not None else None
        source: Source
        if own_file is not None:
            source = FileSource(Path(own_file), cursor, is_sure=True)
        elif spec.cdr == POSTED:
            source = PostedSource(spec.name, cursor, read, lambda: read(lambda: marks_of(spec.name)))
        elif spec.cdr:
            source = FileSource(Path(spec.cdr), cursor)
        else:
            log.warning("action=switch_without_records switch=%s", spec.name)
            return NoRecords()
        return SwitchRecords(
            source,
            self.dialer.calls,
            self.dialer.call_events.settle_hangup,
            lambda cursor: self.writer.add(self._cursors, (switch_id, cursor)),
            lambda: (wall_ms(), monotonic_s()),
        )

    def default_embedded(self, name: str) -> EmbeddedOptions:
        """The default options of an embedded switch."""
        logs = self.settings.data_dir / "log"
        make_folder(logs)
        return EmbeddedOptions(
            password=os.environ.get(PASSWORD_ENV) or secrets.token_urlsafe(24),
            gateways=(EMBEDDED,),
            prompts=Path(self.settings.prompts_dir),
            recordings=self.settings.recordings_folder,
            log=logs / f"{name}-rung.log",
            cdr=logs / f"{name}-cdr.csv",
            support_numbers=self.settings.support_numbers,
            book=logs / f"{name}-book",
        )

    def stop(self) -> None:
        gevent.joinall([gevent.spawn(supervisor.stop) for supervisor in self.supervisors.values()])
        for process in self.embedded.values():
            process.stop()
        if self.keeper is not None:
            self.keeper.stop()

    # -- leases -------------------------------------------------------------------------

    def _gained(self, switch_id: int) -> None:
        gevent.spawn(self._begin_leased, switch_id)

    def _begin_leased(self, switch_id: int) -> None:
        try:
            self._begin(switch_id)
        except AvanakError as error:
            log.error("action=switch_not_begun switch=%d error=%r", switch_id, str(error))
            self._end(switch_id)

    def _lost(self, switch_id: int) -> None:
        """Stop serving a switch: send nothing from now on, then end the rest."""
        assert self.keeper is not None
        self.keeper.busy.add(switch_id)
        gevent.spawn(self._end, switch_id)

    def _end(self, switch_id: int) -> None:
        """1. close the connection; 2. forget its calls, which belong to another engine now; 3. release the lease."""
        assert self.keeper is not None
        self.keeper.busy.add(switch_id)
        try:
            supervisor = self.supervisors.pop(switch_id, None)
            if supervisor is not None:
                supervisor.stop()
            process = self.embedded.pop(switch_id, None)
            if process is not None:
                process.stop()
            self.dialer.forget_switch(switch_id)
            self.keeper.held.pop(switch_id, None)
            owner = self.keeper.owner
            self.writer.call(lambda: leases.release(owner, switch_id))
        except AvanakError as error:
            log.warning("action=lease_not_released switch=%d error=%r", switch_id, str(error))
        finally:
            self.keeper.busy.discard(switch_id)

    def _renewed(self, switch_id: int, until_m: float) -> None:
        self.dialer.permit(switch_id, until_m)

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
        is_known = Flag()

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
            try:
                self._when_store_answers(
                    link,
                    lambda: self.dialer.switch_up(
                        switch_id, link, info.core_uuid, info.sessions_per_second, info.max_sessions
                    ),
                )
                self._support_line_up(switch_id, name, link, info)
            finally:
                is_known.set()

        def on_down(reason: str) -> None:
            is_known.clear()
            self._support_line.switch_down(switch_id)
            self.dialer.switch_down(switch_id)
            self._report(switch_id, state="down", state_reason=reason[:500], state_since_at=wall_ms())

        def on_event(event: Event) -> None:
            # Open calls must be known first: an event of an unknown call would be lost.
            if not is_known.is_set():
                is_known.wait()
            if event.name == "CHANNEL_ANSWER" and has_moved(event):
                self._follow_media(switch_id, event.uuid)
            if event.name == "HEARTBEAT":
                self._heartbeat(switch_id, event)
            elif self._support_line.on_event(switch_id, event):
                return
            elif event.name != "BACKGROUND_JOB" or not self._take_job(event):
                self.dialer.call_events.on_event(event)

        supervisor = Supervisor(name, address, on_up=on_up, on_down=on_down, on_event=on_event)
        self.supervisors[switch_id] = supervisor
        supervisor.start()

    def _follow_media(self, switch_id: int, uuid: str | None) -> None:
        """Have the voice of a call sent to where its answer says, without waiting for it."""
        link = self.dialer.links.get(switch_id)
        if link is None or uuid is None:
            return
        log.info("action=media_moved switch=%d uuid=%s", switch_id, uuid)
        try:
            link.post([commands.renegotiate(uuid)])
        except SwitchUnavailable as error:
            log.warning("action=media_not_followed switch=%d error=%r", switch_id, str(error))

    def _when_store_answers(self, link: Link, work: Callable[[], None]) -> None:
        """Do `work` with a database connection; wait while the database does not answer."""
        while True:
            try:
                work()
                return
            except StoreUnavailable as error:
                if link.down_reason is not None:
                    raise
                log.warning("action=switch_waits_for_store error=%r", str(error))
                gevent.sleep(STORE_RETRY_S)

    def _support_line_up(self, switch_id: int, name: str, link: Link, info: SwitchInfo) -> None:
        """Start the support line; its failure does not affect dialling."""
        try:
            self._when_store_answers(
                link, lambda: self._support_line.switch_up(switch_id, name, link, info.core_uuid)
            )
        except AvanakError as error:
            log.error("action=support_line_not_up switch=%s error=%r", name, str(error))

    def _heartbeat(self, switch_id: int, event: Event) -> None:
        beat = read_heartbeat(event)
        self.dialer.switch_figures.heartbeat(switch_id, beat.idle_cpu, beat.max_sessions)
        seen = {"sessions": beat.session_count or 0, "idle_cpu": beat.idle_cpu, "seen_at": wall_ms()}
        # The events behind this one do not wait for the database.
        self.writer.add(self._beats, (switch_id, self._owner, seen))

    @property
    def _owner(self) -> str | None:
        return self.keeper.owner if self.keeper is not None else None

    def _report(self, switch_id: int, **values: Any) -> None:
        """Store a note about a switch.  A database that does not answer must not end the connection."""
        try:
            owner = self._owner
            self.writer.call(lambda: switches.report(switch_id, owner, **values))
        except StoreUnavailable as error:
            log.warning("action=switch_report_failed switch=%d error=%r", switch_id, str(error))


def _write_cursors(cursors: list[tuple[int, Cursor]]) -> list[None]:
    """Store the cursors, after the settles of the records before them; runs in the writer's thread."""
    for switch_id, cursor in dict(cursors).items():
        save_cursor(switch_id, cursor.inode, cursor.head, cursor.position)
    return []


def _write_beats(beats: list[tuple[int, str | None, dict[str, Any]]]) -> list[None]:
    """Store the newest heartbeat of each switch; runs in the writer's thread."""
    for switch_id, owner, seen in {beat[0]: beat for beat in beats}.values():
        switches.report(switch_id, owner, **seen)
    return []
