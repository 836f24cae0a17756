"""A small event-socket server on a free port, that records commands and answers as a test says."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import gevent
import orjson
from gevent import socket
from gevent.server import StreamServer

PASSWORD = "s3cret"
CORE_UUID = "676e0c0e-e8ae-437c-a92b-ad7736fb9694"
GOODBYE = (
    b"Content-Type: text/disconnect-notice\nContent-Length: 67\n\n"
    b"Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"
)


def command_reply(text: str) -> bytes:
    return f"Content-Type: command/reply\nReply-Text: {text}\n\n".encode()


def api_response(text: str) -> bytes:
    return f"Content-Type: api/response\nContent-Length: {len(text.encode())}\n\n{text}".encode()


def event(name: str, **headers: str) -> bytes:
    body = orjson.dumps({"Event-Name": name, "Core-UUID": CORE_UUID, **headers})
    return b"Content-Length: %d\nContent-Type: text/event-json\n\n" % len(body) + body


class Connection:
    """One client's connection as the server sees it."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.commands: list[str] = []
        self.is_closed = False

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()


class SwitchDouble:
    """``script(command, connection)`` may answer a command itself and return True.

    ``greeting`` is what a client is sent at connect.  ``may_read`` is cleared to stop
    reading, as a switch does that was stopped or is overwhelmed.
    """

    def __init__(self) -> None:
        self.connections: list[Connection] = []
        self.script: Callable[[str, Connection], bool] = lambda _command, _connection: False
        self.greeting = b"Content-Type: auth/request\n\n"
        self.password = PASSWORD
        self.core_uuid = CORE_UUID
        self.may_read = gevent.event.Event()
        self.may_read.set()
        self._server = StreamServer(("127.0.0.1", 0), self._serve)
        self._server.start()
        self.port: int = self._server.server_port

    @property
    def connection(self) -> Connection:
        return self.connections[-1]

    @property
    def commands(self) -> list[str]:
        """All commands of all connections, passwords included."""
        return [command for connection in self.connections for command in connection.commands]

    def stop(self) -> None:
        self._server.stop(timeout=0)
        for connection in self.connections:
            connection.close()

    def _serve(self, sock: socket.socket, _address: object) -> None:
        connection = Connection(sock)
        self.connections.append(connection)
        with contextlib.suppress(OSError):
            connection.send(self.greeting)
            self._converse(connection)
        connection.is_closed = True

    def _converse(self, connection: Connection) -> None:
        buffer = b""
        while True:
            self.may_read.wait()
            data = connection.sock.recv(65536)
            if not data:
                return
            *commands, buffer = (buffer + data).split(b"\n\n")
            for command in commands:
                text = command.decode()
                connection.commands.append(text)
                if not self.script(text, connection):
                    connection.send(self._answer(text))

    def _answer(self, command: str) -> bytes:
        if command.startswith("auth "):
            if command == f"auth {self.password}":
                return command_reply("+OK accepted")
            return command_reply("-ERR invalid") + GOODBYE
        if command == "exit":
            return command_reply("+OK bye") + GOODBYE
        if command.startswith("event "):
            return command_reply("+OK event listener enabled json")
        if command.startswith("bgapi "):
            uuid = command.rpartition("Job-UUID: ")[2]
            return f"Content-Type: command/reply\nReply-Text: +OK Job-UUID: {uuid}\nJob-UUID: {uuid}\n\n".encode()
        return api_response(
            {
                "api global_getvar core_uuid": self.core_uuid,
                "api fsctl sps": "+OK sessions per second: 1000\n",
                "api fsctl max_sessions": "+OK max sessions: 5000\n",
                "api version": "FreeSWITCH Version 1.10.12-release~64bit ( 64bit)\n",
            }.get(command, f"answer to {command}")
        )
