"""The trunks of the embedded switch, and what can be done to them while it runs."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import BadInput


@dataclass(slots=True)
class Gateway:
    """One trunk; ``channels`` 0 is without limit.

    ``congestion`` is the share of calls that the carrier refuses with 503; ``slow_ms`` passes before
    it answers an INVITE at all; ``answer_rate`` replaces the share of people who answer.
    """

    name: str
    channels: int = 0
    up: bool = True
    congestion: float = 0.0
    slow_ms: int = 0
    answer_rate: float | None = None
    live: int = 0
    calls_out: int = 0
    failed_out: int = 0

    @classmethod
    def parse(cls, text: str) -> Gateway:
        """From ``name`` or ``name:channels``."""
        name, colon, channels = text.partition(":")
        if not name or (colon and not channels.isdigit()):
            raise BadInput("a gateway is NAME or NAME:CHANNELS, not '%(text)s'", text=text)
        return cls(name, int(channels or 0))

    def simulate(self, words: list[str]) -> str:
        """Changes how the trunk behaves; the answer is one line, ``+OK`` or ``-ERR``."""
        action, value = [*words, "", ""][:2]
        if action in ("up", "down"):
            self.up = action == "up"
        elif action == "normal":
            self.up, self.congestion, self.slow_ms, self.answer_rate = True, 0.0, 0, None
        elif action in ("congestion", "answer-rate"):
            try:
                share = float(value)
            except ValueError:
                share = -1.0
            if not 0 <= share <= 1:
                return f"-ERR {action} needs a share between 0 and 1"
            if action == "congestion":
                self.congestion = share
            else:
                self.answer_rate = share
        elif action in ("slow", "channels"):
            if not value.isdigit():
                return f"-ERR {action} needs a whole number"
            if action == "slow":
                self.slow_ms = int(value)
            else:
                self.channels = int(value)
        else:
            return "-ERR known are up, down, normal, congestion SHARE, answer-rate SHARE, slow MS, channels N"
        return f"+OK gateway {self.name} {' '.join(words)}"
