"""The listeners of the embedded switch: who gets which events, and in which format."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from engine.embedded.calls import Call
from engine.embedded.event_templates import Header
from engine.embedded.rendering import Rendering, json_frame, plain_frame

if TYPE_CHECKING:
    from engine.embedded.listener import Listener


class Publisher:
    """Sends events to the listeners of one switch; an event is rendered at most once for each format."""

    def __init__(self, rendering: Rendering) -> None:
        self.rendering = rendering
        self.listeners: set[Listener] = set()
        self.subscribers: dict[str, list[Listener]] = {}

    def fire(
        self, event: str, template: str, call: Call | None = None, extra: dict[str, str] | None = None,
        tail: list[Header] | None = None, body: str | None = None,
    ) -> None:  # fmt: skip
        """Sends one event to its subscribers.  It always takes a sequence number."""
        rendering = self.rendering
        rendering.sequence += 1
        subscribers = self.subscribers.get(event)
        if not subscribers:
            return
        values = rendering.event_values(time.time_ns() // 1000, call, extra)
        as_json = as_plain = None
        for listener in subscribers:
            if listener.filters or listener.wants_json:
                if as_json is None:
                    as_json = json_frame(rendering.as_json(template, dict(values), call, tail or [], body))
                if listener.filters and not listener.passes(as_json):
                    continue
            if listener.wants_json:
                listener.push_event(as_json)  # type: ignore[arg-type]
                continue
            if as_plain is None:
                as_plain = plain_frame(rendering.as_plain(template, values, call, tail or [], body))
            listener.push_event(as_plain)

    def resubscribe(self) -> None:
        """Rebuilds `subscribers` after a listener changed its subscription or left."""
        subscribers: dict[str, list[Listener]] = {}
        for listener in self.listeners:
            for event in listener.events:
                subscribers.setdefault(event, []).append(listener)
        self.subscribers = subscribers

    def background_job(self, job_uuid: str, command: str, argument: str, body: str) -> None:
        """BACKGROUND_JOB: the end of a ``bgapi``."""
        extra = {"job_uuid": job_uuid, "job_command": command, "job_arg": argument,
                 "body_length": str(len(body.encode("utf-8", "surrogateescape")))}  # fmt: skip
        self.fire("BACKGROUND_JOB", "job", None, extra, body=body)
