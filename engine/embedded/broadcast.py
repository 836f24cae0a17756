"""Events that stand in no template, to those who subscribed to them."""

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
    """Send an event; one of a subclass to those who named it.  Its number is used up in any case."""
    rendering.sequence += 1
    frames: dict[bool, bytes] = {}
    for listener in subscribers:
        if subclass and subclass.upper() not in listener.events:
            continue
        for as_json in {listener.wants_json, bool(listener.filters)} - frames.keys():
            frames[as_json] = rendering.of_headers(event, headers, as_json)
        if not listener.filters or listener.passes(frames[True]):
            listener.push_event(frames[listener.wants_json])
