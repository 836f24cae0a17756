"""The deadlines and bounds of a link."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LinkLimits:
    """Deadlines and bounds of a link; seconds, counts and bytes.

    ``heartbeat_s`` without HEARTBEAT (sent every 20 s) or ``silence_s`` without a byte and then
    ``probe_s`` without an answer: the switch counts as dead.  So does one that has not answered a
    command ``stuck_s`` after its deadline.
    """

    connect_s: float = 5.0
    command_s: float = 10.0
    send_s: float = 10.0
    silence_s: float = 10.0
    probe_s: float = 5.0
    heartbeat_s: float = 65.0
    stuck_s: float = 30.0
    drain_s: float = 30.0
    tick_s: float = 0.5
    max_outstanding: int = 5_000
    max_events: int = 20_000
    max_event_bytes: int = 128 * 1024 * 1024
