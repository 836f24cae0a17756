"""One connection to the event socket: frames in, replies and events out."""

from __future__ import annotations

import logging
import socket
import uuid
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

import orjson

from engine.embedded import api

if TYPE_CHECKING:
    from engine.embedded.switch import Switch

log = logging.getLogger(__name__)

GOODBYE = b"Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"
DISCONNECT_NOTICE = b"Content-Type: text/disconnect-notice\nContent-Length: %d\n\n%b" % (
    len(GOODBYE),
    GOODBYE,
)
# A listener is dropped after so many events did not fit into its queue, as in FreeSWITCH.
LOST_EVENTS_ALLOWED = 500
_MAX_INPUT = 4 * 1024 * 1024  # bytes of waiting commands, or of one that never ends
_CHUNKS_A_SEND = 128
# All events that "event ... ALL" subscribes to.
ALL_EVENTS = (
    "CHANNEL_CREATE", "CHANNEL_PROGRESS", "CHANNEL_PROGRESS_MEDIA", "CHANNEL_ANSWER", "CHANNEL_HANGUP",
    "CHANNEL_HANGUP_COMPLETE", "CHANNEL_EXECUTE_COMPLETE", "PLAYBACK_START", "PLAYBACK_STOP", "DTMF",
    "BACKGROUND_JOB", "HEARTBEAT",
)  # fmt: skip

_LEVELS = {
    name: number
    for number, name in enumerate(("CONSOLE", "ALERT", "CRIT", "ERR", "WARNING", "NOTICE", "INFO", "DEBUG"))
}
_LEVELS_BY_NUMBER = frozenset("0123456789")
DEFAULT_LEVEL = 7


