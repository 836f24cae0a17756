"""Sends web hooks: it runs beside the web UI, where no call waits for a stranger's server.

Each hook has a greenlet of its own, so that a slow receiver holds up nobody else; an address that fails again
and again is left alone for a while (a circuit breaker).  A try is leased before it is made: after a crash it is
made again, with the same id.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import gevent
import orjson
from gevent.pool import Pool

from engine.clock import monotonic_s, wall_ms
from engine.loops import Loop, Loops
from engine.runtime.posting import OutsidePoster
from engine.sealing import SecretBox
from engine.services.outbox import signing
from engine.services.outbox.outside import Network
from engine.services.webhooks import events, fan_out, hooks
from engine.services.webhooks.events import Due, Told
from engine.store.tables.webhooks import Webhook
from engine.store.threads import read, write

log = logging.getLogger(__name__)

LOOK_S = 0.5
SWEEP_S = 3600.0
HOOKS_AT_ONCE = 64
REQUESTS_AT_ONCE = 8  # to one receiver
TAKEN_AT_ONCE = 200  # events
BEGUN_WITHIN_MS = events.LEASE_MS // 2  # of their taking; a request ends well within the other half
OPENS_AFTER = 5  # requests in a row that failed
OPEN_FIRST_S, OPEN_MOST_S = 10.0, 600.0
UNREADABLE = "The secret of this web hook cannot be read any more: make a new one."


@dataclass(slots=True)
class AddressBreaker:
    """How one address does; `most` requests are begun at once, few until it has shown that it answers."""

    failures: int = 0
    most: int = REQUESTS_AT_ONCE
    open_s: float = 0.0
    opens_until_m: float = 0.0

    def note(self, is_taken: bool, now_m: float) -> None:
        """A request was answered, or not."""
        if is_taken:
            self.failures, self.open_s, self.opens_until_m = 0, 0.0, 0.0
            self.most = min(TAKEN_AT_ONCE, self.most * 2)
            return
        self.failures += 1
        self.most = REQUESTS_AT_ONCE
        if self.failures >= OPENS_AFTER and now_m >= self.opens_until_m:
            self.open_s = min(OPEN_MOST_S, self.open_s * 2 or OPEN_FIRST_S)
            self.opens_until_m = now_m + self.open_s

    def room(self, now_m: float) -> int:
        """How many requests may be made now: none, one to try it with, or `most`."""
        if now_m < self.opens_until_m:
            return 0
        return self.most if self.failures < OPENS_AFTER else 1


class WebhookSender:
    """Looks for events that are due, and sends them."""

    def __init__(
        self, box: SecretBox, also: Sequence[Network] = (), clock: Callable[[], int] = wall_ms
    ) -> None:
        self._box = box
        self._clock = clock
        self._post = OutsidePoster(also).post
        self._working: dict[int, gevent.Greenlet] = {}
        self._breakers: dict[str, AddressBreaker] = {}
        self._loops = Loops(
            [
                Loop("webhooks", self.look, LOOK_S),
                Loop("webhooks_fanned_out", self.fan_out, LOOK_S),
                Loop("webhooks_swept", self._sweep, SWEEP_S, begins_after_s=60.0),
            ]
        )

    def start(self) -> None:
        """Look twice a second, until `stop`."""
        self._loops.start()

    def stop(self) -> None:
        """Break off what is under way; its events are sent again after their lease."""
        self._loops.stop()
        gevent.killall(list(self._working.values()))

    def look(self) -> None:
        """Begin with each hook that has something due and is not being served."""
        self._working = {key: each for key, each in self._working.items() if not each.dead}
        for hook in read(hooks.active):
            if len(self._working) >= HOOKS_AT_ONCE:
                return
            if hook.id not in self._working and self._breaker(hook).room(monotonic_s()):
                self._working[hook.id] = gevent.spawn(self._serve, hook)

    def fan_out(self) -> bool:
        """Make events of calls that ended; whether more wait."""
        if not read(fan_out.has_calls):
            return False
        return bool(write(fan_out.fan_out) == fan_out.AT_ONCE)

    def wait(self) -> None:
        """Until nothing is under way."""
        gevent.joinall(list(self._working.values()))

    def _serve(self, hook: Webhook) -> None:
        try:
            while self._some(hook):
                pass
        except Exception:  # a mistake of ours must not end the looking; the lease ends by itself
            log.exception("action=webhook_broken webhook=%d", hook.id)

    def _some(self, hook: Webhook) -> bool:
        """Send some events; whether there may be more."""
        breaker, now = self._breaker(hook), self._clock()
        room = breaker.room(monotonic_s())
        limit = min(TAKEN_AT_ONCE, room * hook.batch)
        found = read(lambda: events.due(hook.id, now, limit)) if limit else []
        if not found:
            return False
        taken = write(lambda: events.take([each.event_id for each in found], now))
        mine = [each for each in found if each.event_id in taken]
        size = hook.batch
        parts = [mine[at : at + size] for at in range(0, len(mine), size)]
        told = [
            one
            for part in Pool(REQUESTS_AT_ONCE).imap(lambda part: self._send_leased(hook, part, now), parts)
            for one in part
        ]
        sent = {one.event_id for one in told}

        def settle() -> None:
            events.settle(told)
            events.release([each for each in mine if each.event_id not in sent], now)

        write(settle)
        return any(one.is_taken for one in told)

    def _send_leased(self, hook: Webhook, part: list[Due], taken_at: int) -> list[Told]:
        """As `_send`; nothing when the receiver was so slow that another sender may have the events before it ends."""
        return self._send(hook, part) if self._clock() - taken_at < BEGUN_WITHIN_MS else []

    def _send(self, hook: Webhook, part: list[Due]) -> list[Told]:
        """One request with one event, or several as ``{"type": "batch", "events": […]}``."""
        now = self._clock()
        if hook.batch == 1:
            message_id, content = part[0].message_id, part[0].content()
        else:
            message_id = f"batch_{part[0].event_id}_{part[-1].event_id}"
            content = {"type": "batch", "events": [each.content() for each in part]}
        body = orjson.dumps(content)
        keys = hooks.keys_of(hook, self._box, now)
        if not keys:  # nothing leaves unsigned; a new secret is the way out
            return [Told(each.event_id, False, None, UNREADABLE, now) for each in part]
        headers = {
            "content-type": "application/json",
            **signing.headers(keys, message_id, now // 1000, body),
        }
        status, answer = self._post(hook.url, body, headers)
        is_taken = status is not None and 200 <= status < 300
        self._breaker(hook).note(is_taken, monotonic_s())
        log.info(
            "action=webhook_told webhook=%d first=%d events=%d status=%s",
            hook.id,
            part[0].event_id,
            len(part),
            status,
        )
        at = self._clock()
        return [Told(each.event_id, is_taken, status, answer, at) for each in part]

    def _breaker(self, hook: Webhook) -> AddressBreaker:
        return self._breakers.setdefault(urlsplit(hook.url).netloc, AddressBreaker())

    def _sweep(self) -> bool:
        now = self._clock()
        return bool(write(lambda: events.sweep(now)) == events.SWEPT_AT_ONCE)
