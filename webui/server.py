"""Serving the web UI with gevent's WSGI server, in the engine's process or in one of its own."""

from __future__ import annotations

import logging
from typing import Any

from gevent.pool import Pool
from gevent.pywsgi import WSGIHandler, WSGIServer

from engine import listening

log = logging.getLogger(__name__)

CONNECTIONS = 500
STOP_S = 5.0


class _Handler(WSGIHandler):
    """Does not tell the world which server this is."""

    def finalize_headers(self) -> None:
        super().finalize_headers()
        self.response_headers: list[tuple[bytes, bytes]] = [
            pair for pair in self.response_headers if pair[0].lower() != b"server"
        ]


class _ErrorLog:
    """pywsgi's complaints, as log lines."""

    def write(self, text: str) -> None:
        if text.strip():
            log.warning("action=http_server %s", text.strip().replace("\n", " | "))

    def flush(self) -> None:
        """Lines are written at once."""


class WebServer:
    """A server that listens; `stop` lets requests that are under way come to their end."""

    def __init__(self, app: Any, host: str, port: int) -> None:
        self.host = host
        # A Pool, not the default: only with one does `stop` wait for the requests under way.
        self._server = WSGIServer(
            (host, port),
            app,
            log=None,
            error_log=_ErrorLog(),
            spawn=Pool(CONNECTIONS),
            handler_class=_Handler,
        )

    def start(self) -> None:
        """Listen.  Raises EngineBusy when the port is taken, BadInput when the address is not ours."""
        wanted = self._server.address[1]
        try:
            self._server.start()
        except OSError as error:
            raise listening.refusal(error, self.host, wanted) from error
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
        log.info("action=web_stopped")


def serve(app: Any, host: str, port: int) -> WebServer:
    """Start serving an application (port 0: a free one); the server, to be stopped."""
    server = WebServer(app, host, port)
    server.start()
    return server
