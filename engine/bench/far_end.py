"""The truth of a crash bench: who was rung, as the far end wrote it down."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

LOOK_BACK = 5_000  # newest rings among which the first after a fault is looked for


@dataclass(frozen=True, slots=True)
class Ring:
    """A phone that rang: when (ms), which number (digits as dialled), the attempt's uuid if it is known."""

    at_ms: int
    number: str
    uuid: str

    @property
    def claimed_at(self) -> int:
        """When the attempt was made (ms), which its uuid (version 7) tells; when it rang, if that is not known."""
        return int(self.uuid.replace("-", "")[:12], 16) if self.uuid else self.at_ms


@dataclass
class FarEnd:
    """Reads a far end's log as it grows: the embedded switch's (CSV), or a carrier's.

    A carrier writes JSON lines with `at` (seconds) and `number`.
    """

    log: Path
    rings: list[Ring] = field(default_factory=list)
    _at: int = 0

    def read_on(self) -> int:
        """Take in the lines that were added; how many phones rang in all."""
        if self.log.exists():
            with self.log.open("rb") as file:
                file.seek(self._at)
                data = file.read()
            whole = data[: data.rfind(b"\n") + 1]
            self._at += len(whole)
            self.rings.extend(ring for line in whole.splitlines() if (ring := _parse(line)) is not None)
        return len(self.rings)

    def first_placed_after(self, at_ms: int) -> int | None:
        """When the first phone rang of a call that was decided on after an instant."""
        newest = self.rings[-LOOK_BACK:]
        return next((ring.at_ms for ring in newest if ring.at_ms > at_ms and ring.claimed_at > at_ms), None)


def _parse(line: bytes) -> Ring | None:
    if line.startswith(b"{"):
        found = json.loads(line)
        return Ring(round(found["at"] * 1000), str(found["number"]), "")
    at_ms, uuid, _attempt, _campaign, number, *_ = line.decode().split(",")
    return Ring(int(at_ms), number, uuid)
