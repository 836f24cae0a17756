"""Serving the web UI with gevent's WSGI server, which bounds requests in size and time."""

from __future__ import annotations

import logging
import re
import resource
import socket
from collections import Counter
from contextlib import suppress
from email.parser import HeaderParser
from typing import Any

from gevent.pool import Pool
from gevent.pywsgi import Input, OldMessage, WSGIHandler, WSGIServer

from engine import listening
from engine.clock import monotonic_s
from engine.wake import give_way
from webui.connections import BODY_BYTES_S, BODY_S, IDLE_S, SEND_S, Connection, Connections

log = logging.getLogger(__name__)

CONNECTIONS = 800
OF_ADDRESS = 200  # not behind a proxy, whose address all have
STOP_S = 5.0
MAX_HEAD = 32_000  # bytes of all header lines
MAX_HEADERS = 100
# A line of a head as the standard has it; one that goes on in the next line, or has a bare CR, is none.
_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[^\r\n\0]*\r?\n")
# Headers in which parts are looked for, by patterns that take the square of the length and more (7 s for an Accept of 30 kB).
# Nobody reads Accept-Charset, in which Java's clients list all that they know (2 kB).
_PARSED = re.compile(rb"(?!accept-charset$)(?:accept|content|if)(?:-[a-z-]+)?|range|cache-control")
MAX_PARSED = 1_000  # bytes of such a line
# A name that can be one: others have no address here, not even that of the page that would say so.
_HOST = re.compile(
    r"((?=.{1,260}$)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?|\[[0-9A-Fa-f:.]{2,45}\])?(:[0-9]{0,5})?"
)
_DIGITS = re.compile("[0-9]{1,18}")
_SAID_ONCE = (b"content-length", b"host", b"transfer-encoding")
PIECE = 64_000  # bytes of a body that are waited for at a time; slower ones come in less than BODY_S
BREATH = 256_000  # bytes of a body after which others have their turn
LINGER_S, LINGER_BYTES = 2.0, 4_000_000  # for a body that nobody reads, so that its sender reads our answer

_TOO_LONG = (b"HTTP/1.1 431 Request Header Fields Too Large", "431")
_AMBIGUOUS = (b"HTTP/1.1 400 Bad Request", "400")
_NO_LENGTH = (b"HTTP/1.1 411 Length Required", "411")
_NO_PLACE = (
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n"
)


class _Refused(Exception):
    """A head that is answered without the application."""

    def __init__(self, answer: tuple[bytes, str]) -> None:
        self.line, self.status = answer


def _headers_of(lines: str) -> Any:
    """The headers of these lines.

    As headers alone: http.client and gevent would take them for a mail, whose «multipart» of 30 kB takes a second
    to be looked for a boundary, and with some parameters crashes.
    """
    found = HeaderParser(_class=OldMessage).parsestr(lines)
    is_length = _DIGITS.fullmatch(found.get("content-length", "0"))  # int() takes +5 and 5_0 too
    if not is_length or not _HOST.fullmatch(found.get("host", "").strip()):
        raise _Refused(_AMBIGUOUS)
    return found


class _Body(Input):
    """A body that is read in turn with others, and not to its end when nobody needs it."""

    __slots__ = ("_handler", "_patience_s", "_since_breath")

    def __init__(self, handler: _Handler, sock: Any) -> None:
        super().__init__(handler.rfile, handler.content_length, socket=sock)
        self._handler = handler
        self._since_breath = 0
        self._patience_s = BODY_S

    def _do_read(self, length: int | None = None, use_readline: bool = False) -> bytes:
        if use_readline:
            return self._piece(length, use_readline=True)
        left = (self.content_length or 0) - self.position
        left = left if length is None else min(length, left)
        parts = [self._piece(min(PIECE, left))]
        while left := left - len(parts[-1]):
            parts.append(self._piece(min(PIECE, left)))
        return b"".join(parts)

    def _piece(self, length: int | None, *, use_readline: bool = False) -> bytes:
        """The next bytes, as many as that; OSError when there are not so many.

        Only the time in which we wait counts.  What comes buys more of it, but never more than `BODY_S` ahead; a length
        that was only promised buys none.
        """
        connection = self._handler.connection
        connection.wait(self._patience_s)
        try:
            found: bytes = super()._do_read(length, use_readline)
        finally:
            connection.work()
        waited_s = monotonic_s() - connection.since
        self._patience_s = min(BODY_S, self._patience_s - waited_s + len(found) / BODY_BYTES_S)
        self._since_breath += len(found)
        if self._since_breath > BREATH:
            self._since_breath = 0
            give_way()
        return found

    def _discard(self) -> None:
        left = (self.content_length or 0) - self.position
        if left <= 0:
            return
        self._handler.close_connection = True
        if self.socket is not None:  # who waits for our «100 Continue» has sent nothing
            return
        until = monotonic_s() + LINGER_S
        self._handler.connection.wait(LINGER_S)
        left = min(left, LINGER_BYTES)
        while left > 0 and monotonic_s() < until:
            part = self.rfile.read1(min(left, 65_536))
            if not part:
                break
            left -= len(part)
            give_way()


