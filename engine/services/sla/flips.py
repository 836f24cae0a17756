"""Components and their flips: what changed from up to down or unknown, why and when."""

from __future__ import annotations

import logging
from enum import StrEnum

from engine.store.sql import execute
from engine.store.tables.sla import Component, Flip

log = logging.getLogger(__name__)

SERVICE, DATABASE, WEB = "service", "database", "web"


class Health(StrEnum):
    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"  # nobody watched, or nobody could tell


def engine_name(name: str) -> str:
    return f"engine/{name}"


def switch_name(name: str) -> str:
    return f"switch/{name}"


def is_switch(component: str) -> bool:
    """Whether a component's name is one of `switch_name`."""
    return component.startswith(switch_name(""))


def gateway_name(name: str) -> str:
    return f"gateway/{name}"


def known() -> dict[str, tuple[Health, str]]:
    """All components: state and reason."""
    rows = execute("SELECT name, state, reason FROM component")
    return {name: (Health(state), reason) for name, state, reason in rows}


def record(component: str, new: Health, reason: str, at: int) -> tuple[Health, int] | None:
    """Note that a component is `new` since `at`; the state it had and the instant booked, or None for no change.

    A component that was never seen was unknown.  An instant before the last
    flip (a clock was set back) is taken as that flip's.  Of two monitors that
    see the same change one records it.
    """
    row = Component.get_or_none(Component.name == component)
    if row is None:
        Component.insert(name=component, state=Health.UNKNOWN, since_at=at).on_conflict_ignore().execute()
        row = Component.get_by_id(component)
    old = Health(row.state)
    if old is new:
        return None
    at = max(at, row.since_at)
    changed = (
        Component.update(state=new, reason=reason, since_at=at)
        .where(Component.name == component, Component.state == old, Component.since_at == row.since_at)
        .execute()
    )
    if not changed:
        return None
    Flip.create(component=component, old=old, new=new, reason=reason, at=at)
    log.warning("action=flip component=%s old=%s new=%s reason=%r", component, old, new, reason)
    return old, at


def forget(component: str, reason: str, at: int) -> None:
    """Remove a component (an engine that ended) from the list; its flips stay."""
    record(component, Health.UNKNOWN, reason, at)
    Component.delete().where(Component.name == component).execute()


def components() -> list[Component]:
    """All components with their present state, the service first."""
    rows = list(Component.select())
    return sorted(rows, key=lambda row: (row.name != SERVICE, row.name))
