"""The state of gateways as the switches report it, and faults as sentences.

Functions run inside a transaction, or a connection when they only read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from peewee import BigIntegerField, CharField, CompositeKey

from engine.sentences import Sentence
from engine.store.tables.core import Gateway, Switch, Table

FRESH_MS = 90_000  # a report older than this is ignored

UNREGISTERED, SILENT, MISSING = "unregistered", "silent", "missing"
NAME_LATE, NAME_UNKNOWN, UNRESOLVED = "name_late", "name_unknown", "unresolved"
_FAULTS = {
    UNREGISTERED: Sentence(
        "Switch %(switch)s is not registered with the carrier, which refuses it or does not "
        "answer (%(state)s)."
    ),
    SILENT: Sentence("The carrier does not answer switch %(switch)s (%(state)s)."),
    MISSING: Sentence("Switch %(switch)s has no gateway of this name in its configuration."),
    NAME_LATE: Sentence(
        "The name %(host)s was not answered by the name server of switch %(switch)s within %(seconds)s s (DNS)."
    ),
    UNRESOLVED: Sentence("Switch %(switch)s cannot resolve the name of the carrier, or not in time (DNS)."),
    NAME_UNKNOWN: Sentence(
        "The name server of switch %(switch)s knows no address for the name %(host)s (DNS)."
    ),
}
LATE_S = 3  # a name that is not answered by then is late


class TrunkState(Table):
    """A gateway as one switch last reported it."""

    gateway_id = BigIntegerField()
    switch_id = BigIntegerField()
    state = CharField(20)  # FreeSWITCH's word: REGED, NOREG, FAIL_WAIT …
    fault = CharField(12)  # empty: calls can go by it
    host = CharField(255, default="")  # the name of its carrier; empty: an address
    since_at = BigIntegerField()
    seen_at = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("gateway_id", "switch_id")


@dataclass(frozen=True, slots=True)
class TrunkSeen:
    """A gateway on one switch."""

    gateway_id: int
    switch: str
    state: str
    fault: str
    since_at: int
    host: str = ""

    @property
    def sentence(self) -> Sentence | None:
        """What is wrong; None when calls can go by it."""
        return sentence_of_fault(self.switch, self.state, self.fault, self.host)


def sentence_of_fault(switch: str, state: str, fault: str, host: str = "") -> Sentence | None:
    """What is wrong; None when calls can go by it."""
    if not fault:
        return None
    return Sentence(_FAULTS[fault], switch=switch, state=state, host=host, seconds=LATE_S)


def fault_of(state: str, is_up: bool) -> str:
    """What a switch's answer means; `state` is empty when the switch does not know the gateway."""
    if not state:
        return MISSING
    if is_up:
        return ""
    return SILENT if state == "NOREG" else UNREGISTERED


def note(switch_id: int, seen: Mapping[int, tuple[str, str, str]], now: int) -> None:
    """Store what a switch reports of its gateways, ``{gateway id: (state, fault, host)}``; others become unknown."""
    before = {row.gateway_id: row for row in TrunkState.select().where(TrunkState.switch_id == switch_id)}
    TrunkState.delete().where(
        TrunkState.switch_id == switch_id, TrunkState.gateway_id.not_in(list(seen))
    ).execute()
    for gateway_id, (state, fault, host) in seen.items():
        old = before.get(gateway_id)
        since_at = old.since_at if old is not None and old.fault == fault else now
        values = {
            "state": state[:20],
            "fault": fault,
            "host": host[:255],
            "since_at": since_at,
            "seen_at": now,
        }
        TrunkState.insert(gateway_id=gateway_id, switch_id=switch_id, **values).on_conflict(
            conflict_target=[TrunkState.gateway_id, TrunkState.switch_id], update=values
        ).execute()


def seen_of(now: int) -> dict[int, list[TrunkSeen]]:
    """Each gateway as the switches see it at present, by the gateway's id."""
    names = {row.id: row.name for row in Switch.select(Switch.id, Switch.name)}
    out: dict[int, list[TrunkSeen]] = {row.id: [] for row in Gateway.select(Gateway.id)}
    rows = TrunkState.select().where(TrunkState.seen_at > now - FRESH_MS).order_by(TrunkState.switch_id)
    for row in rows:
        if row.gateway_id in out and row.switch_id in names:
            out[row.gateway_id].append(
                TrunkSeen(row.gateway_id, names[row.switch_id], row.state, row.fault, row.since_at, row.host)
            )
    return out
