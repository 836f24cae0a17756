"""Which agents the queue must not ring because of call-backs, and which of them are free for one.  Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from engine.services.support_line import departments
from engine.states import AgentState
from engine.support_line.answers import QueueAgent
from engine.support_line.view import StoreView


def held(
    view: StoreView,
    seen: Mapping[str, QueueAgent],
    away: Collection[str],
    busy_until_m: Mapping[str, float],
    now_m: float,
) -> set[str]:
    """Agents whom no queue call may ring: on a try, in the wrap-up after one, or the next to take an older call-back.

    `away` are extensions without a telephone: the queue passes over them by itself.
    `busy_until_m` is the end of an agent's wrap-up after a call-back, in monotonic seconds.
    """
    on_try = {row.agent_id for row in view.tries}
    found = {row.extension for row in view.agents if row.id in on_try}
    found |= {name for name, until_m in busy_until_m.items() if now_m < until_m}
    older = _older_call_backs(view)
    if view.first_place_at is not None and older:
        takers = [
            row.extension
            for row in view.agents
            if row.state == AgentState.AVAILABLE
            and departments.takes_callers(row)
            and row.extension not in found
            and row.extension in seen
            and row.extension not in away
        ]
        takers.sort(key=lambda name: seen[name].state != "Waiting")  # free agents first
        found |= set(takers[:older])
    return found


def free_for_call_backs(
    view: StoreView,
    seen: Mapping[str, QueueAgent],
    away: Collection[str],
    busy_until_m: Mapping[str, float],
    now: int,
    now_m: float,
) -> list[int]:
    """Ids of the agents that take a call-back now: at most as many as are due before all waiting callers."""
    on_try = {row.agent_id for row in view.tries}
    return [
        row.id
        for row in view.agents
        if row.state == AgentState.AVAILABLE
        and departments.takes_callers(row)
        and row.id not in on_try
        and now_m >= busy_until_m.get(row.extension, 0.0)
        and row.extension in seen
        and row.extension not in away
        and seen[row.extension].status in ("Available", "On Break")
        and seen[row.extension].is_free(now / 1000)
    ][: _older_call_backs(view)]


def _older_call_backs(view: StoreView) -> int:
    """How many call-backs have a place before all waiting callers."""
    first = view.first_place_at
    return sum(first is None or row.place_at < first for row in view.due)
