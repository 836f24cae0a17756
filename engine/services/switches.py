"""Switches, as the store knows them: the engine writes, screens read."""

from __future__ import annotations

from typing import Any

from engine.store.models import Switch


def register(name: str, address: str, is_embedded: bool, now: int) -> int:
    """Make a switch known (or note its new address); its id."""
    # Another engine may do the same at this moment.
    values = {"name": name, "address": address, "is_embedded": is_embedded, "state_since_at": now}
    Switch.insert(**values).on_conflict_ignore().execute()
    row = Switch.get(Switch.name == name)
    if (row.address, row.is_embedded) != (address, is_embedded):
        Switch.update(address=address, is_embedded=is_embedded).where(Switch.id == row.id).execute()
    return int(row.id)


def report(switch_id: int, owner: str | None = None, **values: Any) -> None:
    """Note what the engine sees of a switch (state, core_uuid, sessions, idle_cpu …).

    With an `owner` only while that engine holds the switch's lease: a late word changes nothing.
    """
    query = Switch.update(**values).where(Switch.id == switch_id)
    if owner is not None:
        query = query.where(Switch.owner == owner)
    query.execute()


def all_switches() -> list[Switch]:
    return list(Switch.select().order_by(Switch.id))
