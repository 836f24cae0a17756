"""The trunks of the embedded switch, and how their behaviour can be changed while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from engine.embedded.people import DNS_ERROR, NO_CODEC, REFUSALS, SILENT, Fate, refused
from engine.errors import BadInput

_FATES = {
    "silent": SILENT,
    "no-codec": refused(NO_CODEC),
    "unresolved": refused(DNS_ERROR),
    "unanswered": SILENT,  # by the name server
}
ACTIONS = (
    "up, down, normal, congestion SHARE, answer-rate SHARE, slow MS, channels N, silent, refuse STATUS, "
    "lose DIGITS, no-codec, unresolved, unanswered"
)


@dataclass(slots=True)
class Gateway:
    """One trunk; ``channels`` 0 means no limit.

    ``congestion`` is the share of calls that the carrier refuses with 503; ``slow_ms`` is its delay before it answers an
    INVITE; ``answer_rate`` replaces the share of callees who answer.  ``fate`` replaces the fate of all calls; numbers
    that begin with ``lost`` (digits, without a leading + or zeros) get a 404.
    """

    name: str
    channels: int = 0
    up: bool = True
    congestion: float = 0.0
    slow_ms: int = 0
    answer_rate: float | None = None
    fate: Fate | None = None
    fate_word: str = ""
    lost: str = ""
    lookups: list[Callable[[str], None]] = field(default_factory=list)  # without an answer so far
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

    def decide(self, number: str, fate: Fate) -> Fate:
        """The fate of a call through this trunk when the callee's own is ``fate``."""
        if self.lost and number.lstrip("+0").startswith(self.lost):
            return refused(REFUSALS[404])
        return self.fate or fate

    @property
    def host(self) -> str:
        """The carrier: an address, or a name while there is something about it."""
        is_named = self.fate_word in ("unresolved", "unanswered")
        return f"{self.name.lower()}.carrier.example" if is_named else "127.0.0.1"

    def look_up(self, done: Callable[[str], None]) -> None:
        """``host_lookup`` of its name; a name server that is silent answers when the trunk is ``normal`` again."""
        if self.fate_word == "unanswered":
            self.lookups.append(done)
        else:
            done("!err!" if self.fate_word == "unresolved" else "127.0.0.1")

    def simulate(self, words: list[str]) -> str:
        """Changes the behaviour of the trunk; the answer is one line, ``+OK`` or ``-ERR``."""
        action, value = [*words, "", ""][:2]
        if action in ("up", "down"):
            self.up = action == "up"
        elif action == "normal":
            self.up, self.congestion, self.slow_ms, self.answer_rate = True, 0.0, 0, None
            self.fate, self.fate_word, self.lost = None, "", ""
            lookups, self.lookups = self.lookups, []
            for done in lookups:
                done("127.0.0.1")
        elif action in _FATES:
            self.fate, self.fate_word = _FATES[action], action
        elif action == "refuse":
            if not value.isdigit() or int(value) not in REFUSALS:
                return f"-ERR refuse needs one of {', '.join(map(str, sorted(REFUSALS)))}"
            self.fate, self.fate_word = refused(REFUSALS[int(value)]), f"refuse {value}"
        elif action == "lose":
            if not value.isdigit():
                return "-ERR lose needs the digits that numbers begin with"
            self.lost = value
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
            return f"-ERR known are {ACTIONS}"
        return f"+OK gateway {self.name} {' '.join(words)}"
