"""Starts and ends an embedded switch from Python, as a separate process."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

from engine.embedded.options import PASSWORD_ENV, EmbeddedOptions
from engine.errors import SwitchUnavailable

_ROOT = Path(__file__).resolve().parents[2]
_START_DEADLINE_S = 15.0


class EmbeddedProcess:
    """A running embedded switch.

    It ends with its parent: its standard input closes when the parent dies in any way.  A ``detached`` one outlives its
    parent (for crash tests, which keep the pid and end it).
    """

    def __init__(self, options: EmbeddedOptions, process: subprocess.Popen[bytes], hello: dict) -> None:
        self.options = options
        self.pid: int = hello["pid"]
        self.core_uuid: str = hello["core_uuid"]
        self.address: tuple[str, int] = (options.host, hello["port"])
        self.password = options.password
        self._process = process

    @classmethod
    def start(
        cls, options: EmbeddedOptions, *, detached: bool = False, deadline_s: float = _START_DEADLINE_S
    ) -> EmbeddedProcess:
        """Starts one and waits until it listens.  Raises SwitchUnavailable with the reason."""
        argv = [sys.executable, "-m", "engine.embedded", *options.argv()]
        if not detached:
            argv.append("--until-stdin-closes")
        path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH", "")]))
        environment = {**os.environ, PASSWORD_ENV: options.password, "PYTHONPATH": path}
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            argv,
            stdin=subprocess.DEVNULL if detached else subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            start_new_session=True,  # a Ctrl-C at the terminal goes to the engine, which then ends the switch
        )
        try:
            hello = _read_hello(process, deadline_s)
        except SwitchUnavailable:
            process.kill()
            process.wait()
            raise
        return cls(options, process, hello)

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs (a suspended one does)."""
        return self._process.poll() is None

    def stop(self, deadline_s: float = 5.0) -> None:
        """Stops it properly: hangs up calls and notifies listeners; kills it after the deadline."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
        try:
            self._process.wait(deadline_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._close()

    def kill(self) -> None:
        """kill -9: all its calls are lost."""
        self._process.kill()
        self._close()

    def suspend(self) -> None:
        """SIGSTOP: it keeps its connections and is silent."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT: everything that became due meanwhile happens at once."""
        self._process.send_signal(signal.SIGCONT)

    def cpu_s(self) -> float:
        """CPU time that it has used so far, in seconds (Linux)."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _close(self) -> None:
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def _read_hello(process: subprocess.Popen[bytes], deadline_s: float) -> dict:
    """The one line of JSON that says where the switch listens."""
    assert process.stdout is not None
    fd = process.stdout.fileno()
    deadline = time.monotonic() + deadline_s
    line = b""
    while not line.endswith(b"\n"):
        left = deadline - time.monotonic()
        if left <= 0 or not _is_readable(fd, left):
            raise SwitchUnavailable(
                "the embedded switch did not start within %(deadline_s)s s", deadline_s=f"{deadline_s:g}"
            )
        part = os.read(fd, 4096)
        if not part:
            raise SwitchUnavailable("the embedded switch ended while it started; its own words are above")
        line += part
    return json.loads(line)


def _is_readable(fd: int, timeout_s: float) -> bool:
    """Wait for input, also on a descriptor above 1023, which `select` refuses."""
    asked = select.poll()
    asked.register(fd, select.POLLIN)
    return bool(asked.poll(timeout_s * 1000))
