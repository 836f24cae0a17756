"""How a campaign goes, on a terminal: a bar while it runs, a table at the end."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from engine.clock import monotonic_s
from engine.commands.follow import Look
from engine.services import why
from engine.states import CampaignState

PLAIN_EVERY_S = 5.0  # without a terminal, a line now and then
_FINAL = ("delivered", "exhausted", "cancelled", "unknown")
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

    def __init__(self, is_quiet: bool = False) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._is_quiet = is_quiet
        self._live = Live(console=self._console, auto_refresh=False, transient=False)
        self._is_live = self._console.is_terminal and not is_quiet
        self._last_plain = 0.0
        self._last_reason = ""

    def __enter__(self) -> Self:
        if self._is_live:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._is_live:
            self._live.stop()

    def show(self, look: Look) -> None:
        """The present state; cheap enough for twice a second."""
        if self._is_live:
            self._live.update(_drawn(look), refresh=True)
        elif not self._is_quiet and monotonic_s() - self._last_plain >= PLAIN_EVERY_S:
            self._last_plain = monotonic_s()
            self._console.print(_line(look), soft_wrap=True)

    def say(self, sentence: str) -> None:
        """A sentence above the bar."""
        self._console.print(sentence, soft_wrap=True)

    def lines_read(self, lines: int) -> None:
        """How far the import has got."""
        if self._is_live:
            self._live.update(Text(f"Reading the list: {lines:,} lines"), refresh=True)


def _line(look: Look) -> str:
    counts, pulse = look.counts, look.pulse
    done, total = _done(look)
    parts = [
        f"{done:,} of {total:,} done",
        f"calls up {pulse.calls_up:,}",
        f"{pulse.calls_per_second:.1f} calls/s",
        f"delivered {counts.delivered:,}",
        f"busy {counts.busy:,}",
        f"no answer {counts.no_answer:,}",
        f"time left {_left(look)}",
    ]
    return ", ".join(parts)


def _drawn(look: Look) -> Group:
    counts, pulse = look.counts, look.pulse
    done, total = _done(look)
    head = Table.grid(padding=(0, 2))
    for _ in range(2):
        head.add_column()
    head.add_row(
        ProgressBar(total=max(1, total), completed=done, width=40),
        Text(f"{done:,}/{total:,}  {100 * done // max(1, total)} %   time left {_left(look)}"),
    )
    numbers = Table.grid(padding=(0, 3))
    shown = (
        ("calls up", f"{pulse.calls_up:,}"),
        ("calls/s", f"{pulse.calls_per_second:.1f}"),
        ("delivered", f"{counts.delivered:,}"),
        ("busy", f"{counts.busy:,}"),
        ("no answer", f"{counts.no_answer:,}"),
        ("retries due", f"{counts.retry_wait:,}"),
    )
    numbers.add_row(*(Text.assemble((f"{name} ", "dim"), (value, "bold")) for name, value in shown))
    return Group(head, numbers, Text(state_sentence(look), style="dim"))


def _done(look: Look) -> tuple[int, int]:
    counts = look.counts
    return sum(getattr(counts, name) for name in _FINAL), counts.total - counts.excluded


def _left(look: Look) -> str:
    ends_at = look.pulse.ends_at
    if look.campaign.state != CampaignState.RUNNING or not ends_at:
        return "—"
    return span_text(max(0, ends_at - look.at) // 1000)


def span_text(seconds: float) -> str:
    """A span for people: ``45 s``, ``3 min 20 s``, ``5 h 10 min``, ``2 d 4 h``."""
    whole = int(seconds)
    for unit, size, smaller, small in (("d", 86_400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            rest = whole % size // small
            return f"{whole // size} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{whole} s"


def state_sentence(look: Look) -> str:
    """What the campaign does now, or why it does not."""
    from engine.commands.why_text import why_text

    return why_text(look)


def summary(look: Look, refused: dict[str, int]) -> Table:
    """The table at the end: where every recipient stands, how the calls ended, why lines were set aside."""
    counts = look.counts
    title = f"Campaign {look.campaign.id} «{look.campaign.name}» is {look.campaign.state}"
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
    table.add_row("calls in all", f"{counts.attempts:,}", _pace(look), style="bold", end_section=True)
    for reason, number in sorted(refused.items(), key=lambda item: -item[1]):
        table.add_row(f"set aside: {reason}", f"{number:,}", "")
    return table


def _pace(look: Look) -> str:
    started, ended = look.campaign.started_at, look.campaign.finished_at or look.at
    if not started:
        return ""
    seconds = max(1, ended - started) / 1000
    return f"in {span_text(seconds)}, {look.counts.attempts / seconds * 60:,.0f} a minute"


def document(look: Look, refused: dict[str, int], report: str | None) -> dict[str, Any]:
    """The same as `summary`, for a program."""
    from engine.commands.common import iso

    counts = {name: value for name, value in look.counts.__data__.items() if name != "campaign"}
    row = look.campaign
    return {
        "campaign": row.id,
        "name": row.name,
        "state": row.state,
        "state_reason": row.state_reason,
        "why": why.STOPPED if row.state == CampaignState.STOPPED else look.pulse.reason,
        "started_at": iso(row.started_at),
        "finished_at": iso(row.finished_at),
        "counts": counts,
        "set_aside": refused,
        "report": report,
    }
