"""The far end's log of a crash bench: the telephones that really rang."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

LOOK_BACK = 5_000  # the first ring after a fault is searched among so many of the newest


@dataclass(frozen=True, slots=True)
class Ring:
    """A telephone that rang: time (ms), number (digits as dialled), and the attempt's uuid if it is known."""

    at_ms: int
    number: str
    uuid: str

    @property
    def claimed_at(self) -> int:
        """When the attempt was claimed (ms), from its uuid (version 7); without a uuid when it rang."""
        return int(self.uuid.replace("-", "")[:12], 16) if self.uuid else self.at_ms


@dataclass
class FarEnd:
    """Reads a far end's log while it grows: the embedded switch's (CSV), or that of a test carrier.

    A test carrier writes JSON lines with `at` (seconds) and `number`.
    """

    log: Path
    rings: list[Ring] = field(default_factory=list)
    _at: int = 0

    def read_on(self) -> int:
        """Read the lines that were added; returns how many telephones rang in all."""
        if self.log.exists():
            with self.log.open("rb") as file:
                file.seek(self._at)
                data = file.read()
            whole = data[: data.rfind(b"\n") + 1]
            self._at += len(whole)
            self.rings.extend(ring for line in whole.splitlines() if (ring := _parse(line)) is not None)
        return len(self.rings)

    def first_placed_after(self, at_ms: int) -> int | None:
        """When (ms) the first telephone rang whose call was claimed after `at_ms`; None if none did."""
        newest = self.rings[-LOOK_BACK:]
        return next((ring.at_ms for ring in newest if ring.at_ms > at_ms and ring.claimed_at > at_ms), None)


def _parse(line: bytes) -> Ring | None:
    if line.startswith(b"{"):
        found = json.loads(line)
        return Ring(round(found["at"] * 1000), str(found["number"]), "")
    at_ms, uuid, _attempt, _campaign, number, *_ = line.decode().split(",")
    return Ring(int(at_ms), number, uuid)
