"""Alarms: what needs the attention of staff now.  They are shown on every page, even when no engine runs.

Only reads; inside a connection.  Old reports of an engine are not shown as current.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.sentences import Instant, Sentence
from engine.services.sla import incidents
from engine.services.sla.observations import PULSE_DEAD_MS
from engine.services.support_line import attendance
from engine.services.trunks import gateway_health, registrations, switches
from engine.store import findings
from engine.store.tables.core import Gateway
from engine.store.tables.sla import Pulse

DOUBT_MS = 86_400_000  # how long findings that the auditor could not fix are shown
SILENT_MS = 60_000  # a switch that counts as up but has been silent for this long raises an alarm

ENGINE, OUTAGE, DOUBTS, SWITCH, GATEWAY, LINE = "engine", "outage", "doubts", "switch", "gateway", "line"

_NO_ENGINE = Sentence(
    "No engine has reported since %(at)s: nobody is called, and numbers of calls are not shown."
)
_NEVER_AN_ENGINE = Sentence("No engine runs: nobody is called, and numbers of calls are not shown.")
_OUTAGE = Sentence("The service has been down since %(at)s.")
_DOUBTS = Sentence("The auditor found %(n)s errors in the books that it could not correct.")
_DOWN = Sentence("Switch %(name)s has been down since %(at)s.")
_UNHEARD = Sentence("Switch %(name)s has been silent since %(at)s.")
_NO_RECORDS = Sentence("Switch %(name)s has not sent its call records since %(at)s.")
_FAILING = Sentence("Gateway %(name)s has failed nearly every call since %(at)s.")
_NOBODY = Sentence("Support is open, and nobody takes calls.")
_NO_TELEPHONE = Sentence("Support is open, and none of the agents' telephones can be rung.")
_UNREACHED = Sentence("Support line: the last call-backs, to %(n)s numbers since %(at)s, reached nobody.")
_FAULTY = Sentence("Gateway %(name)s: %(why)s")


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm; `kind` says what it is about, `about` is the id of that thing."""

    kind: str
    sentence: Sentence
    about: int | None = None
    is_grave: bool = True


def engine_seen(now: int) -> tuple[bool, int | None]:
    """Whether an engine runs, and when the last one was seen (ms; None: never, or it was stopped properly)."""
    rows = list(Pulse.select(Pulse.seen_at).where(Pulse.name.startswith("engine/")))
    last = max((int(row.seen_at) for row in rows), default=None)
    return last is not None and last > now - PULSE_DEAD_MS, last


def standing(now: int) -> list[Alarm]:
    """The alarms at `now` (ms), most serious first."""
    return list(_found(now))


def _found(now: int) -> Iterator[Alarm]:
    is_alive, heard_at = engine_seen(now)
    if not is_alive:
        yield Alarm(ENGINE, Sentence(_NO_ENGINE, at=Instant(heard_at)) if heard_at else _NEVER_AN_ENGINE)
    outage = incidents.running_outage()
    if outage is not None:
        yield Alarm(OUTAGE, Sentence(_OUTAGE, at=Instant(outage.start_at)), int(outage.id))
    doubts = findings.open_findings(now - DOUBT_MS)
    if doubts:
        yield Alarm(DOUBTS, Sentence(_DOUBTS, n=doubts))
    if not is_alive:
        return  # nothing is known of the others
    yield from _of_switches(now)
    yield from _of_gateways(now)
    yield from _of_the_line(now)


def _of_switches(now: int) -> Iterator[Alarm]:
    mute = switches.senders_silent(now)
    for row in switches.all_switches():
        if row.state != "up":
            at = Instant(row.state_since_at or now)
            yield Alarm(SWITCH, Sentence(_DOWN, name=row.name, at=at), int(row.id))
        elif row.seen_at and now - row.seen_at > SILENT_MS:
            yield Alarm(SWITCH, Sentence(_UNHEARD, name=row.name, at=Instant(row.seen_at)), int(row.id))
        elif row.name in mute:
            at = Instant(mute[row.name])
            yield Alarm(SWITCH, Sentence(_NO_RECORDS, name=row.name, at=at), int(row.id), False)


def _of_the_line(now: int) -> Iterator[Alarm]:
    nobody = attendance.unattended(now)
    if nobody is not None:
        yield Alarm(LINE, _NO_TELEPHONE if nobody.is_signed_in else _NOBODY)
    lost = attendance.unreached(now)
    if lost is not None:
        yield Alarm(LINE, Sentence(_UNREACHED, n=lost.numbers, at=Instant(lost.since)), lost.numbers)


def _of_gateways(now: int) -> Iterator[Alarm]:
    failing = gateway_health.failing(now)
    seen = registrations.seen_of(now)
    faults = {
        gateway_id: one.sentence for gateway_id, rows in seen.items() for one in reversed(rows) if one.fault
    }
    for name, one in failing:
        reason = faults.get(one.gateway_id)
        said = (
            Sentence(_FAULTY, name=name, why=reason)
            if reason is not None
            else Sentence(_FAILING, name=name, at=Instant(one.since_at))
        )
        yield Alarm(GATEWAY, said, int(one.gateway_id))
    told = {one.gateway_id for _name, one in failing}
    names = {row.id: row.name for row in Gateway.select(Gateway.id, Gateway.name).where(~Gateway.is_draining)}
    for gateway_id, wrong in faults.items():
        if gateway_id in names and gateway_id not in told:
            yield Alarm(GATEWAY, Sentence(_FAULTY, name=names[gateway_id], why=wrong), gateway_id)
