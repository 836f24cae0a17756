"""``callcenter_config``: the commands of mod_callcenter that the engine sends, with the wording of 1.10.12."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterable

from engine.embedded.support.callcenter import QUEUES, Agent, CallCenter

_STATUSES = ("Available", "On Break", "Logged Out", "Available (On Demand)")
_NUMBERS = ("max_no_answer", "wrap_up_time", "reject_delay_time", "busy_delay_time", "no_answer_delay_time")
_OK = "+OK\n"
_NO_AGENT = "-ERR Agent not found!\n"
_INVALID = "-ERR Invalid!\n"


def callcenter_config(center: CallCenter, argument: str) -> str:
    """The answer to one command."""
    try:
        words = shlex.split(argument)
    except ValueError:
        return _INVALID
    match words:
        case ["agent", "list"]:
            return _table(one.row() for one in center.agents.values())
        case ["tier", "list"]:
            tiers = (
                (one, queue) for one in center.agents.values() for queue in QUEUES if queue in one.queues
            )
            return _table(_tier(*each) for each in tiers)
        case ["queue", "list", "members", name]:
            now = time.time()
            return _table(one.row(now) for one in center.members if one.queue == name)
        case ["queue", "list"]:
            return _table({"name": one, "strategy": "longest-idle-agent"} for one in QUEUES)
        case ["agent", "add", name, kind]:
            if name in center.agents:
                return "-ERR Agent already exist!\n"
            center.agents[name] = Agent(name, type=kind)
            told = [("CC-Agent", name), ("CC-Agent-Type", kind)]
            center.fire("agent-add", told)
            return _OK
        case ["tier", "add", queue, name, _level, _position]:
            return _tier_add(center, queue, name)
        case ["tier", "del", queue, name]:
            if name in center.agents:
                center.agents[name].queues.discard(queue)
            return _OK
        case ["agent", "del", name]:
            center.agents.pop(name, None)
            return _OK
        case ["agent", "get", key, name]:
            return _get(center, key, name)
        case ["agent", "set", key, name, *rest]:
            return _set(center, key, name, " ".join(rest))
    return _INVALID


def _table(rows: Iterable[dict[str, str]]) -> str:
    listed = list(rows)
    lines = ["|".join(listed[0])] if listed else []
    return "\n".join([*lines, *("|".join(row.values()) for row in listed), _OK])


def _tier(agent: Agent, queue: str) -> dict[str, str]:
    state = {"Receiving": "Offering", "In a queue call": "Active Inbound"}.get(agent.state, "Ready")
    return {"queue": queue, "agent": agent.name, "state": state, "level": "1", "position": "1"}


def _tier_add(center: CallCenter, queue: str, name: str) -> str:
    if queue not in QUEUES:
        return "-ERR Queue not found!\n"
    agent = center.agents.get(name)
    if agent is None:
        return _NO_AGENT
    if queue in agent.queues:
        return "-ERR Tier already exist!\n"
    agent.queues.add(queue)
    return _OK


def _get(center: CallCenter, key: str, name: str) -> str:
    agent = center.agents.get(name)
    if agent is None or key not in ("state", "status"):
        return _NO_AGENT if agent is None else _INVALID
    value = str(getattr(agent, key))
    center.fire(f"agent-{key}-get", [("CC-Agent", name), (f"CC-Agent-{key.title()}", value)])
    return value


def _set(center: CallCenter, key: str, name: str, value: str) -> str:
    agent = center.agents.get(name)
    if key == "status" and value not in _STATUSES:
        return "-ERR Invalid Agent Status!\n"
    if agent is None:
        return _NO_AGENT
    if key == "status":
        center.set_status(agent, value)
    elif key == "contact":
        agent.contact = value
        center.fire("agent-contact-change", [("CC-Agent", name), ("CC-Agent-Contact", value)])
    elif key in _NUMBERS and value.isdigit():
        setattr(agent, key, int(value))
    else:
        return _INVALID
    return _OK
