"""A list is read by a worker: what it gives is whole, what it may take is bounded, and nobody waits for its start."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import BadInput
from engine.services.lists import reader
from engine.services.lists.reader import open_list
from engine.services.lists.rows import pack, unpack
from engine.workers import pool
from engine.workers.job import Lane, WorkerEnded

LIST = "موبایل,نام\n09121110000,علی\n02188776655,رضا\n1405/08/30,\n09121110000,زهرا,خیابان\n".encode()


@pytest.fixture(autouse=True)
def _no_worker_is_left() -> Iterator[None]:
    yield
    pool.close()


def worker() -> int:
    """The process that reads lists, of which there is one."""
    children = (
        pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()
    )
    (pid,) = [pid for pid in children if b"lists.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    return int(pid)


def test_rows_come_over_as_they_are() -> None:
    with open_list(io.BytesIO(LIST), filename="a.csv") as found:
        rows = [row for chunk in found for row in chunk]
        assert found.facts().lines == 5
    assert unpack(pack(rows)) == rows
    assert [(row.number.e164, row.number.kind) for row in rows if row.number] == [
        ("+989121110000", "mobile"), ("+982188776655", "landline"), ("+989121110000", "mobile"),
    ]  # fmt: skip
    assert [(row.reason, row.first_line) for row in rows] == [
        (None, None), (None, None), ("date", None), ("duplicate", 2),
    ]  # fmt: skip
    assert found.variable_columns == ["نام", "column_3"]
    with open_list(io.BytesIO(LIST), only_numbers=True) as found:
        numbers = [int(number) for part in found.numbers() for number in part]
    assert sorted(numbers) == [982188776655, 989121110000, 989121110000]


def test_a_file_without_a_name_and_one_in_memory_are_read() -> None:
    with tempfile.TemporaryFile() as file:
        file.write(LIST)
        with open_list(file, filename="a.csv") as found:
            assert len(next(iter(found))) == 4
        assert not file.closed
    with open_list(io.BytesIO(LIST)) as found:
        assert len(next(iter(found))) == 4


def test_a_worker_that_was_warmed_up_reads_list_after_list() -> None:
    reader.warm_up()
    pids = set()
    for _ in range(3):
        with open_list(io.BytesIO(LIST)) as found:
            assert sum(map(len, found)) == 4
        pids.add(worker())
        with pytest.raises(BadInput, match="is a JSON file"):
            open_list(io.BytesIO(b'[{"a": 1}]'))
    assert len(pids) == 1


def test_a_reading_that_is_left_early_ends_its_worker_and_another_stands_ready() -> None:
    many = b"number\n" + b"".join(b"0912%07d\n" % n for n in range(20_000))
    with open_list(io.BytesIO(many)) as found:
        next(iter(found))
        before = worker()
    with open_list(io.BytesIO(LIST)) as found:
        assert sum(map(len, found)) == 4
    assert worker() != before


def test_a_worker_that_is_killed_is_one_sentence() -> None:
    many = b"number\n" + b"".join(b"0912%07d\n" % n for n in range(200_000))
    with open_list(io.BytesIO(many), filename="list.csv") as found:
        os.kill(worker(), signal.SIGKILL)
        with pytest.raises(
            WorkerEnded, match=r"^list\.csv cannot be read: it takes more memory than one file may\.$"
        ):
            list(found)


def test_a_list_that_takes_too_much_memory_is_one_sentence(monkeypatch) -> None:
    job = reader._JOBS[Lane.LONG]
    small = replace(job, limits=replace(job.limits, memory=30_000_000), kept=False)
    monkeypatch.setitem(reader._JOBS, Lane.LONG, small)
    wide = b"number" + b",x" * 255 + b"\n" + (b"09121110000" + b",abcdefghij" * 255 + b"\n") * 3_000
    with (
        pytest.raises(WorkerEnded, match=r"^list\.csv cannot be read: it "),
        open_list(io.BytesIO(wide), filename="list.csv") as found,
    ):
        list(found)


def test_whoever_serves_strangers_has_nothing_loaded_that_reads_their_lists() -> None:
    program = (
        "import sys, webui, engine.runtime.list_importer, engine.services.lists.reader\n"
        "print(*(name for name in sys.modules if name.startswith('engine.services.lists.')))\n"
        "print('python_calamine' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded, has_calamine = done.stdout.splitlines()[-2:]
    readers = {
        "list_reading",
        "worker",
        "kinds",
        "delimited",
        "quotes",
        "xlsx",
        "sheet",
        "opc",
        "other_workbooks",
    }
    assert not readers & {name.rpartition(".")[2] for name in loaded.split()}
    assert has_calamine == "False"
