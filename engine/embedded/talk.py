"""What happens in a call after the answer: a plan of steps, made at once.  Pure.

It covers the dialplan's message call (dialplan/README.md defines its variables) and the few applications that tests and
recordings use.  Times are milliseconds of the call, counted from the answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.embedded.people import Fate

BREATH_MS = 500  # dialplan 20_silence
KEY_WAIT_MS = 5000  # dialplan 50_ask: for the first key
SECOND_KEY_MS = 1000  # and for the second half of an 11
SILENCE_MS = 10  # what play_and_get_digits plays when no valid key came
MAX_PLAYS = 4  # the message once, and three repetitions
BEEP_MS = 250
SPEAKING_MS = 6000  # how long a callee speaks for a recording
PATIENCE_MS = 600_000  # how long a callee stays in a call in which nothing happens
TALK_MS = 8_000  # how long two joined people talk
TICK_MS = 20  # FreeSWITCH's own grid: the shortest call in the transcripts
WHERE_PRESSED = 0.4  # the part of the message after which a key is pressed while it plays
NO_ROUTE = "no_route"  # instead of an application: an extension that the dialplan does not have
_SILENCE = f"silence_stream://{SILENCE_MS}"
_MESSAGE_NAME = re.compile(r"[0-9a-z_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens: ``play`` (path), ``stop``, ``missing`` (path), ``key`` (digit),
    ``set`` (variable=value), ``record`` (ms), ``bye`` (the person hangs up) or ``end`` (the switch does, with a cause)."""

    at_ms: int
    what: str
    value: str = ""


