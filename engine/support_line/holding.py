"""Which agents the queue must not ring because of call-backs and handed-over calls, and who is free for a call-back.  Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from engine.services.support_line import departments
from engine.states import AgentState
from engine.support_line.agents import SEEN
from engine.support_line.answers import IN_CALL, QueueAgent
from engine.support_line.view import StoreView


def held(
    view: StoreView,
    seen: Mapping[str, QueueAgent],
    away: Collection[str],
    busy_until_m: Mapping[str, float],
    now_m: float,
) -> set[str]:
    """Agents whom no queue call may ring: on a try or a call that was handed to them, in the wrap-up after one, or the
    next to take an older call-back.

    `away` are extensions without a telephone: the queue passes over them by itself.
    `busy_until_m` is the end of an agent's wrap-up after a call that the queue did not give, in monotonic seconds.
    """
    on_try = {row.agent_id for row in view.tries}
    found = {row.extension for row in view.agents if row.id in on_try} | beside_the_queue(view, seen)
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


def beside_the_queue(view: StoreView, seen: Mapping[str, QueueAgent], *, talking: bool = False) -> set[str]:
    """Agents with a call that was handed to them, which the queue takes for free; or those who talk in one."""
    return {
        row.extension
        for row in view.agents
        if row.id in view.handed
        and (view.handed[row.id] or not talking)
        and not (row.extension in seen and seen[row.extension].state == IN_CALL)
    }


def words_of_agents(
    view: StoreView,
    seen: Mapping[str, QueueAgent],
    busy_until_m: Mapping[str, float],
    now: int,
    now_m: float,
) -> dict[str, str]:
    """What agents do (`agents.note_seen`): the queue's word, and what the queue does not know: tries, calls that were
    handed over, the wrap-up.
    """
    rings = {row.agent_id: row.rung_at is None for row in view.tries}
    rings |= {agent_id: not talks for agent_id, talks in view.handed.items()}
    ids = {row.extension: row.id for row in view.agents}
    found = {}
    for name, each in seen.items():
        found[name] = SEEN.get(each.state, "unknown")
        if found[name] != "waiting":
            continue
        if ids.get(name) in rings:
            found[name] = "receiving" if rings[ids[name]] else "in_call"
        elif not each.is_free(now / 1000) or now_m < busy_until_m.get(name, 0.0):
            found[name] = "wrap_up"
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
        and row.id not in view.handed
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
