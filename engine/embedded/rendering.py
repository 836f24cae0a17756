"""Events as bytes: a template filled with a call's values, in the format of the listener."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

from engine.embedded.calls import Call
from engine.embedded.event_templates import (
    Header,
    Text,
    build_templates,
    json_escape,
    json_group,
    plain_encode,
    plain_group,
)

_JSON_HEAD = b"Content-Length: %d\nContent-Type: text/event-json\n\n%b"
_PLAIN_HEAD = b"Content-Length: %d\nContent-Type: text/event-plain\n\n%b"


class Rendering:
    """The templates, and the values that all events share (sequence number, date)."""

    def __init__(self, core_uuid: str) -> None:
        self.hostname = socket.gethostname()
        self.core_uuid = core_uuid
        self.templates = build_templates({"core_uuid": core_uuid, "hostname": self.hostname})
        self.sequence = 0
        self._second = -1
        self._dates = ("", "")

    def _common(self, now_us: int) -> dict[str, str]:
        second = now_us // 1_000_000
        if second != self._second:
            self._second = second
            local, gmt = time.localtime(second), time.gmtime(second)
            self._dates = (
                time.strftime("%Y-%m-%d %H:%M:%S", local),
                time.strftime("%a, %d %b %Y %H:%M:%S GMT", gmt),
            )
        return {
            "now_us": str(now_us),
            "sequence": str(self.sequence),
            "date_local": self._dates[0],
            "date_gmt": self._dates[1],
        }

    def event_values(self, now_us: int, call: Call | None, extra: dict[str, str] | None) -> dict[str, str]:
        """All single values of an event; groups depend on the format and are added later."""
        values = self._common(now_us)
        if call is not None:
            values |= call.base_values()
        if extra:
            values |= extra
        return values

    def of_headers(self, event: str, headers: list[Header], as_json: bool) -> bytes:
        """A framed event made of headers, without a template."""
        common = self._common(time.time_ns() // 1000)
        head = [
            ("Event-Name", event), ("Core-UUID", self.core_uuid), ("FreeSWITCH-Hostname", self.hostname),
            ("FreeSWITCH-Switchname", self.hostname), ("Event-Date-Local", common["date_local"]),
            ("Event-Date-GMT", common["date_gmt"]), ("Event-Date-Timestamp", common["now_us"]),
            ("Event-Sequence", common["sequence"]),
        ]  # fmt: skip
        whole = list(dict([*head, *headers]).items())
        if as_json:
            return json_frame(("{" + json_group(whole)[1:] + "}").encode("utf-8", "surrogateescape"))
        return plain_frame((plain_group(whole) + "\n").encode("utf-8", "surrogateescape"))

    def as_json(
        self,
        template: str,
        values: dict[str, str],
        call: Call | None,
        tail: list[Header],
        body: str | None = None,
    ) -> bytes:
        """The JSON text of an event, without the frame's headers."""
        text = self.templates[template].json
        joined = "".join(values.values())
        if not joined.isprintable() or '"' in joined or "\\" in joined:
            values = {name: json_escape(value) for name, value in values.items()}
        if call is not None:
            if call.json_variables is None:
                call.json_variables = json_group(call.variable_headers())
            values["group:variables"] = call.json_variables
            _add_groups(values, text, call, tail, json_group)
        filled = text.fill(values)
        if body is not None:
            filled += f',"_body":"{json_escape(body)}"'
        return (filled + "}").encode("utf-8", "surrogateescape")

    def as_plain(
        self,
        template: str,
        values: dict[str, str],
        call: Call | None,
        tail: list[Header],
        body: str | None = None,
    ) -> bytes:
        """The plain text of an event, without the frame's headers."""
        text = self.templates[template].plain
        values = {name: plain_encode(value) for name, value in values.items()}
        if call is not None:
            if call.plain_variables is None:
                call.plain_variables = plain_group(call.variable_headers())
            values["group:variables"] = call.plain_variables
            _add_groups(values, text, call, tail, plain_group)
        return (text.fill(values) + "\n" + (body or "")).encode("utf-8", "surrogateescape")


def _add_groups(
    values: dict[str, str], text: Text, call: Call, tail: list[Header], group: Callable[[list[Header]], str]
) -> None:
    """Add the groups of an answered call that the template has a place for."""
    groups = text.groups
    if "group:application" in groups:
        values["group:application"] = group(call.application_headers())
        values["group:tail"] = values["group:bye"] = group(tail) if tail else ""
    if "group:results" in groups:
        values["group:results"] = group(call.result_headers())
    if "group:last_application" in groups:
        values["group:last_application"] = group(call.last_application_headers())


def json_frame(payload: bytes) -> bytes:
    """An ``event json`` frame as it is sent."""
    return _JSON_HEAD % (len(payload), payload)


def plain_frame(payload: bytes) -> bytes:
    """An ``event plain`` frame as it is sent."""
    return _PLAIN_HEAD % (len(payload), payload)
