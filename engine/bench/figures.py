"""The figures of a dialling bench, and their display."""

from __future__ import annotations

import resource
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from engine.dialing.calls import Call

ROLLING_S = 1.0


@dataclass(slots=True)
class Figures:
    """The figures of a dialling bench; `more` holds those of one kind of bench only."""

    messages: int
    messages_per_minute: float
    cpu_ms_per_call: float
    peak_rss_mb: float
    cps_cap: float
    max_in_rolling_second: int
    used_share: float
    called_twice: int
    lost: int
    calls: int = 0
    seconds: float = 0.0
    more: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """All figures in one flat dict, for --json."""
        flat = asdict(self)
        return {**{k: v for k, v in flat.items() if k != "more"}, **flat["more"]}


class Delays:
    """The time from asking for a call to its originate, in ms; `note` is one of the dialer's `on_sending`."""

    def __init__(self) -> None:
        self.asked: dict[int, float] = {}  # number -> when it was asked for, of those not sent yet
        self._found: list[float] = []

    def ask(self, number: int) -> None:
        """Note that a call to `number` (98…, without plus) is asked for now."""
        self.asked[number] = time.monotonic()

    def note(self, batch: Iterable[Call]) -> None:
        """Note the calls that leave now."""
        now = time.monotonic()
        for call in batch:
            if (began := self.asked.pop(int(call.digits), None)) is not None:
                self._found.append((now - began) * 1000)

    def figures(self, name: str) -> dict[str, float]:
        """Percentiles since the last time, named ``<name>_p50_ms`` and so on."""
        ordered, self._found = sorted(self._found), []
        return {
            f"{name}_sent": len(ordered),
            f"{name}_p50_ms": percentile(ordered, 0.50),
            f"{name}_p99_ms": percentile(ordered, 0.99),
            f"{name}_max_ms": ordered[-1] if ordered else 0.0,
        }


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value of a sorted list that `share` (0 to 1) of it does not exceed; 0 for an empty one."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def fullest_second(instants: Iterable[float], span_s: float = ROLLING_S) -> int:
    """The largest number of instants (sorted, in seconds) in any half-open span of `span_s` seconds."""
    window: deque[float] = deque()
    most = 0
    for at in instants:
        window.append(at)
        while window[0] <= at - span_s:
            window.popleft()
        most = max(most, len(window))
    return most


def used_share(instants: list[float], cap: float) -> float:
    """The used share of the permitted rate `cap` (CPS), from the first to the last call."""
    if len(instants) < 2 or instants[-1] <= instants[0]:
        return 0.0
    return (len(instants) - 1) / (instants[-1] - instants[0]) / cap


def peak_rss_mb() -> float:
    """Largest resident memory of this process so far, in MB (Linux counts in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def rows_of(figures: dict[str, Any]) -> list[tuple[str, str]]:
    """Name and value of each figure, rounded for people."""
    return [
        (name, f"{value:,.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value))
        for name, value in figures.items()
    ]
