"""Has the switches ask for the addresses of their carriers' names, so that a name server that is late or silent is named.

FreeSWITCH ends a call whose name is never answered as it ends one to a silent carrier.  So it is asked beside the calls, in
the background (`host_lookup`): by the switch, because its name server need not be the engine's.
"""

from __future__ import annotations

import logging
import math
import uuid
from dataclasses import dataclass

from engine.dialing.dialer import Dialer
from engine.dialing.lanes import Trunk
from engine.errors import AvanakError
from engine.esl import commands
from engine.esl.events import Event, read_background_job
from engine.services.trunks.registrations import LATE_S, NAME_LATE, NAME_UNKNOWN

log = logging.getLogger(__name__)

EVERY_S = 60.0
ILL_EVERY_S = 15.0  # while calls come to nothing
LOST_S = 120.0  # the answer was lost; a resolver gives up long before
LATE_IN_A_ROW = 2  # of a gateway that is well, one late answer says little
_UNKNOWN = "!err!"


@dataclass(slots=True)
class _Lookup:
    """What one switch knows of one name; instants are monotonic seconds."""

    is_open: bool = False  # asked, and not answered yet
    sent_m: float = -math.inf
    is_counted: bool = False  # the one that runs is late, and was counted as such
    late_in_a_row: int = 0
    is_unknown: bool = False  # the last answer: there is no address


class CarrierNames:
    """`step` once a second; `on_event` takes the answers."""

    def __init__(self, dialer: Dialer) -> None:
        self._dialer = dialer
        self._lookups: dict[tuple[int, str], _Lookup] = {}  # (switch, name)
        self._jobs: dict[str, _Lookup] = {}  # by what a job is called

    def step(self, now_m: float) -> None:
        """Ask what is due, and set each trunk's `name_fault`."""
        named: dict[tuple[int, str], list[Trunk]] = {}
        for (switch_id, _gateway_id), trunk in self._dialer.lanes.trunks.items():
            if trunk.host and trunk.switch.is_up:
                named.setdefault((switch_id, trunk.host), []).append(trunk)
            else:
                trunk.name_fault = ""
        if len(self._lookups) > len(named):
            self._lookups = {key: one for key, one in self._lookups.items() if key in named}
        for key, trunks in named.items():
            lookup = self._lookups.setdefault(key, _Lookup())
            self._ask(key, lookup, any(_is_ill(trunk, now_m) for trunk in trunks), now_m)
            for trunk in trunks:
                self._judge(trunk, lookup, now_m)

    def on_event(self, event: Event, now_m: float) -> bool:
        """Take a BACKGROUND_JOB event that answers a question; return whether it was one."""
        job = read_background_job(event) if self._jobs and event.job_uuid in self._jobs else None
        if job is None:
            return False
        lookup = self._jobs.pop(job.job_uuid)
        self._note_late(lookup, now_m)
        if not lookup.is_counted:
            lookup.late_in_a_row = 0
            lookup.is_unknown = job.body.startswith(_UNKNOWN)
        lookup.is_open = False
        return True

    def _ask(self, key: tuple[int, str], lookup: _Lookup, is_ill: bool, now_m: float) -> None:
        self._note_late(lookup, now_m)
        every_s = ILL_EVERY_S if is_ill or lookup.late_in_a_row else EVERY_S
        if now_m - lookup.sent_m < (LOST_S if lookup.is_open else every_s):
            return
        switch_id, host = key
        link = self._dialer.links.get(switch_id)
        if link is None:
            return
        self._jobs = {job: one for job, one in self._jobs.items() if one is not lookup}  # lost with its link
        job = str(uuid.uuid4())
        self._jobs[job] = lookup
        lookup.is_open, lookup.sent_m, lookup.is_counted = True, now_m, False
        try:
            link.post([commands.host_lookup(host, job)])
        except AvanakError as error:
            del self._jobs[job]
            lookup.is_open = False
            log.warning("action=name_not_asked host=%s error=%r", host, str(error))

    @staticmethod
    def _note_late(lookup: _Lookup, now_m: float) -> None:
        if lookup.is_open and not lookup.is_counted and now_m - lookup.sent_m > LATE_S:
            lookup.is_counted = True
            lookup.late_in_a_row += 1
            lookup.is_unknown = False

    @staticmethod
    def _judge(trunk: Trunk, lookup: _Lookup, now_m: float) -> None:
        """Believe the answer of the trunk: calls that go well were resolved, by SRV or from a cache."""
        fault, health = "", trunk.gateway.health
        if lookup.late_in_a_row and health.heard_m < lookup.sent_m:
            is_enough = lookup.late_in_a_row >= LATE_IN_A_ROW or _is_ill(trunk, now_m)
            fault = NAME_LATE if is_enough else ""
        elif lookup.is_unknown and trunk.gateway.is_unresolved(now_m):
            fault = NAME_UNKNOWN
        if fault != trunk.name_fault:
            log.warning(
                "action=name_of_carrier switch=%s gateway=%s host=%s old=%s new=%s",
                trunk.switch.name, trunk.gateway.name, trunk.host, trunk.name_fault or "-", fault or "-",
            )  # fmt: skip
            trunk.name_fault = fault


def _is_ill(trunk: Trunk, now_m: float) -> bool:
    """Whether calls by it come to nothing, or seem to."""
    gateway = trunk.gateway
    return bool(trunk.fault) or gateway.is_unresolved(now_m) or gateway.health.seems_silent(now_m, LATE_S)
