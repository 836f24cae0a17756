"""One connection to a switch's event socket: greenswitch's ``InboundESL``, hardened.

Differences from greenswitch 0.0.19, and why:

- frames are cut and decoded by ``protocol`` (``event json``; it decodes before it splits lines);
- commands are sent under a lock with ``sendall``; each has a deadline, and a late answer is
  dropped (it has no lock, uses ``send`` and waits for ever);
- waiting callers get an error when the connection dies, and a silent connection is detected and closed;
- events wait in a bounded queue for a greenlet of their own, so that a slow handler never
  stops the reading.  When the queue is full the link closes: the owner connects again and asks
  the switch, which is better than losing single events unnoticed;
- an instance serves one connection and is thrown away.

All methods belong to the greenlets of one hub; call none from another thread.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import gevent
import gevent.socket as socket
from gevent.event import AsyncResult
from gevent.event import Event as Flag
from gevent.lock import RLock
from greenswitch import InboundESL

from engine.clock import monotonic_s
from engine.esl import commands, protocol, sockets
from engine.esl.event_queue import TURN_S, EventQueue, OnEvent
from engine.esl.events import Event
from engine.esl.link_limits import LinkLimits
from engine.esl.protocol import Frame, FrameError, FrameParser
from engine.esl.replies import (
    AuthFailed,
    CommandTimeout,
    LinkBusy,
    LinkDown,
    OnReply,
    Outcome,
    Reply,
    ReplyQueue,
)
from engine.wake import Wake, give_way, to_beat

log = logging.getLogger(__name__)

RECV_BYTES = 256 * 1024  # read at once; the kernel's buffer has the same size
# A heartbeat's JSON begins like this; compared with every event without decoding.
_HEARTBEAT = b'{"Event-Name":"HEARTBEAT"'
# Small pieces are read together: each wake-up costs more than the reading.
GATHER_S = 0.1
GATHER_BELOW = 96 * 1024  # bytes in one read; after a larger one the next follows at once


class Link(InboundESL):
    """One connection, from ``connect`` to its end.  ``down_reason`` is None while it lives."""

    def __init__(self, host: str, port: int, password: str, limits: LinkLimits | None = None) -> None:
        self.limits = limits or LinkLimits()
        super().__init__(host, port, password, timeout=self.limits.connect_s)
        self.down_reason: str | None = None
        self.sock: socket.socket | None = None
        self._down = Flag()
        self._is_closing = False
        self._replies = ReplyQueue(self.limits.max_outstanding)
        self._send_lock = RLock()
        self._sending_since_s: float | None = None
        self._heard_at_s = self._heartbeat_at_s = monotonic_s()
        self._expects_heartbeat = False
        self._is_probing = False
        self._events = EventQueue(self.limits.max_events, self.limits.max_event_bytes)
        self._asked = Wake()  # set while a caller waits for an answer: pieces are then read at once
        self._askers = 0
        self._watch_greenlet: gevent.Greenlet | None = None

    # -- life ---------------------------------------------------------------------------

    def connect(self) -> None:
        """Connect and log in, within ``connect_s`` each.

        LinkDown when nothing answers, or something other than an event socket; AuthFailed for a wrong
        password.  The message says which and where.
        """
        if self.sock is not None or self.down_reason is not None:
            raise LinkDown("this link has been used; each connection needs a new one")
        password_frame = commands.auth(self.password)
        sock = sockets.open_socket(self.host, self.port, self.limits.connect_s)
        if self.down_reason is not None:  # closed while it was connecting
            sockets.close_hard(sock)
            self._require_up()
        self.sock = sock
        self.connected = True
        self._heard_at_s = monotonic_s()
        self._receive_events_greenlet = gevent.spawn(self.receive_events)
        self._watch_greenlet = gevent.spawn(self._watch)
        try:
            if not self._auth_request_event.wait(self.limits.connect_s):
                raise LinkDown(
                    "%(where)s took the connection but did not ask for a password within %(connect_s)s "
                    "s; is this FreeSWITCH's event socket?",
                    where=self._where,
                    connect_s=f"{self.limits.connect_s:g}",
                )
            self._require_up()
            reply = self.command(password_frame, self.limits.connect_s)
            if not reply.is_ok:
                raise AuthFailed(
                    "the switch at %(where)s refuses the event-socket password", where=self._where
                )
        except BaseException as error:
            self._fail(str(error))
            raise

    def start_events(self, on_event: OnEvent, extra: Sequence[str] = ()) -> None:
        """Subscribe; from now on ``on_event(event)`` runs for each event, in order, in one greenlet.

        It may wait (the reading goes on), but the events that pile up are bounded.  If it raises, the exception is logged and
        the next event is delivered.
        """
        self._heartbeat_at_s = monotonic_s()
        self._process_events_greenlet = gevent.spawn(self.process_events, on_event)
        reply = self.command(commands.subscribe(extra))
        if not reply.is_ok:
            self._fail(f"the switch refused the subscription: {reply.text[:80]}")
            self._require_up()
        self._expects_heartbeat = True

    def close(self, timeout_s: float = 2.0, drain_s: float | None = None) -> None:
        """Say ``exit``, close, and wait until the events that have come are handled (``drain_s``)."""
        if self.down_reason is None and self.connected:
            self._is_closing = True
            try:
                self.command(commands.leave(), timeout_s)
            except (LinkDown, LinkBusy, CommandTimeout) as error:
                log.info("action=link_close_unheard switch=%s reason=%r", self._where, str(error))
        self._fail("closed by us")
        self.wait_down(drain_s)

    def stop(self) -> None:
        """greenswitch's name for ``close``."""
        self.close()

    def wait_down(self, drain_s: float | None = None) -> str:
        """Wait until the link is down and its events are handled; the reason it went down.

        The handling is waited for ``drain_s`` (by default the limit's), then it is ended.
        """
        # gevent 26.9: wait() on a set flag can hang if another greenlet's wait(timeout) on it ends in the
        # same turn of the hub.  So nobody waits on it with a time-out.
        if not self._down.is_set():
            self._down.wait()
        handler = self._process_events_greenlet
        if handler is not None and handler is not gevent.getcurrent():
            handler.join(self.limits.drain_s if drain_s is None else drain_s)
            if not handler.dead:
                log.error("action=events_abandoned switch=%s left=%d", self._where, len(self._events))
                handler.kill(block=False)
        return self.down_reason or ""

    # -- asking -------------------------------------------------------------------------

    def command(self, frame: bytes, timeout_s: float | None = None) -> Reply:
        """Send one command and wait for its answer.

        CommandTimeout after ``timeout_s`` (default ``command_s``); LinkDown when the link is or
        goes down; LinkBusy when there is no room for it now.
        """
        return self._commands([frame], timeout_s)[0]

    def apis(self, *frames: bytes) -> list[str]:
        """The answers of several ``api`` commands, sent at once; raises the first error as ``command`` does."""
        return [reply.text for reply in self._commands(frames)]

    def _commands(self, frames: Sequence[bytes], timeout_s: float | None = None) -> list[Reply]:
        timeout_s = self.limits.command_s if timeout_s is None else timeout_s
        result: AsyncResult = AsyncResult()
        outcomes: list[Outcome] = []

        def on_reply(_index: int, outcome: Outcome) -> None:
            outcomes.append(outcome)
            if len(outcomes) == len(frames):
                result.set(None)

        deadline_s = monotonic_s() + timeout_s
        self._askers += 1
        self._asked.set()
        try:
            self.post(frames, on_reply, timeout_s)
            result.wait(max(0.0, deadline_s - monotonic_s()))
        finally:
            self._askers -= 1
            if not self._askers:
                self._asked.clear()
        if not result.ready():
            raise CommandTimeout(
                "the switch did not answer a command within %(timeout_s)s s", timeout_s=f"{timeout_s:.4g}"
            )
        replies = [outcome for outcome in outcomes if isinstance(outcome, Reply)]
        for outcome in outcomes:
            if not isinstance(outcome, Reply):
                raise outcome
        return replies

    def api(self, frame: bytes, timeout_s: float | None = None) -> str:
        """The text that an ``api`` command answers; errors as in ``command``."""
        return self.command(frame, timeout_s).text

    def send(self, data: bytes) -> Reply:
        """``command`` by greenswitch's name."""
        return self.command(data)

    def post(
        self, frames: Sequence[bytes], on_reply: OnReply | None = None, timeout_s: float | None = None
    ) -> None:
        """Send many commands at once without waiting for their answers.

        Either it raises (LinkDown with ``maybe_sent`` False, LinkBusy) and nothing was sent, or
        ``on_reply(index, outcome)`` runs exactly once for each frame: a Reply, CommandTimeout,
        or LinkDown with ``maybe_sent`` True.  It runs in the reading greenlet and must not wait.
        """
        self._require_up()
        timeout_s = self.limits.command_s if timeout_s is None else timeout_s
        # The lock keeps the queue of replies in the order of sending.  It is held long only while the switch
        # does not read, and then no longer than ``send_s``.
        if not self._send_lock.acquire(timeout=min(timeout_s, self.limits.send_s)):
            raise LinkBusy("%(where)s takes no more commands at present; nothing was sent", where=self._where)
        try:
            self._require_up()
            now_s = monotonic_s()
            self._replies.ask(len(frames), on_reply, now_s, timeout_s)
            self._sending_since_s = now_s
            try:
                assert self.sock is not None
                self.sock.sendall(frames[0] if len(frames) == 1 else b"".join(frames))
            except OSError as error:
                self._fail(f"sending to {self._where} failed: {sockets.plain_words(error)}")
            except BaseException:
                # Killed or timed out from outside, perhaps within a frame: the next command would be read as the rest of it.
                self._fail(f"sending to {self._where} was broken off")
                raise
            finally:
                self._sending_since_s = None
        finally:
            self._send_lock.release()

    def waiting_s(self, now_s: float) -> float:
        """How long the oldest unanswered command has waited; 0 with none."""
        return self._replies.oldest_age_s(now_s)

    # -- reading ------------------------------------------------------------------------

    def receive_events(self) -> None:
        """The reading greenlet: bytes to frames, answers to their askers, events to the queue."""
        parser = FrameParser()
        turn_s = monotonic_s()
        # Reused: a new buffer for each read would be mapped and unmapped.
        room = memoryview(bytearray(RECV_BYTES))
        try:
            assert self.sock is not None
            while self.down_reason is None:
                data = room[: self.sock.recv_into(room)]
                if not data:
                    self._fail(f"{self._where} closed the connection")
                    return
                self._heard_at_s = now_s = monotonic_s()
                for frame in parser.feed(data):
                    self.handle_event(frame)
                if parser.error is not None:
                    raise parser.error
                if self._expects_heartbeat and len(data) < GATHER_BELOW and not self._askers:
                    self._asked.wait(GATHER_S)
                elif now_s - turn_s > TURN_S:
                    give_way()
                    turn_s = monotonic_s()
        except FrameError as error:
            self._fail(f"{self._where}: {error}")
        except OSError as error:
            self._fail(f"reading from {self._where} failed: {sockets.plain_words(error)}")

    def handle_event(self, frame: Frame) -> None:
        """One frame, in the order of arrival."""
        kind = frame.content_type
        if kind in (protocol.EVENT_JSON, protocol.EVENT_PLAIN):
            self._enqueue(frame)
        elif kind in (protocol.COMMAND_REPLY, protocol.API_RESPONSE):
            if not self._replies.answer(Reply(frame)):
                self._fail(f"{self._where} answered a command that was never given")
        elif kind == protocol.AUTH_REQUEST:
            self._auth_request_event.set()
        elif kind == protocol.RUDE_REJECTION:
            self._fail(f"the switch at {self._where} turns this machine away (its event-socket ACL)")
        elif kind == protocol.DISCONNECT_NOTICE:
            self._fail(f"the switch at {self._where} said goodbye")
        else:
            log.warning("action=frame_unknown switch=%s type=%r", self._where, kind[:60])

    def _enqueue(self, frame: Frame) -> None:
        if frame.body.startswith(_HEARTBEAT):
            self._heartbeat_at_s = self._heard_at_s
        if self.down_reason is not None:
            return
        if not self._events.put(Event(frame)):
            self._fail(f"{len(self._events)} events of {self._where} wait to be handled; too many")

    def process_events(self, on_event: OnEvent) -> None:
        """The handling greenlet: handles every queued event, also those that came before the end."""
        self._events.handle_all(on_event, self._where)

    # -- the end ------------------------------------------------------------------------

    def _watch(self) -> None:
        """Check deadlines and signs of life: the only place that detects a dead or stuck link."""
        limits = self.limits
        while self.down_reason is None:
            gevent.sleep(to_beat(limits.tick_s))
            now_s = monotonic_s()
            self._replies.expire(now_s)
            if self._sending_since_s is not None and now_s - self._sending_since_s > limits.send_s:
                self._fail(f"{self._where} has read nothing we sent for {limits.send_s:g} s")
            elif self._replies.oldest_overdue_s(now_s) > limits.stuck_s:
                waited_s = self._replies.oldest_age_s(now_s)
                self._fail(f"{self._where} has left a command unanswered for {waited_s:.0f} s")
            elif self._expects_heartbeat and now_s - self._heartbeat_at_s > limits.heartbeat_s:
                self._fail(f"{self._where} has sent no heartbeat for {limits.heartbeat_s:g} s")
            elif self._expects_heartbeat and now_s - self._heard_at_s > limits.silence_s:
                self._start_probe()

    def _start_probe(self) -> None:
        """Ask for the time in a greenlet of its own: a full send buffer must not stop the watch."""
        if not self._is_probing:
            self._is_probing = True
            gevent.spawn(self._probe)

    def _probe(self) -> None:
        try:
            self.command(commands.clock(), self.limits.probe_s)
        except (CommandTimeout, LinkBusy):
            silent_s = monotonic_s() - self._heard_at_s
            if silent_s > self.limits.probe_s:
                self._fail(f"{self._where} has been silent for {silent_s:.0f} s")
        except LinkDown:
            log.debug("action=probe_late switch=%s", self._where)
        finally:
            self._is_probing = False

    def _require_up(self) -> None:
        if self.down_reason is not None:
            raise LinkDown(self.down_reason)
        if not self.connected:
            raise LinkDown("the link to %(where)s is not connected", where=self._where)

    def _fail(self, reason: str) -> None:
        """End the link, once: close the socket and give all waiting callers an error."""
        if self.down_reason is not None:
            return
        self.down_reason = "closed by us" if self._is_closing else reason
        self.connected = self._run = False
        if self.sock is not None:
            sockets.close_hard(self.sock)
        self._replies.fail_all(self.down_reason)
        self._auth_request_event.set()
        self._events.close()
        self._down.set()

    @property
    def _where(self) -> str:
        return f"{self.host}:{self.port}"
