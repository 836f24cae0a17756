"""Runs `avanakctl` as people do: as a process of its own, with a data folder of its own."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_S = 60.0


_EACH = """
import engine.patch, contextlib, io, json, sys
from engine.cli import main
from tests.waits import wait_for
ends = []
for words in json.loads(sys.argv[1]):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(words)
    ends.append([status, out.getvalue(), err.getvalue()])
print(json.dumps(ends))
"""


@dataclass
class Ended:
    """What a command left: exit status and what it printed."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output as the one JSON document that it must be."""
        return json.loads(self.out)


class Ctl:
    """A command line with its data folder `data`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AVANAK_")}
        self.environment = {**kept, "AVANAK_DATA_DIR": str(self.data), "COLUMNS": "100"}
        self._started: list[subprocess.Popen[str]] = []

    def start(self, *words: str, wrapper: Sequence[str] = (), **environment: str) -> subprocess.Popen[str]:
        """Start a command without waiting for its end."""
        process = subprocess.Popen(
            [*wrapper, sys.executable, "-m", "engine", *words],
            cwd=ROOT,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started.append(process)
        return process

    def run(self, *words: str, wrapper: Sequence[str] = (), **environment: str) -> Ended:
        """Run a command to its end."""
        return self.end(self.start(*words, wrapper=wrapper, **environment))

    def run_each(self, commands: Sequence[Sequence[str]]) -> list[Ended]:
        """Run several commands one after the other in one process: starting Python for each would take minutes."""
        process = subprocess.run(
            [sys.executable, "-c", _EACH, json.dumps(commands)],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=True,
        )
        return [Ended(*one) for one in json.loads(process.stdout)]

    def end(self, process: subprocess.Popen[str]) -> Ended:
        """Wait for a command that was started."""
        out, err = process.communicate(timeout=DEADLINE_S)
        ended = Ended(process.returncode, out, err)
        assert "Traceback" not in ended.out + ended.err, ended.err
        return ended

    def query(self, sql: str) -> list[Any]:
        """Rows of the database, as another process sees them; none while there is no database."""
        path = self.data / "avanak.db"
        if not path.exists():
            return []
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5) as connection:
            try:
                return connection.execute(sql).fetchall()
            except sqlite3.OperationalError:  # not made yet
                return []

    def calls_are_up(self) -> bool:
        """Whether some campaign has calls."""
        return any(row[0] for row in self.query("SELECT live FROM campaign_counts"))

    def close(self) -> None:
        """End whatever still runs."""
        for process in self._started:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                process.communicate()


def write_list(path: Path, numbers: Sequence[str]) -> str:
    """A list with a name beside each number; its path."""
    rows = [f"{number},person {index}" for index, number in enumerate(numbers, start=1)]
    path.write_text("\n".join(["number,name", *rows]) + "\n", encoding="utf-8")
    return str(path)


def write_tone(path: Path, seconds: float = 1.5) -> str:
    """A WAV file with a tone; its path."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        wave_of_440_hz = b"".join(
            (8000 if (i * 880 // 8000) % 2 else -8000).to_bytes(2, "little", signed=True)
            for i in range(int(8000 * seconds))
        )
        file.writeframes(wave_of_440_hz)
    return str(path)