class _Handler(WSGIHandler):
    """One connection's requests.  Does not tell the world which server this is."""

    connection: Connection

    def handle(self) -> None:
        connections: Connections = self.server.connections
        found = connections.enter(self.socket, str(self.client_address[0]))
        if found is None:
            with suppress(OSError):
                self.socket.sendall(_NO_PLACE)
            self.socket.close()
            return
        self.connection = found
        # Head and body leave one after the other: together with the other side's delayed acknowledgement, gathering
        # small packets would hold the body of each answer back for 40 ms.
        with suppress(OSError):
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            super().handle()
        finally:
            connections.leave(found)

    def handle_one_request(self) -> Any:
        try:
            result = super().handle_one_request()
        except _Refused as refused:
            return refused.status, refused.line + b"\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        if result is True:
            self.connection.wait(IDLE_S)
        return result

    def read_request(self, raw_requestline: str) -> bool:
        if len(raw_requestline.split()) != 3:
            return False  # HTTP/0.9
        is_read: bool = super().read_request(raw_requestline)
        if self.headers.get("transfer-encoding") is not None:
            raise _Refused(_NO_LENGTH)
        return is_read

    def _handle_client_error(self, ex: Exception) -> Any:
        if isinstance(ex, _Refused):
            raise ex
        return super()._handle_client_error(ex)

    def MessageClass(self, fp: Any, *_args: Any) -> Any:
        """The headers, of which no more is read than `MAX_HEAD`.

        What a proxy in front might read otherwise than we (another length of the body, so another next request)
        is refused.
        """
        lines: list[bytes] = []
        said: Counter[bytes] = Counter()
        left = MAX_HEAD
        while True:
            line = fp.readline(left + 1)
            left -= len(line)
            if left < 0 or len(lines) > MAX_HEADERS:
                raise _Refused(_TOO_LONG)
            lines.append(line)
            if line in (b"\r\n", b"\n", b""):
                if any(said[name] > 1 for name in _SAID_ONCE):
                    raise _Refused(_AMBIGUOUS)
                return _headers_of(b"".join(lines).decode("latin-1"))
            form = _LINE.fullmatch(line)
            if form is None:
                raise _Refused(_AMBIGUOUS)
            name = form[1].lower()
            if len(line) > MAX_PARSED and _PARSED.fullmatch(name):
                raise _Refused(_TOO_LONG)
            said[name] += 1

    def get_environ(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environ()
        waits = environ.get("HTTP_EXPECT", "").lower() == "100-continue"
        self.wsgi_input = environ["wsgi.input"] = _Body(self, self.socket if waits else None)
        environ["wsgi.input_terminated"] = True
        self.connection.work()
        return environ

    def process_result(self) -> None:
        if self.command == "HEAD":  # a head and nothing else, not even the end of a body in pieces
            if not self.headers_sent:
                self.write(b"")
            return
        super().process_result()

    def finalize_headers(self) -> None:
        super().finalize_headers()
        hidden = {b"server"}
        if self.command == "HEAD" and self.provided_content_length is None:
            hidden |= {b"content-length", b"transfer-encoding"}  # of the body that is not made
        self.response_headers: list[tuple[bytes, bytes]] = [
            pair for pair in self.response_headers if pair[0].lower() not in hidden
        ]

    def _sendall(self, data: bytes) -> None:
        self.connection.wait(SEND_S + len(data) / BODY_BYTES_S)
        try:
            super()._sendall(data)
        finally:
            self.connection.work()

    def log_error(self, msg: str, *args: Any) -> None:
        if not self.connection.is_cut:
            super().log_error(msg, *args)


class _ErrorLog:
    """pywsgi's complaints, as log lines."""

    def write(self, text: str) -> None:
        if text.strip():
            log.warning("action=http_server %s", text.strip().replace("\n", " | "))

    def flush(self) -> None:
        """Lines are written at once."""


class WebServer:
    """A server that listens; `stop` lets requests in progress finish."""

    def __init__(self, app: Any, host: str, port: int, proxies: int = 0) -> None:
        self.host = host
        self.connections = Connections(CONNECTIONS, 0 if proxies else OF_ADDRESS)
        # A Pool, not the default: only with one does `stop` wait for the requests under way.  It has more
        # places than `Connections`, which makes room itself: a full pool would accept nobody.
        self._server = WSGIServer(
            (host, port),
            app,
            backlog=1024,
            log=None,
            error_log=_ErrorLog(),
            spawn=Pool(2 * CONNECTIONS),
            handler_class=_Handler,
        )
        self._server.connections = self.connections

    def start(self) -> None:
        """Listen.  Raises EngineBusy when the port is taken, BadInput when the address is not ours."""
        wanted = self._server.address[1]
        _allow_files(3 * CONNECTIONS)
        try:
            self._server.start()
        except OSError as error:
            raise listening.refusal(error, self.host, wanted) from error
        self.connections.start()
        log.info("action=web_started address=%s", self.url)

    @property
    def port(self) -> int:
        return int(self._server.server_port)

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def stop(self, timeout_s: float = STOP_S) -> None:
        self._server.stop(timeout_s)
        self.connections.stop()
        log.info("action=web_stopped")


def serve(app: Any, host: str, port: int, proxies: int = 0) -> WebServer:
    """Start serving an application (port 0: a free one), behind so many proxies; the server, to be stopped."""
    server = WebServer(app, host, port, proxies)
    server.start()
    return server


def _allow_files(wanted: int) -> None:
    """See to it that the process may have so many files and sockets open, as far as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
