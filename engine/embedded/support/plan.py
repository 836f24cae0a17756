"""The dialplan of the support line, read from its XML: the applications of an extension for a channel."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree  # the files belong to this repository

from engine.clock import TEHRAN

_INNERMOST = re.compile(r"\$\{([^${}]*)\}")
_LATEST = re.compile(r"max\((-?\d+), *(-?\d+)-(-?\d+)\)")
_GLOBAL = re.compile(r"\$\$\{(\w+)\}")
Actions = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Plan:
    """The extensions of the context ``avanak_support``, in order."""

    extensions: list[ElementTree.Element]
    globals: Mapping[str, str]

    @classmethod
    def read(cls, folder: Path, known: Mapping[str, str]) -> Plan:
        """Read the files of `folder`.  Raises OSError and ParseError."""
        extensions = [
            extension
            for path in sorted(folder.glob("*.xml"))
            for extension in ElementTree.parse(path).getroot().iter("extension")  # noqa: S314 - our own dialplan
        ]
        return cls(extensions, known)

    def actions(self, destination: str, variables: dict[str, str], now_s: float) -> Actions:
        """The actions to run, found before any of them runs, as in mod_dialplan_xml; inline actions set variables now."""
        found: Actions = []
        for extension in self.extensions:
            is_match = False
            for condition in extension.iter("condition"):
                groups = self._matches(condition, destination, variables, now_s)
                kind = "anti-action" if groups is None else "action"
                steps = condition.findall(kind)
                is_match = groups is not None or bool(steps)
                for step in steps:
                    data = _GLOBAL.sub(lambda one: self.globals.get(one[1], ""), step.get("data", ""))
                    for number, value in enumerate(groups or (), start=1):
                        data = data.replace(f"${number}", value)
                    if step.get("inline") == "true":
                        name, _, value = data.partition("=")
                        variables[name] = value
                    else:
                        found.append((step.get("application", ""), data))
                if groups is None:
                    break
            if is_match and extension.get("continue") != "true":
                break
        return found

    def _matches(
        self, condition: ElementTree.Element, destination: str, variables: Mapping[str, str], now_s: float
    ) -> tuple[str, ...] | None:
        """The regular expression's groups if the condition holds, otherwise None."""
        zone = TEHRAN if variables.get("timezone") == TEHRAN.key else UTC  # the switch's own is the system's
        if not _in_time(condition, datetime.fromtimestamp(now_s, zone)):
            return None
        field, expression = condition.get("field"), condition.get("expression")
        if field is None or expression is None:
            return ()
        if field == "destination_number":
            value = destination
        elif field == "caller_id_number":
            value = variables.get("caller_id_number", "")
        else:
            value = expand(field, variables, now_s)
        match = re.search(expression, value)
        return None if match is None else match.groups()


def expand(text: str, variables: Mapping[str, str], now_s: float) -> str:
    """The text with every ``${...}`` replaced, innermost first; `now_s` is in seconds since the epoch."""
    while (found := _INNERMOST.search(text)) is not None:
        text = text[: found.start()] + _value(found[1], variables, now_s) + text[found.end() :]
    return text


def _value(name: str, variables: Mapping[str, str], now_s: float) -> str:
    if name == "strepoch()":
        return str(int(now_s))
    if name.startswith("expr("):
        latest = _LATEST.fullmatch(name[5:-1])
        return "0" if latest is None else str(max(int(latest[1]), int(latest[2]) - int(latest[3])))
    if name.startswith("strftime_tz("):
        return datetime.fromtimestamp(now_s, TEHRAN).strftime(name[12:-1].partition(" ")[2])
    return variables.get(name, "")


def _in_time(condition: ElementTree.Element, at: datetime) -> bool:
    days, hours = condition.get("wday"), condition.get("time-of-day")
    if days is not None and at.isoweekday() % 7 + 1 not in set(_days(days)):
        return False
    if hours is None:
        return True
    start, _, end = hours.partition("-")
    return _second(start) <= at.hour * 3600 + at.minute * 60 + at.second <= _second(end)


def _days(text: str) -> Iterator[int]:
    for part in text.split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def _second(text: str) -> int:
    hour, minute, second = [*map(int, text.split(":")), 0][:3]
    return hour * 3600 + minute * 60 + second
