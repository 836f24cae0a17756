"""What happens in a call after the answer: a plan of steps, made at once, pure.

The dialplan's message call (dialplan/README.md is the contract of its variables) and the few
applications that tests and recordings use.  Times are milliseconds of the call, counted from the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.embedded.people import Fate

BREATH_MS = 500  # silence between the answer and the message
KEY_WAIT_MS = 5000  # how long the dialplan waits for a key after the message
AFTER_KEY_MS = 200
MAX_PASSES = 4  # the message once, and three repetitions
SPEAKING_MS = 6000  # what a person says when a recording is asked for
PATIENCE_MS = 600_000  # how long somebody stays in a call in which nothing happens
TICK_MS = 20  # FreeSWITCH's own grid: the shortest call it made in the recordings


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens: ``play`` (path), ``stop``, ``missing`` (path), ``key`` (digit),
    ``set`` (variable=value), ``bye`` (the person hangs up) or ``end`` (the switch does, with a cause)."""

    at_ms: int
    what: str
    value: str = ""


def _seconds(text: str | None, default: int = 0) -> int:
    return int(text) if text and text.isdigit() else default


def plan_message(variables: Mapping[str, str], fate: Fate, path: str, message_ms: int | None) -> list[Step]:
    """The steps of a message call; ``message_ms`` is None where the prompt's file does not exist."""
    if message_ms is None:
        return [Step(BREATH_MS, "missing", path), Step(BREATH_MS, "set", "avanak_fault=prompt_missing"),
                Step(BREATH_MS + TICK_MS, "end", "NORMAL_CLEARING")]  # fmt: skip
    vote_keys = variables.get("avanak_vote_keys", "").replace(",", "")
    repeat_key = variables.get("avanak_repeat_key", "")
    optout = variables.get("avanak_optout", "")
    steps: list[Step] = []
    at = BREATH_MS
    repeats = fate.repeats if repeat_key else 0
    for turn in range(MAX_PASSES):
        steps.append(Step(at, "play", path))
        if fate.listen_share is not None:
            steps.append(Step(at + int(message_ms * fate.listen_share), "bye"))
            return _cap(steps, variables)
        if fate.opts_out and optout:
            at += int(message_ms * 0.4)
            steps += [Step(at, "stop"), *[Step(at, "key", digit) for digit in optout]]
            steps += [
                Step(at, "set", "avanak_opted_out=true"),
                Step(at + AFTER_KEY_MS, "end", "NORMAL_CLEARING"),
            ]
            return _cap(steps, variables)
        at += message_ms
        steps.append(Step(at, "stop"))
        if turn < repeats:
            at += fate.key_delay_ms
            steps.append(Step(at, "key", repeat_key))
            continue
        break
    if vote_keys or repeat_key:
        at = _ask_for_key(steps, at, fate, vote_keys)
    if variables.get("avanak_record") == "true":
        at += min(SPEAKING_MS, 1000 * _seconds(variables.get("avanak_record_s"), 60))
    steps.append(Step(at, "end", "NORMAL_CLEARING"))
    return _cap(steps, variables)


def _ask_for_key(steps: list[Step], at: int, fate: Fate, vote_keys: str) -> int:
    key = fate.key
    if key is None and fate.vote_index is not None and vote_keys:
        key = vote_keys[fate.vote_index % len(vote_keys)]
    if key is None or fate.key_delay_ms >= KEY_WAIT_MS:
        return at + KEY_WAIT_MS
    at += fate.key_delay_ms
    steps.append(Step(at, "key", key))
    if key in vote_keys:
        steps.append(Step(at, "set", f"avanak_vote={key}"))
        return at + AFTER_KEY_MS
    return at + KEY_WAIT_MS


def _cap(steps: list[Step], variables: Mapping[str, str]) -> list[Step]:
    """Ends the call at ``avanak_max_s`` after the answer, if that is sooner."""
    longest_ms = 1000 * _seconds(variables.get("avanak_max_s"))
    if not longest_ms or steps[-1].at_ms <= longest_ms:
        return steps
    return [*[one for one in steps if one.at_ms < longest_ms], Step(longest_ms, "end", "ALLOTTED_TIMEOUT")]


def plan_application(
    application: str, data: str, fate: Fate, length_ms: Callable[[str], int | None]
) -> list[Step]:
    """The steps of ``&application(data)``; an application that is not known ends as on a real switch."""
    if application == "playback":
        return _plan_playback(data, fate, length_ms)
    if application == "play_and_get_digits":
        return _plan_digits(data, fate, length_ms)
    if application == "hangup":
        return [Step(TICK_MS, "end", data or "NORMAL_CLEARING")]
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
    if fate.key is not None:
        return [*steps, Step(at, "key", fate.key), Step(at, "set", "read_result=success"),
                Step(at, "set", f"{variable}={fate.key}"), Step(at, "end", "NORMAL_CLEARING")]  # fmt: skip
    at = total + int(words[3])
    silence = int(invalid.rpartition("/")[2]) if invalid.startswith("silence_stream://") else TICK_MS
    return [*steps, Step(at, "set", "read_result=failure"), Step(at, "play", invalid),
            Step(at + silence, "stop"), Step(at + silence, "end", "NORMAL_CLEARING")]  # fmt: skip
