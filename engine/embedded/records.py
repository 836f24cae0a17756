"""The files of the embedded switch: the far-end log of phones that rang, and the CDRs.

Both are appended with O_APPEND and reach the operating system before the events of the same moment are sent, so that
``kill -9`` loses nothing that a listener knows of.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.call_end import CDR_COLUMNS


class AppendFile:
    """A text file to which lines are appended in groups; with the path None nothing is written."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._lines: list[str] = []
        self._fd = self._open()

    def _open(self) -> int | None:
        if self.path is None:
            return None
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)

    def add(self, line: str) -> None:
        """Adds a line, without its line end; ``flush`` writes it."""
        if self._fd is not None:
            self._lines.append(line)

    def flush(self) -> None:
        """Passes all lines to the operating system.  Raises OSError (a full disk)."""
        if not self._lines or self._fd is None:
            return
        data = ("\n".join(self._lines) + "\n").encode("utf-8", "surrogateescape")
        self._lines.clear()
        while data:
            data = data[os.write(self._fd, data) :]

    def rotate(self) -> None:
        """Renames the file to its name and the time, as mod_cdr_csv does, and begins a new one."""
        if self.path is None or self._fd is None:
            return
        self.flush()
        aside = Path(f"{self.path}.{time.strftime('%Y-%m-%d-%H-%M-%S')}")
        number = 1
        while aside.exists():
            aside = Path(f"{self.path}.{time.strftime('%Y-%m-%d-%H-%M-%S')}.{number}")
            number += 1
        self.path.rename(aside)
        os.close(self._fd)
        self._fd = self._open()

    def close(self) -> None:
        """Writes what is left and closes."""
        self.flush()
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


@dataclass(frozen=True, slots=True)
class Rung:
    """A phone that rang: one line of the far-end log."""

    at_ms: int
    uuid: str
    attempt: str
    campaign: str
    number: str
    gateway: str
    core_uuid: str

    def line(self) -> str:
        """The fields, separated by commas; no value contains a comma or a line break."""
        texts = (self.uuid, self.attempt, self.campaign, self.number, self.gateway, self.core_uuid)
        return f"{self.at_ms}," + ",".join([text.replace(",", " ").replace("\n", " ") for text in texts])


def read_rung(path: Path) -> Iterator[Rung]:
    """The phones that rang, oldest first; a last line without its end is skipped, as it is still being written."""
    with path.open(encoding="utf-8", errors="surrogateescape") as lines:
        for line in lines:
            if line.endswith("\n"):
                at_ms, *rest = line.rstrip("\n").split(",")
                yield Rung(int(at_ms), *rest)


def cdr_line(values: dict[str, str]) -> str:
    """One CDR line, in the template of freeswitch-conf/autoload_configs/cdr_csv.conf.xml."""
    return ",".join([values.get(name, "") for name in CDR_COLUMNS])
