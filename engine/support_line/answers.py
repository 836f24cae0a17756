"""Parsers for mod_callcenter's answers: tables with ``|`` between columns; the first line names them, the last is ``+OK``."""

from __future__ import annotations

from dataclasses import dataclass

from engine.call_end import to_int

IN_CALL = "In a queue call"  # an agent's state


@dataclass(frozen=True, slots=True)
class QueueAgent:
    """An agent on the switch; seconds since the epoch."""

    extension: str
    status: str  # Available, On Break, Logged Out
    state: str  # Waiting, Receiving, In a queue call, Idle
    contact: str
    wrap_up_s: int
    max_no_answer: int
    last_bridge_end: int
    external_calls: int

    def is_free(self, now_s: float) -> bool:
        """Whether the agent is neither called nor talking, and the wrap-up time after the last call is over."""
        return (
            self.state == "Waiting"
            and not self.external_calls
            and now_s - self.last_bridge_end >= self.wrap_up_s
        )


@dataclass(frozen=True, slots=True)
class QueueMember:
    """A caller in the switch's queue."""

    uuid: str  # of the channel
    number: str
    state: str  # Waiting, Trying, Answered, Abandoned
    joined_s: int
    serving: str  # the agent's extension, when answered


def read_agents(text: str) -> list[QueueAgent]:
    """From ``agent list``."""
    return [
        QueueAgent(
            row.get("name", ""),
            row.get("status", ""),
            row.get("state", ""),
            row.get("contact", ""),
            to_int(row.get("wrap_up_time")) or 0,
            to_int(row.get("max_no_answer")) or 0,
            to_int(row.get("last_bridge_end")) or 0,
            to_int(row.get("external_calls_count")) or 0,
        )
        for row in _rows(text)
    ]


def read_members(text: str) -> list[QueueMember]:
    """From ``queue list members``."""
    return [
        QueueMember(
            row.get("session_uuid", ""),
            row.get("cid_number", ""),
            row.get("state", ""),
            to_int(row.get("joined_epoch")) or 0,
            row.get("serving_agent", ""),
        )
        for row in _rows(text)
    ]


def _rows(text: str) -> list[dict[str, str]]:
    head, *lines = text.strip().splitlines() or [""]
    names = head.split("|")
    if len(names) < 2:
        return []
    return [dict(zip(names, line.split("|"), strict=False)) for line in lines if "|" in line]
