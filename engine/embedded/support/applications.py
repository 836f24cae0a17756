"""The applications of the support line's dialplan, each a task of its channel."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.embedded.recording import write_recording
from engine.embedded.support.channels import Channel, HungUp, Task, Transferred
from engine.embedded.support.plan import expand

if TYPE_CHECKING:
    from engine.embedded.support.house import SupportHouse

_MISSING_MS = 20  # for a missing sound


def run(house: SupportHouse, channel: Channel, extension: str) -> Task:
    """Run an extension; after the last application the switch hangs up."""
    channel.destination = extension
    for name, data in house.plan.actions(extension, channel.variables, time.time()):
        channel.application = name
        application = APPLICATIONS.get(name)
        if application is None:
            raise HungUp("DESTINATION_OUT_OF_ORDER")
        yield from application(house, channel, expand(data, channel.variables, time.time()))
    raise HungUp("NORMAL_CLEARING")


def at_once(house: SupportHouse, channel: Channel, words: str) -> None:
    """``execute_on_…``: run an application, or an extension of applications that take no time, before a bridge."""
    name, _, data = words.partition(" ")
    steps = [(name, data)]
    if name == "execute_extension":
        steps = house.plan.actions(data.split(" ")[0], channel.variables, time.time())
    for step, text in steps:
        for _ in APPLICATIONS[step](house, channel, expand(text, channel.variables, time.time())):
            return


def _pause(ms: float, ends: tuple[str, ...]) -> Task:
    """Wait for `ms`; only the events in `ends` end it earlier."""
    until = time.monotonic() + ms / 1000
    while (left_ms := 1000 * (until - time.monotonic())) > 0:
        if (yield left_ms) in ends:
            return


def _sleep(_house: SupportHouse, _channel: Channel, data: str) -> Task:
    """``sleep``: in real time, whatever the speed, because it waits for the engine."""
    yield from _pause(float(data), ("break",))


def _playback(house: SupportHouse, channel: Channel, data: str) -> Task:
    house.heard(channel, data)
    yield from _pause(house.quick(length_ms(house, data)), ("break",))


def length_ms(house: SupportHouse, data: str) -> int:
    """The length of one sound or of several in a row."""
    if data.startswith(("silence_stream://", "tone_stream://")):
        return _MISSING_MS
    paths = data.removeprefix("file_string://").split("!")
    return sum(house.prompts.length_ms(path) or _MISSING_MS for path in paths)


def _digits(house: SupportHouse, channel: Channel, data: str) -> Task:
    """``play_and_get_digits min max tries timeout terminators file invalid variable regexp [digit_timeout]``."""
    words = data.split(" ")
    _least, most, tries, timeout_ms = (int(word) for word in words[:4])
    terminators, sound, name, expression = words[4], words[5], words[7], words[8]
    between_ms = int(words[9]) if len(words) > 9 else timeout_ms
    channel.variables.pop(name, None)
    for _ in range(tries):
        house.heard(channel, sound)
        pressed = ""
        left_ms = house.quick(length_ms(house, sound) + timeout_ms)
        until = time.monotonic() + left_ms / 1000
        while len(pressed) < most:
            if not channel.keys:
                left_ms = 1000 * (until - time.monotonic())
                if left_ms <= 0 or ((yield left_ms) == "time" and not channel.keys):
                    break
                continue
            key = channel.keys.pop(0)
            if key in terminators:
                break
            pressed += key
            until = time.monotonic() + house.quick(between_ms) / 1000
        if re.search(expression, pressed):
            channel.variables[name] = pressed
            return


def _record(house: SupportHouse, channel: Channel, data: str) -> Task:
    """Record until the caller stops speaking, hangs up, or the longest time is over; the file always exists."""
    path, longest_s = data.split(" ")[:2]
    begun = time.monotonic()
    try:
        yield from _pause(house.quick(1000 * min(float(longest_s), channel.person.speak_s)), ())
    finally:
        ms = int((time.monotonic() - begun) * 1000 * house.speed)
        channel.variables["record_ms"] = str(ms)
        write_recording(Path(path), ms)


def _bridge(house: SupportHouse, channel: Channel, data: str) -> Task:
    """Ring another telephone and talk; without an answer the dialplan continues if its variables allow it."""
    found: list[str] = []

    def done(cause: str, leg: Channel | None) -> None:
        found.append(cause)
        if leg is not None:
            house.join(channel, leg)
        else:
            house.soon(channel, "joined")

    leg = house.dial(data, {}, channel.number, done)
    try:
        while not found:
            yield None
        if found[0] == "SUCCESS":
            while (yield None) != "peer":
                pass
            if channel.variables.get("hangup_after_bridge") == "true":
                raise HungUp("NORMAL_CLEARING")
        elif channel.variables.get("continue_on_fail") != "true":
            raise HungUp(found[0])
    finally:
        if leg is not None and not leg.ended_us:
            house.end_soon(leg, "NORMAL_CLEARING" if leg.answered_us else "ORIGINATOR_CANCEL")


def _callcenter(house: SupportHouse, channel: Channel, data: str) -> Task:
    yield from house.center.wait(channel, data)


def _nothing(_house: SupportHouse, _channel: Channel, _data: str) -> Task:
    yield from ()


def _answer(house: SupportHouse, channel: Channel, _data: str) -> Task:
    house.answered(channel)
    yield from ()


def _set(_house: SupportHouse, channel: Channel, data: str) -> Task:
    name, _, value = data.partition("=")
    channel.variables[name] = value
    yield from ()


def _multiset(house: SupportHouse, channel: Channel, data: str) -> Task:
    for pair in data.removeprefix("^^;").split(";"):
        yield from _set(house, channel, pair)


def _event(house: SupportHouse, channel: Channel, data: str) -> Task:
    pairs = [(name, value) for name, _, value in (part.partition("=") for part in data.split(","))]
    told = [pair for pair in pairs if not pair[0].startswith("Event-")]
    house.custom(dict(pairs)["Event-Subclass"], [*channel.headers(), *told])
    yield from ()


def _transfer(_house: SupportHouse, _channel: Channel, data: str) -> Task:
    yield from ()
    raise Transferred(data.split(" ")[0])


def _hangup(_house: SupportHouse, _channel: Channel, data: str) -> Task:
    yield from ()
    raise HungUp(data)


def _db(house: SupportHouse, _channel: Channel, data: str) -> Task:
    house.book.carry_out(data)
    yield from ()


APPLICATIONS: dict[str, Callable[[SupportHouse, Channel, str], Task]] = {
    "ring_ready": _nothing, "answer": _answer, "set": _set, "multiset": _multiset, "event": _event,
    "sleep": _sleep, "playback": _playback, "play_and_get_digits": _digits, "record": _record, "mkdir": _nothing,
    "callcenter": _callcenter, "bridge": _bridge, "db": _db, "transfer": _transfer, "hangup": _hangup,
}  # fmt: skip
