"""What the admin scripts share: python-ESL with a password from the environment and errors in one sentence.

python-ESL is a blocking C library, for scripts in their own process only; the engine never
imports it.  Exit status: 0 done, 1 the answer is «no», 2 bad input, 3 no switch reachable,
130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
# So that the scripts run from a checkout whose package is not installed.
sys.path.insert(0, str(REPOSITORY))

from engine.errors import AvanakError, BadInput, SwitchUnavailable  # noqa: E402
from engine.esl import commands  # noqa: E402
from engine.esl.protocol import AUTH_REQUEST, FrameParser  # noqa: E402

PASSWORD_VARIABLE = "AVANAK_ESL_PASSWORD"
HOW_TO_INSTALL = (
    "python-ESL is not installed; it builds with SWIG 3 and a C++ compiler: "
    "pip install 'swig<4' setuptools wheel && pip install --no-build-isolation python-ESL"
)


class Session:
    """A logged-in python-ESL connection that takes the engine's command frames."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def ask(self, frame: bytes) -> str:
        """The body of an ``api`` answer, or the Reply-Text of another command's."""
        event = self._connection.sendRecv(frame.decode("ascii").rstrip("\n"))
        if event is None:
            raise SwitchUnavailable("the switch closed the connection instead of answering")
        body = event.getBody()
        return str(body if body is not None else event.getHeader("Reply-Text") or "")

    def subscribe(self, names: str) -> None:
        """Ask for these events, space-separated, in the plain format that the C library reads best."""
        self._connection.events("plain", names)

    def next_event(self, timeout_ms: int) -> str | None:
        """The next event as JSON text, None when none came in time; SwitchUnavailable at a disconnect."""
        event = self._connection.recvEventTimed(timeout_ms)
        if event is None:
            if not self._connection.connected():
                raise SwitchUnavailable("the switch closed the connection")
            return None
        return str(event.serialize("json"))

    def close(self) -> None:
        """Leave."""
        self._connection.disconnect()


def parser(description: str) -> argparse.ArgumentParser:
    """Arguments that every script has: where the switch is."""
    made = argparse.ArgumentParser(
        description=description,
        epilog=f"The event socket's password is read from the environment: {PASSWORD_VARIABLE}.",
    )
    made.add_argument("--host", default="127.0.0.1", help="the switch (default: this machine)")
    made.add_argument("--port", type=int, default=8021, help="its event socket's port (default: 8021)")
    made.add_argument(
        "--timeout", type=float, default=5.0, metavar="S", help="seconds to wait for the switch (default: 5)"
    )
    return made


def connect(arguments: argparse.Namespace) -> Session:
    """A session with the switch that the arguments name; BadInput or SwitchUnavailable in one sentence.

    1. Look for python-ESL and the password.  2. Knock with a socket that has a deadline: the C
    library has none and does not tell «nobody there» from «wrong password».  3. Log in.
    """
    try:
        import ESL  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise BadInput(HOW_TO_INSTALL) from error
    password = os.environ.get(PASSWORD_VARIABLE, "")
    if not password:
        raise BadInput(f"the environment variable {PASSWORD_VARIABLE} is empty; put the password there")
    commands.auth(password)  # refuses what could not be sent
    where = f"{arguments.host}:{arguments.port}"
    knock(arguments.host, arguments.port, arguments.timeout)
    connection = ESL.ESLconnection(arguments.host, str(arguments.port), password)
    if not connection.connected():
        raise SwitchUnavailable(f"the switch at {where} refuses the event-socket password")
    return Session(connection)


def knock(host: str, port: int, timeout_s: float) -> None:
    """Whether an event socket that lets us in asks for a password there; SwitchUnavailable if not."""
    where = f"{host}:{port}"
    frames = FrameParser()
    try:
        with socket.create_connection((host, port), timeout_s) as sock:
            sock.settimeout(timeout_s)
            while not (found := frames.feed(sock.recv(4096) or b"\n\n")):
                if frames.error is not None:
                    raise frames.error
    except TimeoutError as error:
        raise SwitchUnavailable(f"no answer from the switch at {where} within {timeout_s:g} s") from error
    except (OSError, OverflowError) as error:
        raise SwitchUnavailable(f"cannot reach a switch at {where}: {error}") from error
    if found[0].content_type != AUTH_REQUEST:
        raise SwitchUnavailable(f"what answers at {where} does not let this machine in (its ACL)")


def run(main: Callable[[], int]) -> None:
    """Run a script's ``main`` and leave with its status; errors become one sentence on stderr."""
    try:
        status = main()
    except AvanakError as error:
        print(f"{Path(sys.argv[0]).name}: {error}", file=sys.stderr)
        status = error.exit_status
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)
