"""The figures of a dialling bench, and their display."""

from __future__ import annotations

import resource
from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

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
