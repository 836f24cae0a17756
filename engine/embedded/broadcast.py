"""Sends events that have no template to their subscribers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from engine.embedded.event_templates import Header
from engine.embedded.rendering import Rendering

if TYPE_CHECKING:
    from engine.embedded.listener import Listener


def broadcast(
    rendering: Rendering,
    subscribers: Iterable[Listener],
    event: str,
    headers: list[Header],
    subclass: str = "",
) -> None:
    """Send an event; one with a subclass goes to those who named it.  It always takes a sequence number."""
    rendering.sequence += 1
    frames: dict[bool, bytes] = {}
    for listener in subscribers:
        if subclass and subclass.upper() not in listener.events:
            continue
        for as_json in {listener.wants_json, bool(listener.filters)} - frames.keys():
            frames[as_json] = rendering.of_headers(event, headers, as_json)
        if not listener.filters or listener.passes(frames[True]):
            listener.push_event(frames[listener.wants_json])
