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
from engine.store.sql import execute
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
    execute(
        "INSERT INTO pulse (name, seen_at) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at",
        [component, now],
    )


def end_pulse(component: str) -> None:
    """Remove the heartbeat of a process that ends in good order."""
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
    for name, seen_at in execute(
        "SELECT name, seen_at FROM pulse WHERE seen_at > ? ORDER BY name", [now - PULSE_GONE_MS]
    ):
        if seen_at > now - PULSE_DEAD_MS:
            seen.append(Seen(name, Health.UP))
        else:
            silent_s = (now - seen_at) // 1000
            seen.append(Seen(name, Health.DOWN, kept("nothing was heard of it for %(n)s s", n=silent_s)))
    for name, state, reason, seen_at in execute(
        "SELECT name, state, state_reason, seen_at FROM switch ORDER BY id"
    ):
        seen.append(_switch(name, reason if state != "up" else None, seen_at, now, calls))
    seen += [Seen(name, *calls[name]) for name in calls if name.startswith(gateway_name(""))]
    return seen


def _switch(own_name: str, down: str | None, seen_at: int | None, now: int, calls: Calls) -> Seen:
    """A switch; `down`: why it is not up, None if it is."""
    name = switch_name(own_name)
    if down is not None:
        return Seen(name, Health.DOWN, down)
    if seen_at is None or seen_at <= now - HEARTBEAT_DEAD_MS:
        return Seen(name, Health.UNKNOWN, kept("no engine has heard of it lately"))
    if name in calls:  # a full switch refuses synthetic calls while it makes others
        return Seen(name, *calls[name])
    why = probes.failing(own_name, now)
    return Seen(name, Health.DOWN, why) if why else Seen(name, Health.UP)


def usable_gateways() -> list[str]:
    """Components of the gateways that may be used."""
    rows = execute("SELECT name FROM gateway WHERE NOT is_draining ORDER BY id")
    return [gateway_name(name) for (name,) in rows]


def gone_engines(now: int) -> list[str]:
    """Engines that have been silent for an hour."""
    rows = execute("SELECT name FROM pulse WHERE seen_at <= ?", [now - PULSE_GONE_MS])
    return [name for (name,) in rows if name.startswith(engine_name(""))]


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
