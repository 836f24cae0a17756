"""Connecting: each thing that can be wrong is one sentence and a status of its own."""

from __future__ import annotations

import sys
import types

import pytest
import session
from gevent import socket
from gevent.server import StreamServer

from engine.errors import BadInput, SwitchUnavailable


@pytest.fixture
def server():
    """A server that greets with ``greeting`` and then keeps quiet."""
    greeting = [b"Content-Type: auth/request\n\n"]

    def serve(sock, _address):
        sock.sendall(greeting[0])
        sock.recv(100)

    made = StreamServer(("127.0.0.1", 0), serve)
    made.start()
    made.greeting = greeting
    yield made
    made.stop(timeout=0)


class Library:
    """python-ESL's module, with a switch that knows one password."""

    class ESLconnection:
        def __init__(self, _host, _port, password):
            self._is_connected = password == "right"

        def connected(self):
            return self._is_connected

        def sendRecv(self, command):
            if command == "gone":
                return None
            return types.SimpleNamespace(getBody=lambda: None, getHeader=lambda _name: f"+OK {command}")


@pytest.fixture
def options(server, monkeypatch):
    monkeypatch.setitem(sys.modules, "ESL", Library)
    monkeypatch.setenv(session.PASSWORD_VARIABLE, "right")
    return session.parser("x").parse_args(["--port", str(server.server_port), "--timeout", "0.2"])


def test_a_session(options):
    it = session.connect(options)
    assert it.ask(b"exit\n\n") == "+OK exit"
    with pytest.raises(SwitchUnavailable, match="instead of answering"):
        it.ask(b"gone\n\n")


def test_without_the_library_it_says_how_to_install_it(options, monkeypatch):
    monkeypatch.setitem(sys.modules, "ESL", None)
    with pytest.raises(BadInput, match="swig<4"):
        session.connect(options)


@pytest.mark.parametrize("password", ["", "two words", "line\nbreak"])
def test_a_password_that_cannot_be_sent(options, monkeypatch, password):
    monkeypatch.setenv(session.PASSWORD_VARIABLE, password)
    with pytest.raises(BadInput, match="password"):
        session.connect(options)


def test_a_wrong_password(options, monkeypatch):
    monkeypatch.setenv(session.PASSWORD_VARIABLE, "wrong")
    with pytest.raises(SwitchUnavailable, match="refuses the event-socket password"):
        session.connect(options)


@pytest.mark.parametrize(
    ("greeting", "sentence"),
    [
        (b"", "no answer"),
        (b"HTTP/1.1 400 Bad\n\n", "no event socket"),
        (b"Content-Type: text/rude-rejection\nContent-Length: 0\n\n", "ACL"),
    ],
)
def test_what_answers_is_no_switch_for_us(options, server, greeting, sentence):
    server.greeting[0] = greeting
    with pytest.raises(SwitchUnavailable, match=sentence):
        session.connect(options)


def test_nobody_there(options):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        options.port = free.getsockname()[1]
    with pytest.raises(SwitchUnavailable, match="cannot reach a switch"):
        session.connect(options)
    options.port = 700_000
    with pytest.raises(SwitchUnavailable, match="cannot reach a switch"):
        session.connect(options)


@pytest.mark.parametrize(
    ("error", "status"),
    [(BadInput("b"), 2), (SwitchUnavailable("s"), 3), (KeyboardInterrupt(), 130)],
)
def test_errors_are_one_line_and_a_status(error, status, capsys):
    def main():
        raise error

    with pytest.raises(SystemExit) as end:
        session.run(main)
    assert end.value.code == status
    assert len(capsys.readouterr().err.splitlines()) == (0 if status == 130 else 1)
