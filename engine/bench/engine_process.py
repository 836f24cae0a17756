"""The engine of a bench, in a process that can be killed and restarted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path


class EngineProcess:
    """`avanakctl serve --no-web` on the data in `folder`; its output goes to ``engine.log`` there."""

    def __init__(self, folder: Path, database_url: str, switches: str, **settings: str) -> None:
        """`switches` as in AVANAK_SWITCHES; `settings` are further variables of the environment."""
        self._log = folder / "engine.log"
        self._environment = {
            **os.environ,
            "AVANAK_DATA_DIR": str(folder),
            "AVANAK_DATABASE_URL": database_url,
            "AVANAK_SWITCHES": switches,
            "AVANAK_INBOUND_SHARE": "0",
            "AVANAK_TEST_PAYMENTS": "true",  # a switch behind a proxy counts as a real one
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def status(self) -> int | None:
        """The exit status; None while it runs or when it was not started."""
        return None if self._process is None else self._process.poll()

    def start(self) -> None:
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "engine", "serve", "--no-web"],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def kill(self) -> None:
        """Send it SIGKILL if it runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def end(self, deadline_s: float) -> None:
        """Stop it properly, within `deadline_s`."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(deadline_s)
