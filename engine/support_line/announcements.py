"""What waiting callers are told over the music: their place, and from time to time the offer of a call-back."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from engine.esl import support_line as commands
from engine.esl.link import Link
from engine.services.support_line import calls, expectation
from engine.store.threads import read
from engine.store.writer import Writer
from engine.support_line.spoken import Clips
from engine.support_line.view import StoreView
from engine.support_line.waiting import Say, Waiter

KEYS = "0123456789*"  # what leaves the queue, once a call-back was offered


def announce(
    waiters: Iterable[Waiter],
    view: StoreView,
    link: Link,
    writer: Writer,
    clips: Clips,
    now: int,
    now_m: float,
) -> None:
    """Say to each caller what is due, and write down to whom a call-back was offered."""
    rules = view.rules
    offered: list[str] = []
    for waiter in list(waiters):
        said = waiter.due(now_m, rules.announce_every_s, rules.offer_again_s)
        if said is None:
            continue
        frames = []
        if said is Say.OFFER:
            path = clips.path(waiter.language, "offer")
            frames = [commands.tell(waiter.uuid, {"cc_exit_keys": KEYS}), commands.go_on(waiter.uuid)]
            offered.append(waiter.uuid)
        else:
            place_at = view.places.get(waiter.uuid)
            if place_at is None:
                continue
            told = read(partial(expectation.of_place, place_at, now))
            path = clips.place(waiter.language, told)
        waiter.saying = path
        link.post([*frames, commands.say_over_music(waiter.uuid, path)])
    if offered:
        writer.call(lambda: calls.offered(offered, now))
