"""The log: one file for several processes, and no line that somebody else's words have made."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from engine.log_file import OneLine, SharedFileHandler, harmless

WRITER = """
import logging, sys
from pathlib import Path
from engine.log_file import SharedFileHandler
handler = SharedFileHandler(Path(sys.argv[1]), 20_000, 40)
log = logging.getLogger(sys.argv[2])
log.addHandler(handler)
log.setLevel("INFO")
for number in range(int(sys.argv[3])):
    log.info("%s %d %s", sys.argv[2], number, "x" * (number % 200))
"""


def test_processes_share_a_file_that_turns_over(tmp_path: Path) -> None:
    """No line is lost, halved or in two files, whoever turned the file over."""
    path, each = tmp_path / "a.log", 1_500
    running = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), name, str(each)])
        for name in ("one", "two", "three")
    ]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    files = [found for found in tmp_path.iterdir() if not found.name.endswith(".lock")]
    assert len(files) > 10
    assert all(found.stat().st_size <= 20_000 + 3 * 300 for found in files), "two may find room at once"
    seen: dict[str, set[int]] = {"one": set(), "two": set(), "three": set()}
    for found in files:
        for line in found.read_text().splitlines():
            name, number, *rest = line.split(" ")
            assert rest == ["x" * (int(number) % 200)]
            seen[name].add(int(number))
    assert all(numbers == set(range(each)) for numbers in seen.values())


def test_old_files_are_kept_up_to_a_number(tmp_path: Path) -> None:
    handler = SharedFileHandler(tmp_path / "a.log", 200, 2)
    for number in range(50):
        handler.emit(logging.LogRecord("x", 20, "", 0, "%d %s", (number, "y" * 80), None))
    handler.close()
    assert {found.name for found in tmp_path.iterdir()} == {"a.log", "a.log.1", "a.log.2", "a.log.lock"}
    assert "49 " in (tmp_path / "a.log").read_text()


def test_the_file_is_ours_alone(tmp_path: Path) -> None:
    SharedFileHandler(tmp_path / "a.log", 200, 2).close()
    assert (tmp_path / "a.log").stat().st_mode & 0o777 == 0o600


FORGED = [
    "x\n2026-01-01T00:00:00.000Z INFO webui action=login person=1",
    "x\r\nlevel", "x\x1b[2Jgone", "x\x85next", "x\u2028next", "x\u202eesrever", "x\x00y", "x\ud800y",
]  # fmt: skip


@pytest.mark.parametrize("words", FORGED)
def test_words_cannot_begin_a_line(words: str) -> None:
    line = OneLine("%(levelname)s %(message)s").format(
        logging.LogRecord("x", 30, "", 0, "action=%s", (words,), None)
    )
    assert line.splitlines() == [line]
    assert line.isprintable()
    assert line.startswith("WARNING action=x\\u")


def test_the_words_of_an_exception_cannot_either() -> None:
    try:
        raise ValueError(FORGED[0])
    except ValueError:
        record = logging.LogRecord("x", 40, "", 0, "action=failed", (), sys.exc_info())
    first, *rest = OneLine("%(levelname)s %(message)s").format(record).splitlines()
    assert first == "ERROR action=failed"
    assert all(line.startswith("  | ") for line in rest)
    assert any("action=login person=1" in line for line in rest)


def test_what_people_write_stays_readable() -> None:
    text = "کمپین «نوروز» می‌رود — Größe 100 %"
    assert harmless(text) == text
