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

import certifi
import gevent
import orjson
import urllib3
from gevent.pool import Pool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NewConnectionError

from engine import __version__
from engine.clock import monotonic_s, wall_ms
from engine.loops import Loop, Loops
from engine.services.webhooks import events, hooks, signing, targets
from engine.services.webhooks.events import Due, Told
from engine.services.webhooks.targets import Network
from engine.store.tables.webhooks import Webhook
from engine.store.threads import read, write

log = logging.getLogger(__name__)

LOOK_S = 0.5
SWEEP_S = 3600.0
HOOKS_AT_ONCE = 64
REQUESTS_AT_ONCE = 8  # to one receiver
TAKEN_AT_ONCE = 200  # events
CONNECT_S, READ_S, WHOLE_S = 5.0, 10.0, 15.0
LONGEST_ANSWER = 65_536  # bytes
OPENS_AFTER = 5  # requests in a row that failed
OPEN_FIRST_S, OPEN_MOST_S = 10.0, 600.0


@dataclass(slots=True)
class AddressBreaker:
    """How one address does."""

    failures: int = 0
    open_s: float = 0.0
    opens_until_m: float = 0.0

    def note(self, is_taken: bool, now_m: float) -> None:
        """A request was answered, or not."""
        if is_taken:
            self.failures, self.open_s, self.opens_until_m = 0, 0.0, 0.0
            return
        self.failures += 1
        if self.failures >= OPENS_AFTER and now_m >= self.opens_until_m:
            self.open_s = min(OPEN_MOST_S, self.open_s * 2 or OPEN_FIRST_S)
            self.opens_until_m = now_m + self.open_s

    def room(self, now_m: float) -> int:
        """How many events may be taken now: none, one to try it with, or any number."""
        if now_m < self.opens_until_m:
            return 0
        return TAKEN_AT_ONCE if self.failures < OPENS_AFTER else 1


class WebhookSender:
    """Looks for events that are due, and sends them."""

    def __init__(self, also: Sequence[Network] = (), clock: Callable[[], int] = wall_ms) -> None:
        self._clock = clock
        self._http = _manager(also)
        self._working: dict[int, gevent.Greenlet] = {}
        self._breakers: dict[str, AddressBreaker] = {}
        self._loops = Loops(
            [
                Loop("webhooks", self.look, LOOK_S),
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
        found = read(lambda: events.due(hook.id, now, room)) if room else []
        if not found:
            return False
        taken = write(lambda: events.take([each.event_id for each in found], now))
        mine = [each for each in found if each.event_id in taken]
        size = hook.batch
        parts = [mine[at : at + size] for at in range(0, len(mine), size)]
        told = [
            one
            for part in Pool(REQUESTS_AT_ONCE).imap(lambda part: self._send(hook, part), parts)
            for one in part
        ]
        write(lambda: events.settle(told))
        return any(one.is_taken for one in told)

    def _send(self, hook: Webhook, part: list[Due]) -> list[Told]:
        """One request with one event, or several as ``{"type": "batch", "events": […]}``."""
        now = self._clock()
        if hook.batch == 1:
            message_id, content = part[0].message_id, part[0].content()
        else:
            message_id = f"batch_{part[0].event_id}_{part[-1].event_id}"
            content = {"type": "batch", "events": [each.content() for each in part]}
        body = orjson.dumps(content)
        headers = {
            "content-type": "application/json",
            "user-agent": f"Avanak/{__version__}",
            **signing.headers(hooks.secrets_of(hook, now), message_id, now // 1000, body),
        }
        status, answer = self._post(hook.url, headers, body)
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

    def _post(self, url: str, headers: dict[str, str], body: bytes) -> tuple[int | None, str]:
        """The status and the beginning of the answer; no status where none came."""
        try:
            with gevent.Timeout(WHOLE_S, TimeoutError("no answer in time")):
                response = self._http.request(
                    "POST", url, body=body, headers=headers, redirect=False, retries=False, preload_content=False,
                    timeout=urllib3.Timeout(connect=CONNECT_S, read=READ_S),
                )  # fmt: skip
                try:
                    answer = response.read(LONGEST_ANSWER, decode_content=False)
                    is_whole = len(answer) < LONGEST_ANSWER
                finally:
                    response.release_conn()
                if not is_whole:
                    response.close()
            return int(response.status), answer.decode("utf-8", "replace").replace("\x00", "")
        except (HTTPError, OSError, ValueError) as error:
            return None, _why(error)

    def _breaker(self, hook: Webhook) -> AddressBreaker:
        return self._breakers.setdefault(urlsplit(hook.url).netloc, AddressBreaker())

    def _sweep(self) -> bool:
        now = self._clock()
        return bool(write(lambda: events.sweep(now)) == events.SWEPT_AT_ONCE)


def _why(error: Exception) -> str:
    reason = error.args[-1] if error.args and isinstance(error.args[-1], str) else ""
    return f"{type(error).__name__}: {reason or error}"[:300]


def _manager(also: Sequence[Network]) -> urllib3.PoolManager:
    """Connections to addresses that may be told, whatever a name points to by then; no proxy, no redirect."""

    class Checked(HTTPConnection):
        def _new_conn(self):  # type: ignore[no-untyped-def]
            return _connect(self, also)

    class CheckedTls(HTTPSConnection):
        def _new_conn(self):  # type: ignore[no-untyped-def]
            return _connect(self, also)

    made = urllib3.PoolManager(
        num_pools=HOOKS_AT_ONCE, maxsize=REQUESTS_AT_ONCE, cert_reqs="CERT_REQUIRED", ca_certs=certifi.where()
    )
    made.pool_classes_by_scheme = {
        "http": type("CheckedPool", (HTTPConnectionPool,), {"ConnectionCls": Checked}),
        "https": type("CheckedTlsPool", (HTTPSConnectionPool,), {"ConnectionCls": CheckedTls}),
    }
    return made


def _connect(connection: HTTPConnection, also: Sequence[Network]) -> gevent.socket.socket:
    """Connect to the first address of the name, if all of them may be told."""
    found = targets.look_up(connection.host.strip("[]"), connection.port)
    if not found or not all(targets.is_allowed(address, also) for address in found):
        raise NewConnectionError(
            connection, "the address lies in a network that is not public, or cannot be found"
        )
    try:
        return gevent.socket.create_connection((found[0], connection.port), CONNECT_S)
    except OSError as error:
        raise NewConnectionError(connection, f"cannot connect: {error}") from error