def _seconds(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0


def names_a_message(variables: Mapping[str, str]) -> bool:
    """Whether the dialplan would look for a file (30_play)."""
    return _MESSAGE_NAME.fullmatch(variables.get("avanak_message", "")) is not None


def plan_message(variables: Mapping[str, str], fate: Fate, path: str, message_ms: int | None) -> list[Step]:
    """The steps of a message call; ``message_ms`` is None when the prompt does not exist."""
    if message_ms is None:
        return [
            Step(BREATH_MS, "missing", path),
            Step(BREATH_MS, "set", "avanak_fault=prompt_missing"),
            Step(BREATH_MS + TICK_MS, "end", "NORMAL_CLEARING"),
        ]
    if variables.get("avanak_hold") == "true":
        steps = _plan_hold(fate, path, message_ms)
    else:
        steps = _MessageCall(variables, fate, path, message_ms).run()
    if fate.leaves_ms is not None:
        leaves_ms = fate.leaves_ms
        steps = [
            *[one for one in steps if one.at_ms < leaves_ms],
            Step(leaves_ms, "end" if fate.is_cut else "bye", fate.leaves_with),
        ]
    longest_ms = 1000 * _seconds(variables.get("avanak_max_s"))
    if not longest_ms or steps[-1].at_ms <= longest_ms:
        return steps
    return [*[one for one in steps if one.at_ms < longest_ms], Step(longest_ms, "end", "ALLOTTED_TIMEOUT")]


def _plan_hold(fate: Fate, path: str, message_ms: int) -> list[Step]:
    """The message, repeated (25_hold); some hang up during the first one, the others wait for long."""
    share = fate.listen_share
    leaves_at = BREATH_MS + (PATIENCE_MS if share is None else int(message_ms * share))
    return [
        Step(BREATH_MS, "play", path),
        Step(leaves_at, "bye"),
    ]


class _MessageCall:
    """Runs the dialplan (its files are named below) with one callee."""

    def __init__(self, variables: Mapping[str, str], fate: Fate, path: str, message_ms: int) -> None:
        self.variables = variables
        self.fate = fate
        self.path = path
        self.message_ms = message_ms
        self.vote_keys = variables.get("avanak_vote_keys", "")
        self.repeat_key = variables.get("avanak_repeat_key", "")
        self.optout = variables.get("avanak_optout", "")
        self.during, self.after = fate.keys(self.vote_keys, self.repeat_key, self.optout)
        self.queued = fate.at_once  # pressed, but not yet read by the dialplan
        self.at = BREATH_MS
        self.steps: list[Step] = []
        self.asked = 0

    def _do(self, what: str, value: str = "") -> None:
        self.steps.append(Step(self.at, what, value))

    def run(self) -> list[Step]:
        """1. play (30_play); 2. the key, if any (40 to 60); 3. again, or record and end (80, 90)."""
        plays = 0
        for place, key in enumerate(self.queued):
            self.steps.append(Step(200 + 100 * place, "key", key))
        while True:
            plays += 1
            self._do("play", self.path)
            if self.fate.listen_share is not None:
                self.at += int(self.message_ms * self.fate.listen_share)
                self._do("bye")
                return self.steps
            pressed = self._listen()
            if pressed == "1" and self.optout == "11":
                pressed += self._second_key()
            elif not pressed and (self.vote_keys or self.repeat_key or self.optout):
                pressed = self._ask()
            if pressed == "11":
                self._do("set", "avanak_opted_out=true")
                self._do("end", "NORMAL_CLEARING")
                return self.steps
            if pressed and len(pressed) == 1 and pressed in self.vote_keys:
                self._do("set", f"avanak_vote={pressed}")
                break
            wants_again = bool(pressed) and pressed == self.repeat_key
            is_half_an_11 = pressed == "1" and not self.asked
            if not (wants_again or is_half_an_11) or plays == MAX_PLAYS:
                break
        self._record()
        self._do("end", "NORMAL_CLEARING")
        return self.steps

    def _listen(self) -> str:
        """Play the message to its end or to the first key with a meaning; returns that key."""
        left = self.message_ms
        meant = self.vote_keys + self.repeat_key + self.optout
        if self.queued and self.queued[0] in meant:  # it ends the message before anything was heard
            key, self.queued = self.queued[0], self.queued[1:]
            self._do("stop")
            return key
        if self.during:
            key = self.during[0]
            self.at += int(left * WHERE_PRESSED)
            left -= int(left * WHERE_PRESSED)
            self._do("key", key)
            self.during = self.during[1:]
            if key in meant:
                self._do("stop")
                return key
            self.during = ""
        self.at += left
        self._do("stop")
        return ""

    def _second_key(self) -> str:
        """A 1 stopped the message; find out whether it is 11."""
        if self.queued.startswith("1"):
            self.queued = ""
            return "1"
        if self.during.startswith("1"):
            self.during = ""
            self.at += 200
            self._do("key", "1")
            return "1"
        self.at += SECOND_KEY_MS
        self._silence()
        return ""

    def _ask(self) -> str:
        """Wait five seconds for a key; after a wrong key ask once more."""
        self.asked += 1
        if not self.after:
            self.at += KEY_WAIT_MS
            self._silence()
            return ""
        key, self.after = self.after[0], self.after[1:]
        self.at += self.fate.key_delay_ms
        self._do("key", key)
        if self.optout == "11":
            if self.after.startswith("1"):
                self.at += 200
                key, self.after = key + "1", self.after[1:]
                self._do("key", "1")
            else:
                self.at += SECOND_KEY_MS
        if key == "11":
            return key
        if key in self.vote_keys + self.repeat_key:
            return key
        self._silence()
        return self._ask() if self.asked == 1 else ""

    def _silence(self) -> None:
        self._do("play", _SILENCE)
        self.at += SILENCE_MS
        self._do("stop")

    def _record(self) -> None:
        longest_ms = 1000 * _seconds(self.variables.get("avanak_record_s"))
        if self.variables.get("avanak_record") != "true" or not longest_ms:
            return
        self._do("play", "tone_stream://%(250,0,800)")
        self.at += BEEP_MS
        self._do("stop")
        recorded = min(SPEAKING_MS, longest_ms)
        self.at += recorded
        self._do("record", str(recorded))


def plan_application(
    application: str, data: str, fate: Fate, length_ms: Callable[[str], int | None]
) -> list[Step]:
    """The steps of ``&application(data)``; an unknown application ends as on a real switch."""
    if application == "playback":
        return _plan_playback(data, fate, length_ms)
    if application == "play_and_get_digits":
        return _plan_digits(data, fate, length_ms)
    if application == "hangup":
        return [Step(TICK_MS, "end", data or "NORMAL_CLEARING")]
    if application == NO_ROUTE:
        return [Step(0, "end", "NO_ROUTE_DESTINATION")]
    if application in ("park", "echo", "sleep", "endless_playback"):
        wait = int(data) if application == "sleep" and data.isdigit() else PATIENCE_MS
        return [Step(wait, "bye" if wait == PATIENCE_MS else "end", "NORMAL_CLEARING")]
    return [Step(0, "end", "DESTINATION_OUT_OF_ORDER")]


def _plan_playback(data: str, fate: Fate, length_ms: Callable[[str], int | None]) -> list[Step]:
    paths = data.removeprefix("file_string://").split("!")
    lengths = [length_ms(path) for path in paths]
    if None in lengths:
        return [Step(0, "missing", data), Step(TICK_MS, "end", "NORMAL_CLEARING")]
    total = sum(length or 0 for length in lengths)
    if fate.listen_share is not None:
        return [Step(0, "play", data), Step(int(total * fate.listen_share), "bye")]
    return [Step(0, "play", data), Step(total, "stop"), Step(total, "end", "NORMAL_CLEARING")]


def _plan_digits(data: str, fate: Fate, length_ms: Callable[[str], int | None]) -> list[Step]:
    """``min max tries timeout_ms terminators file invalid_file variable regexp``."""
    words = data.split()
    if len(words) < 8:
        return [Step(0, "end", "DESTINATION_OUT_OF_ORDER")]
    path, invalid, variable = words[5], words[6], words[7]
    total = length_ms(path)
    if total is None:
        return [Step(0, "missing", path), Step(TICK_MS, "end", "NORMAL_CLEARING")]
    steps = [Step(0, "play", path), Step(total, "stop")]
    at = total + fate.key_delay_ms
    if fate.after:
        key = fate.after[0]
        return [*steps, Step(at, "key", key), Step(at, "set", "read_result=success"),
                Step(at, "set", f"{variable}={key}"), Step(at, "end", "NORMAL_CLEARING")]  # fmt: skip
    at = total + int(words[3])
    silence = int(invalid.rpartition("/")[2]) if invalid.startswith("silence_stream://") else TICK_MS
    return [*steps, Step(at, "set", "read_result=failure"), Step(at, "play", invalid),
            Step(at + silence, "stop"), Step(at + silence, "end", "NORMAL_CLEARING")]  # fmt: skip
