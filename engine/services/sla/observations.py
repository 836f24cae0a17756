"""What the store says of each component now, and what that makes of the service as a whole.

The service is **down** when one of these holds, in this order:

1. the database refuses;
2. no engine lives;
3. no switch is up;
4. every gateway that may be used is down (its calls all meet congestion or faults);
5. the panel is watched and cannot be reached.

It is **unknown** when of engines or switches none is up and one is unknown; else up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from engine.sentences import Sentence, kept, sentence_of
from engine.services.sla import probes
from engine.services.sla.flips import DATABASE, SERVICE, WEB, Health, engine_name, gateway_name, switch_name
from engine.store.tables.core import Gateway, Switch
from engine.store.tables.sla import Pulse

PULSE_DEAD_MS = 20_000  # a process without a heartbeat for this long is dead
PULSE_GONE_MS = 3_600_000  # and after this it is no longer part of the service
HEARTBEAT_DEAD_MS = 60_000  # three heartbeats of a switch


@dataclass(frozen=True, slots=True)
class Seen:
    """A component as it is now."""

    component: str
    state: Health
    reason: str = ""


def pulse(component: str, now: int) -> None:
    """Heartbeat of a process (``engine/NAME``, ``web``)."""
    Pulse.insert(name=component, seen_at=now).on_conflict(
        conflict_target=[Pulse.name], update={Pulse.seen_at: now}
    ).execute()


def end_pulse(component: str) -> None:
    """A process ends in good order."""
    Pulse.delete().where(Pulse.name == component).execute()


# What is wrong with the service as a whole.
DATABASE_REFUSES = Sentence("the database refuses")
_NO_ENGINE = Sentence("no engine lives")
_NO_SWITCH = Sentence("no switch is up")
_NO_GATEWAY = Sentence("no gateway can place calls")
_NO_PANEL = Sentence("the panel cannot be reached")

Calls = Mapping[str, tuple[Health, str]]  # what a minute of calls says of a component, with the reason


def observe(now: int, calls: Calls) -> list[Seen]:
    """Database, engines, web and switches, as the store and the calls have them; gateways as the calls have them.

    A gateway without calls keeps its state: it is down until a call gets through.
    """
    seen = [Seen(DATABASE, Health.UP)]
    for row in Pulse.select().where(Pulse.seen_at > now - PULSE_GONE_MS):
        if row.seen_at > now - PULSE_DEAD_MS:
            seen.append(Seen(row.name, Health.UP))
        else:
            silent_s = (now - row.seen_at) // 1000
            seen.append(Seen(row.name, Health.DOWN, kept("nothing was heard of it for %(n)s s", n=silent_s)))
    seen += [_switch(row, now, calls) for row in Switch.select()]
    seen += [Seen(name, *calls[name]) for name in calls if name.startswith(gateway_name(""))]
    return seen


def _switch(row: Switch, now: int, calls: Calls) -> Seen:
    name = switch_name(row.name)
    if row.state != "up":
        return Seen(name, Health.DOWN, row.state_reason)
    if row.seen_at is None or row.seen_at <= now - HEARTBEAT_DEAD_MS:
        return Seen(name, Health.UNKNOWN, kept("no engine has heard of it lately"))
    if name in calls:  # a full switch refuses synthetic calls while it makes others
        return Seen(name, *calls[name])
    why = probes.failing(row.name, now)
    return Seen(name, Health.DOWN, why) if why else Seen(name, Health.UP)


def usable_gateways() -> list[str]:
    """Components of the gateways that may be used."""
    rows = Gateway.select(Gateway.name).where(~Gateway.is_draining)
    return [gateway_name(row.name) for row in rows]


def gone_engines(now: int) -> list[str]:
    """Engines that have been silent for an hour."""
    rows = Pulse.select(Pulse.name).where(
        Pulse.seen_at <= now - PULSE_GONE_MS, Pulse.name.startswith(engine_name(""))
    )
    return [row.name for row in rows]


def service_state(
    states: Mapping[str, Health], gateways: Iterable[str], reasons: Mapping[str, str]
) -> Seen | None:
    """The service as a whole; None while there is no engine or no switch to speak of.

    `states` has the components that are there, `gateways` names the usable ones.
    """
    if states.get(DATABASE) is Health.DOWN:
        return _service(Health.DOWN, DATABASE_REFUSES, reasons.get(DATABASE))
    for kind, sentence in (("engine/", _NO_ENGINE), ("switch/", _NO_SWITCH)):
        found = {name: state for name, state in states.items() if name.startswith(kind)}
        if not found:
            return None
        if Health.UP not in found.values():
            state = Health.UNKNOWN if Health.UNKNOWN in found.values() else Health.DOWN
            why = next((reasons[name] for name in sorted(found) if reasons.get(name)), "")
            return _service(state, sentence, why)
    trunks = list(gateways)
    if trunks and all(states.get(name) is Health.DOWN for name in trunks):
        return _service(Health.DOWN, _NO_GATEWAY, reasons.get(trunks[0]))
    if states.get(WEB) is Health.DOWN:
        return _service(Health.DOWN, _NO_PANEL, reasons.get(WEB))
    return Seen(SERVICE, Health.UP)


def because(whole: Sentence, why: str | None) -> str:
    """What is wrong with the whole, and the reason that was kept for its part, as it is kept."""
    return Sentence("%(what)s: %(why)s", what=whole, why=sentence_of(why)).kept() if why else whole.kept()


def _service(state: Health, whole: Sentence, why: str | None) -> Seen:
    return Seen(SERVICE, state, because(whole, why))
