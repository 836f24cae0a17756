"""`bench raw`: the yardstick, a bare loop that originates and counts hang-ups, without a database.

It paces as the engine does and sends the same originates, but reads only the names of events.
"""

from __future__ import annotations

import time
from collections import deque

import gevent
from gevent import socket
from uuid_utils import uuid7

from engine.bench.figures import Figures, fullest_second, peak_rss_mb, used_share
from engine.bench.kit import (
    PROMPT,
    Bench,
    data_dir,
    embedded_options,
    numbers,
    put_prompt,
    settings_for,
    specs_of,
)
from engine.dialing.pacing import RateLimiter
from engine.embedded.process import EmbeddedProcess
from engine.errors import SwitchUnavailable
from engine.esl import commands
from engine.esl.address import SwitchAddress
from engine.esl.originate import OriginateTemplate

TICK_S = 0.01
ANSWER = b'"Event-Name":"CHANNEL_ANSWER"'
HANGUP = b'"Event-Name":"CHANNEL_HANGUP_COMPLETE"'


def run_raw(bench: Bench) -> Figures:
    """Originate `bench.messages` calls and count their ends; returns the same figures as `bench dial`."""
    with data_dir() as folder:
        settings = settings_for(folder)
        put_prompt(bench, settings)
        spec = specs_of(bench)[0]
        process = None
        address = spec.address
        if address is None:
            process = EmbeddedProcess.start(embedded_options(bench, folder))
            address = SwitchAddress(*process.address, process.password)
        try:
            return _Loop(bench, address).run()
        finally:
            if process is not None:
                process.stop()


class _Loop:
    def __init__(self, bench: Bench, address: SwitchAddress) -> None:
        self.bench = bench
        self.address = address
        self.sent: list[float] = []
        self.ended = self.answered = self.up = 0
        self._tail = b""

    def run(self) -> Figures:
        sock = self._connect()
        began, cpu = time.monotonic(), time.process_time()
        sender = gevent.spawn(self._send, sock)
        try:
            while self.ended < self.bench.messages:
                data = sock.recv(1 << 18)
                if not data:
                    raise SwitchUnavailable("The switch closed the connection during the bench.")
                self._count(data)
        finally:
            sender.kill()
            sock.close()
        seconds, cpu = time.monotonic() - began, time.process_time() - cpu
        return Figures(
            messages=self.answered,
            messages_per_minute=self.answered / seconds * 60,
            cpu_ms_per_call=cpu * 1000 / max(1, self.ended),
            peak_rss_mb=peak_rss_mb(),
            cps_cap=self.bench.cps,
            max_in_rolling_second=fullest_second(self.sent),
            used_share=used_share(self.sent, self.bench.cps),
            called_twice=0,
            lost=self.bench.messages - self.ended,
            calls=self.ended,
            seconds=seconds,
        )

    def _connect(self) -> socket.socket:
        try:
            sock = socket.create_connection((self.address.host, self.address.port), timeout=5)
        except OSError as error:
            raise SwitchUnavailable(
                "The switch at %(address)s cannot be reached: %(why)s.",
                address=self.address,
                why=error.strerror,
            ) from error
        sock.settimeout(60)
        sock.sendall(commands.auth(self.address.password))
        sock.sendall(b"event json CHANNEL_ANSWER CHANNEL_HANGUP_COMPLETE\n\n")
        return sock

    def _send(self, sock: socket.socket) -> None:
        template = OriginateTemplate(
            gateway=self.bench.gateway, message=PROMPT, account_id=1, campaign_id=1, ring_timeout_s=30,
            max_s=int(self.bench.message_s) + 30,
        )  # fmt: skip
        limiter = RateLimiter(self.bench.cps)
        waiting = deque(numbers(self.bench.messages, self.bench.ending))
        while waiting:
            now = time.monotonic()
            permits = min(limiter.available(now), self.bench.channels - self.up, len(waiting))
            if permits > 0:
                limiter.take(now, permits)
                frames = []
                for _ in range(permits):
                    frames.append(template.render(str(uuid7()), len(self.sent) + 1, waiting.popleft()[1:]))
                    self.sent.append(now)
                self.up += permits
                sock.sendall(b"".join(frames))
            gevent.sleep(TICK_S)

    def _count(self, data: bytes) -> None:
        """Count the event names in the bytes; a name that is split is found with the next bytes."""
        data = self._tail + data
        hangups = data.count(HANGUP)
        self.answered += data.count(ANSWER)
        self.ended += hangups
        self.up -= hangups
        keep = len(HANGUP) - 1
        self._tail = data[-keep:]
        # The rest must be shorter than a name, or a name would be counted twice.
        self._tail = (
            self._tail[self._tail.rfind(ANSWER) + len(ANSWER) :] if ANSWER in self._tail else self._tail
        )
