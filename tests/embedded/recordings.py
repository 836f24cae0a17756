"""The events of the recorded transcripts, as ordered lists of headers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote

FOLDER = Path(__file__).parent / "transcripts"
Event = list[tuple[str, str]]


def recorded_events(name: str) -> dict[str, Event]:
    """The last event of each kind in one recording; the order of headers is kept."""
    events: dict[str, Event] = {}
    plain: Event | None = None
    for line in (FOLDER / f"{name}.esl").read_text(encoding="utf-8").split("\n"):
        if line.startswith('< {"Event-Name"'):
            event = json.loads(line[2:], object_pairs_hook=lambda pairs: pairs)
            events[event[0][1]] = event
            continue
        if line.startswith("< Event-Name: "):
            plain = []
            events[line[14:]] = plain
        if plain is not None:
            header = re.fullmatch(r"< ([\w-]+): ?(.*)", line)
            if header is None:
                plain = None
            else:
                plain.append((header[1], unquote(header[2])))
    return events
