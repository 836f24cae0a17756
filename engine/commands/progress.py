"""How a campaign goes, on a terminal: a bar while it runs, a table at the end."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from engine.clock import monotonic_s, wall_ms
from engine.commands.common import iso
from engine.sentences import sentence_of
from engine.services.campaigns.view import CampaignView

PLAIN_EVERY_S = 5.0  # without a terminal, a line now and then
_STATES = (
    ("delivered", "heard the message, or pressed the key"),
    ("exhausted", "not reached in all tries"),
    ("waiting", "not called yet"),
    ("retry_wait", "wait for another try"),
    ("cancelled", "the campaign was stopped first"),
    ("unknown", "what happened cannot be known"),
    ("excluded", "set aside at import"),
)
_ENDINGS = ("answered", "busy", "no_answer", "rejected", "unreachable", "congestion", "failed", "lost")


class Progress:
    """Shows looks at a campaign on standard error: live on a terminal, a line now and then elsewhere."""

    def __init__(self, instant: Callable[[int], str], is_quiet: bool = False) -> None:
        self._instant = instant  # text of an instant (ms)
        self._console = Console(stderr=True, highlight=False)
        self._is_quiet = is_quiet
        self._live = Live(console=self._console, auto_refresh=False, transient=False)
        self._is_live = self._console.is_terminal and not is_quiet
        self._last_plain = 0.0

    def __enter__(self) -> Self:
        if self._is_live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_live:
            self._live.stop()

    def show(self, seen: CampaignView) -> None:
        """The present state; cheap enough for twice a second."""
        if self._is_live:
            self._live.update(_drawn(seen, seen.sentence.english(self._instant)), refresh=True)
        elif not self._is_quiet and monotonic_s() - self._last_plain >= PLAIN_EVERY_S:
            self._last_plain = monotonic_s()
            self._console.print(_line(seen), soft_wrap=True)

    def say(self, sentence: str) -> None:
        """A sentence above the bar."""
        self._console.print(sentence, soft_wrap=True)

    def lines_read(self, lines: int) -> None:
        """How far the import has got."""
        if self._is_live:
            self._live.update(Text(f"Reading the list: {lines:,} lines"), refresh=True)


def _line(seen: CampaignView) -> str:
    counts = seen.counts
    done, total = seen.done, seen.callable
    parts = [
        f"{done:,} of {total:,} done",
        f"calls up {_count(seen.calls_up)}",
        f"{seen.calls_per_second:.1f} calls/s",
        f"delivered {counts.delivered:,}",
        f"busy {counts.busy:,}",
        f"no answer {counts.no_answer:,}",
        f"time left {_left(seen)}",
    ]
    return ", ".join(parts)


def _drawn(seen: CampaignView, sentence: str) -> Group:
    counts = seen.counts
    done, total = seen.done, seen.callable
    head = Table.grid(padding=(0, 2))
    for _ in range(2):
        head.add_column()
    head.add_row(
        ProgressBar(total=max(1, total), completed=done, width=40),
        Text(f"{done:,}/{total:,}  {100 * done // max(1, total)} %   time left {_left(seen)}"),
    )
    numbers = Table.grid(padding=(0, 3))
    shown = (
        ("calls up", _count(seen.calls_up)),
        ("calls/s", f"{seen.calls_per_second:.1f}"),
        ("delivered", f"{counts.delivered:,}"),
        ("busy", f"{counts.busy:,}"),
        ("no answer", f"{counts.no_answer:,}"),
        ("retries due", f"{counts.retry_wait:,}"),
    )
    numbers.add_row(*(Text.assemble((f"{name} ", "dim"), (value, "bold")) for name, value in shown))
    return Group(head, numbers, Text(sentence, style="dim"))


def _left(seen: CampaignView) -> str:
    return span_text(max(0, seen.ends_at - wall_ms()) // 1000) if seen.ends_at else "—"


def span_text(seconds: float) -> str:
    """A span for people: ``45 s``, ``3 min 20 s``, ``5 h 10 min``, ``2 d 4 h``."""
    whole = int(seconds)
    for unit, size, smaller, small in (("d", 86_400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            rest = whole % size // small
            return f"{whole // size} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{whole} s"


def summary(seen: CampaignView, refused: dict[str, int]) -> Table:
    """The table at the end: where every recipient stands, how the calls ended, why lines were set aside."""
    counts = seen.counts
    title = f"Campaign {seen.row.id} «{seen.row.name}» is {seen.row.state}"
    table = Table(title=title, title_justify="left", show_header=True, header_style="bold")
    table.add_column("recipients")
    table.add_column("number", justify="right")
    table.add_column("")
    for name, meaning in _STATES:
        if getattr(counts, name):
            table.add_row(name, f"{getattr(counts, name):,}", meaning)
    table.add_row("in all", f"{counts.total:,}", "lines of the list", style="bold", end_section=True)
    for name in _ENDINGS:
        if getattr(counts, name):
            table.add_row(f"calls {name}", f"{getattr(counts, name):,}", "")
    table.add_row("calls in all", f"{counts.attempts:,}", _pace(seen), style="bold", end_section=True)
    for reason, number in sorted(refused.items(), key=lambda item: -item[1]):
        table.add_row(f"set aside: {reason}", f"{number:,}", "")
    return table


def _pace(seen: CampaignView) -> str:
    started, ended = seen.row.started_at, seen.row.finished_at or wall_ms()
    if not started:
        return ""
    seconds = max(1, ended - started) / 1000
    return f"in {span_text(seconds)}, {seen.counts.attempts / seconds * 60:,.0f} a minute"


def document(seen: CampaignView, refused: dict[str, int], report: str | None) -> dict[str, Any]:
    """The same as `summary`, for a program."""
    counts = {name: value for name, value in seen.counts.__data__.items() if name != "campaign"}
    row = seen.row
    return {
        "campaign": row.id,
        "name": row.name,
        "state": row.state,
        "state_reason": str(sentence_of(row.state_reason)),
        "why": seen.reason,
        "started_at": iso(row.started_at),
        "finished_at": iso(row.finished_at),
        "counts": counts,
        "set_aside": refused,
        "report": report,
    }


def _count(number: int | None) -> str:
    return "—" if number is None else f"{number:,}"
