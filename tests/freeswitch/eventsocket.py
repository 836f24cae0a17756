"""A plain, blocking event-socket client, so that these tests prove the switch without our own."""

from __future__ import annotations

import json
import socket
import time
from typing import Any


class EventSocket:
    """One connection; events that arrive while a reply is awaited are kept for ``wait``."""

    def __init__(self, port: int, password: str, host: str = "127.0.0.1") -> None:
        self._socket = socket.create_connection((host, port), timeout=10)
        self._file = self._socket.makefile("rb")
        self.events: list[dict[str, Any]] = []
        assert self._frame()[0]["Content-Type"] == "auth/request"
        reply = self.command(f"auth {password}")
        if not reply.startswith("+OK"):
            raise PermissionError(reply)

    def close(self) -> None:
        """Closes the connection."""
        self._file.close()
        self._socket.close()

    def subscribe(self, *names: str) -> None:
        """Asks for events of these names, in JSON."""
        assert self.command(f"event json {' '.join(names)}").startswith("+OK")

    def command(self, line: str) -> str:
        """Sends a command and returns its reply: the text of an ``api``, the Reply-Text of others."""
        self._socket.sendall(f"{line}\n\n".encode())
        while True:
            headers, body = self._frame()
            if headers["Content-Type"] in ("command/reply", "api/response"):
                return body if "Content-Length" in headers else headers.get("Reply-Text", "")
            self._keep(headers, body)

    def api(self, line: str) -> str:
        """The answer of an API command."""
        return self.command(f"api {line}").strip()

    def wait(self, timeout_s: float, **wanted: str) -> dict[str, Any]:
        """The next event whose headers (``-`` written as ``_``) hold these values; each is given once."""
        deadline = time.monotonic() + timeout_s
        keys = {name.replace("_", "-"): value for name, value in wanted.items()}
        seen = 0
        while True:
            for place in range(seen, len(self.events)):
                if all(self.events[place].get(name) == value for name, value in keys.items()):
                    return self.events.pop(place)
            seen = len(self.events)
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"no event {keys} within {timeout_s} s")
            self._socket.settimeout(left)
            try:
                self._keep(*self._frame())
            except TimeoutError:
                raise TimeoutError(f"no event {keys} within {timeout_s} s") from None
            finally:
                self._socket.settimeout(10)

    def _keep(self, headers: dict[str, str], body: str) -> None:
        if headers["Content-Type"] == "text/event-json":
            self.events.append(json.loads(body))

    def _frame(self) -> tuple[dict[str, str], str]:
        headers: dict[str, str] = {}
        while True:
            line = self._file.readline().decode()
            if not line:
                raise ConnectionError("the switch closed the event socket")
            if line == "\n":
                if headers:
                    break
                continue
            name, _, value = line.rstrip("\n").partition(": ")
            headers[name] = value
        length = int(headers.get("Content-Length", 0))
        return headers, self._file.read(length).decode() if length else ""
