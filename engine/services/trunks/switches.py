"""Switches, as the store knows them: the engine writes, screens read."""

from __future__ import annotations

import logging
from typing import Any

from engine.errors import NotFound
from engine.sentences import Word
from engine.store.audit_entries import record
from engine.store.tables.cdr import RecordMark
from engine.store.tables.core import Switch

log = logging.getLogger(__name__)

EMBEDDED = "embedded"  # its name in AVANAK_SWITCHES
FORGOTTEN_MS = 86_400_000  # a switch that was tried once and not used since
SENDER_SILENT_MS = 60_000  # send-records speaks every five seconds


def register(name: str, address: str, is_embedded: bool, now: int) -> int:
    """Add a switch (or note its new address); its id."""
    # Another engine may do the same at this moment.
    values = {"name": name, "address": address, "is_embedded": is_embedded, "state_since_at": now}
    Switch.insert(**values).on_conflict_ignore().execute()
    row = Switch.get(Switch.name == name)
    if (row.address, row.is_embedded) != (address, is_embedded):
        Switch.update(address=address, is_embedded=is_embedded).where(Switch.id == row.id).execute()
    return int(row.id)


def report(switch_id: int, owner: str | None = None, **values: Any) -> None:
    """Note what the engine sees of a switch (state, core_uuid, sessions, idle_cpu …).

    With an `owner`, only while that engine holds the switch's lease: a late report changes nothing.
    """
    query = Switch.update(**values).where(Switch.id == switch_id)
    if owner is not None:
        query = query.where(Switch.owner == owner)
    query.execute()


def drain(name: str, is_draining: bool, person_id: int | None, now: int) -> None:
    """Stop placing calls on a switch (calls in progress continue), or use it again.  Audited."""
    row = Switch.get_or_none(Switch.name == name)
    if row is None:
        known = [row.name for row in all_switches()]
        raise NotFound(
            "There is no switch '%(name)s'; known: %(known)s.", name=name, known=known or Word("none")
        )
    if row.is_draining == is_draining:
        return
    Switch.update(is_draining=is_draining).where(Switch.id == row.id).execute()
    before, after = {"is_draining": not is_draining}, {"is_draining": is_draining}
    record(person_id, None, "switch.change", f"switch {name}", now, before, after)
    log.info("action=switch_changed switch=%s is_draining=%s", name, is_draining)


def all_switches() -> list[Switch]:
    return list(Switch.select().order_by(Switch.id))


def is_any_real(configured: str, now: int) -> bool:
    """Whether `configured` (``AVANAK_SWITCHES``) names a switch that rings people, or an engine had one in the last day."""
    if any(word.partition("?")[0].rpartition("=")[2] != EMBEDDED for word in configured.split()):
        return True
    real = Switch.select().where(
        Switch.is_embedded == False,  # noqa: E712 - SQL
        (Switch.seen_at > now - FORGOTTEN_MS) | (Switch.leased_until_at > now),
    )
    return bool(real.exists())


def ring_nobody() -> bool:
    """Whether all switches that this installation has ever had are embedded ones, and there is one."""
    kinds = {bool(row.is_embedded) for row in Switch.select(Switch.is_embedded)}
    return kinds == {True}


def senders_silent(now: int) -> dict[str, int]:
    """Switches whose `send-records` no longer reports, by name, with the time of its last report (ms)."""
    rows = RecordMark.select().where(RecordMark.at < now - SENDER_SILENT_MS)
    return {row.switch_name: int(row.at) for row in rows}


def sender_sentence(at: str) -> str:
    """What is wrong with a switch that sends no records on, since an instant as it is shown."""
    return f"Its call records have not been sent on since {at}: send-records does not run there, or cannot reach us."


def by_id(switch_id: int) -> Switch:
    """A switch; NotFound otherwise."""
    row: Switch | None = Switch.get_or_none(Switch.id == switch_id)
    if row is None:
        raise NotFound("There is no switch %(switch)s.", switch=switch_id)
    return row