class Listener:
    """A client of the event socket; the server calls ``received`` and ``flush``."""

    def __init__(self, switch: Switch, sock: socket.socket, peer: str) -> None:
        self.switch = switch
        self.sock = sock
        self.peer = peer
        self.events: set[str] = set()
        self.filters: list[tuple[str, str]] = []
        self.wants_json = False
        self.is_closing = False  # close once everything has been sent
        self.is_dead = False  # close now
        self._is_trusted = False
        self._is_blocked = False  # an api command has not ended
        self._lost = 0
        self._input = b""
        self._output: deque[bytes] = deque([b"Content-Type: auth/request\n\n"])

    # --- out --------------------------------------------------------------------------------------

    def push_event(self, frame: bytes) -> None:
        """Queues an event, or drops it when the queue is full; too many dropped events end the connection."""
        if len(self._output) < self.switch.options.listener_queue:
            self._output.append(frame)
            return
        self._lost += 1
        if self._lost > LOST_EVENTS_ALLOWED and not self.is_dead:
            log.warning(
                "action=listener_dropped peer=%s lost=%d reason=reads_too_slowly", self.peer, self._lost
            )
            self.is_dead = True

    def _reply(self, text: str) -> None:
        self._output.append(f"Content-Type: command/reply\nReply-Text: {text}\n\n".encode())

    def _api_reply(self, body: bytes) -> None:
        body = body or b"-ERR no reply\n"
        self._output.append(b"Content-Type: api/response\nContent-Length: %d\n\n%b" % (len(body), body))

    def goodbye(self) -> None:
        """Queues the disconnect notice; the connection ends when it is sent."""
        self._output.append(DISCONNECT_NOTICE)
        self.is_closing = True

    def flush(self) -> bool:
        """Sends as much as the socket accepts; True when nothing is left."""
        output = self._output
        while output:
            chunks = [output[index] for index in range(min(len(output), _CHUNKS_A_SEND))]
            try:
                sent = self.sock.sendmsg(chunks)
            except BlockingIOError:
                return False
            except OSError:
                self.is_dead = True
                return True
            for chunk in chunks:
                if sent < len(chunk):
                    output[0] = chunk[sent:]
                    return False
                sent -= len(chunk)
                output.popleft()
        return True

    # --- in ---------------------------------------------------------------------------------------

    def received(self, data: bytes) -> None:
        """Handles bytes from the socket: runs every complete command in them."""
        self._input += data
        if len(self._input) > _MAX_INPUT:
            log.warning("action=listener_dropped peer=%s reason=endless_command", self.peer)
            self.is_dead = True
            return
        self._run_commands()

    def _run_commands(self) -> None:
        buffer = self._input.replace(b"\r\n", b"\n") if b"\r" in self._input else self._input
        at = 0
        while not (self._is_blocked or self.is_closing or self.is_dead):
            while buffer.startswith(b"\n", at):
                at += 1
            end = buffer.find(b"\n\n", at)
            if end < 0:
                break
            frame = buffer[at:end].decode("utf-8", "surrogateescape")
            at = end + 2
            self._command(frame)
        self._input = buffer[at:]

    def _command(self, frame: str) -> None:
        line, _, rest = frame.partition("\n")
        word, _, argument = line.strip().partition(" ")
        word = word.lower()
        if not self._is_trusted:
            self._authenticate(word, argument.strip())
            return
        if word == "bgapi":
            self._bgapi(argument, rest)
        elif word == "api":
            self._api(argument)
        else:
            # FreeSWITCH compares only the beginning; several clients send `EVENTS PLAIN ALL`.
            handler = next((do for begin, do in self._COMMANDS.items() if word.startswith(begin)), None)
            if handler is None:
                self._reply("-ERR command not found")
            else:
                handler(self, argument.strip())

    def _authenticate(self, word: str, password: str) -> None:
        if word != "auth":
            # As recorded: no disconnect notice for a client that has not tried to log in.
            self._reply("-ERR command not found")
            self.is_closing = True
        elif password == self.switch.options.password:
            self._is_trusted = True
            self._reply("+OK accepted")
        else:
            self._reply("-ERR invalid")
            self.goodbye()

    def _bgapi(self, argument: str, headers: str) -> None:
        job_uuid = ""
        for header in headers.split("\n"):
            name, _, value = header.partition(":")
            if name.strip().lower() == "job-uuid":
                job_uuid = value.strip()
        job_uuid = job_uuid or str(uuid.uuid4())
        command, _, rest = argument.partition(" ")
        reply = f"Content-Type: command/reply\nReply-Text: +OK Job-UUID: {job_uuid}\nJob-UUID: {job_uuid}\n\n".encode()
        switch = self.switch
        if not switch.options.jobs_first:
            self._output.append(reply)
        api.start_job(switch, job_uuid, command, rest)
        if switch.options.jobs_first:
            self._output.append(reply)

    def _api(self, argument: str) -> None:
        command, _, rest = argument.strip().partition(" ")
        if command != "originate":
            self._api_reply(api.run(self.switch, command, rest.strip()))
            return
        # As on a real switch, this connection is silent until the call is answered or over.
        self._is_blocked = True
        self.switch.originate(rest, self._unblock)

    def _unblock(self, body: str) -> None:
        self._api_reply(body.encode("utf-8", "surrogateescape"))
        self._is_blocked = False

    def resume(self) -> None:
        """Continues with the commands that waited for a blocking one."""
        if self._input and not self._is_blocked:
            self._run_commands()

    def _event(self, argument: str) -> None:
        words = argument.split()
        wanted = words[0].lower() if words else "plain"
        if wanted in ("plain", "json"):
            words = words[1:]
        elif wanted == "xml":
            self._reply("-ERR the embedded switch speaks plain and json only")
            return
        else:
            wanted = "plain"
        if not words:
            self._reply("-ERR no keywords supplied")
            return
        for name in words:
            self.events |= set(ALL_EVENTS) if name.upper() == "ALL" else {name.upper()}
        self.wants_json = wanted == "json"
        self.switch.events.resubscribe()
        self._reply(f"+OK event listener enabled {wanted}")

    def _nixevent(self, argument: str) -> None:
        for name in argument.split():
            self.events -= set(ALL_EVENTS) if name.upper() == "ALL" else {name.upper()}
        self.switch.events.resubscribe()
        self._reply("+OK events nixed")

    def _noevents(self, _argument: str) -> None:
        self.events.clear()
        self.switch.events.resubscribe()
        self._reply("+OK no longer listening for events")

    def _filter(self, argument: str) -> None:
        if not argument:
            self._reply("-ERR invalid syntax")
            return
        name, _, value = argument.partition(" ")
        if name == "delete":
            name, _, value = value.partition(" ")
            if name == "all":
                self.filters.clear()
            else:
                self.filters = [one for one in self.filters if one[0] != name or (value and one[1] != value)]
            self._reply(f"+OK filter deleted. [{name}][{value}]")
            return
        self.filters.append((name, value))
        self._reply(f"+OK filter added. [{name}]=[{value}]")

    def passes(self, frame: bytes) -> bool:
        """Whether an event (a JSON frame) passes the filters: a matching filter lets it in, a matching filter whose
        value begins with ``-`` keeps it out."""
        headers = orjson.loads(frame[frame.index(b"\n\n") + 2 :])
        is_in = False
        for name, value in self.filters:
            excludes = value.startswith("-")
            present = headers.get(name)
            if present is not None and present.lower() == value.lstrip("+- ").lower():
                if excludes:
                    return False
                is_in = True
        return is_in

    def _log(self, argument: str) -> None:
        """``log LEVEL``: accepted, but there is no log to send."""
        level = argument.upper()
        number = int(level) if level in _LEVELS_BY_NUMBER else _LEVELS.get(level, DEFAULT_LEVEL)
        self._reply(f"+OK log level {argument} [{number}]")

    def _nolog(self, _argument: str) -> None:
        self._reply("+OK no longer logging")

    def _sendmsg(self, argument: str) -> None:
        self._reply(f"-ERR invalid session id [{argument}]")

    def _linger(self, _argument: str) -> None:
        self._reply("-ERR not controlling a session")

    def _divert(self, _argument: str) -> None:
        self._reply("-ERR not controlling a session.")

    def _exit(self, _argument: str) -> None:
        self._reply("+OK bye")
        self.goodbye()

    _COMMANDS: ClassVar[dict[str, Callable[[Listener, str], None]]] = {
        "event": _event, "nixevent": _nixevent, "noevents": _noevents, "filter": _filter, "linger": _linger,
        "nolinger": _linger, "divert_events": _divert, "exit": _exit, "log": _log, "nolog": _nolog,
        "sendmsg": _sendmsg,
    }  # fmt: skip
