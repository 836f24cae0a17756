"""The switch's call record: rotated, cut, replaced, half written, torn; every line once, in order."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4

import pytest

from engine.call_end import CallEnd, read_record
from engine.dialing.calls import Call, CallTable
from engine.dialing.cdr import FileSource, SwitchRecords
from engine.dialing.cdr_file import Cursor, RecordFile, RecordsUnavailable

US = 1_750_000_000_000_000


def line_of(uuid: str, cause: str = "USER_BUSY", answered: bool = False, extra: str = "") -> str:
    answer = US + 2_000_000 if answered else 0
    return f"{uuid},7,{cause},486,{US},{answer},{US + 9_000_000},{7000 if answered else 0},4000,1,4100,true,,{extra},2340\n"


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def rotate(path: Path, stamp: str) -> None:
    path.rename(f"{path}.{stamp}")
    path.touch()


def read_all(file: RecordFile) -> list[str]:
    found: list[str] = []
    while (chunk := file.read()) is not None:
        found += chunk.data.decode().splitlines()
    return found


def cursor_of(file: RecordFile, path: Path) -> Cursor:
    file.close()
    assert file._start is not None
    return file._start


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "Master.csv"
    found.touch()
    return found


def test_only_whole_lines_are_read(path: Path) -> None:
    file = RecordFile(path, None)
    append(path, "a,1\nb,")
    assert read_all(file) == ["a,1"]
    append(path, "2\n")
    assert read_all(file) == ["b,2"]
    assert read_all(file) == []


def test_a_rotated_file_is_read_to_its_end_first(path: Path) -> None:
    file = RecordFile(path, None)
    append(path, "a,1\n")
    assert read_all(file) == ["a,1"]
    append(path, "b,2\n")
    rotate(path, "2026-01-01-00-00-00")
    append(path, "c,3\n")
    assert read_all(file) == ["b,2", "c,3"]


def test_several_rotations_while_nobody_read(path: Path) -> None:
    file = RecordFile(path, None)
    append(path, "a,1\n")
    read_all(file)
    cursor = cursor_of(file, path)
    append(path, "b,2\n")
    rotate(path, "2026-01-01-00-00-00")
    append(path, "c,3\n")
    rotate(path, "2026-01-01-00-00-01")
    append(path, "d,4\n")
    assert read_all(RecordFile(path, cursor)) == ["b,2", "c,3", "d,4"]


def test_a_file_that_was_cut_or_replaced_is_read_from_its_beginning(path: Path) -> None:
    file = RecordFile(path, None)
    append(path, "a,1\nb,2\n")
    read_all(file)
    cursor = cursor_of(file, path)
    path.write_text("c,3\n")  # cut in place and written anew
    assert read_all(RecordFile(path, cursor)) == ["c,3"]
    path.unlink()
    path.write_text("d,4\ne,5\nf,6\n")
    assert read_all(RecordFile(path, cursor)) == ["d,4", "e,5", "f,6"]


def test_a_file_that_is_cut_while_it_is_followed(path: Path) -> None:
    file = RecordFile(path, None)
    append(path, "a,1\nb,2\n")
    read_all(file)
    os.truncate(path, 0)
    append(path, "c,3\n")
    assert read_all(file) == ["c,3"]


def test_an_absent_file_is_said_and_found_again(path: Path) -> None:
    path.unlink()
    file = RecordFile(path, None)
    with pytest.raises(RecordsUnavailable, match=r"Master\.csv"):
        file.read()
    path.write_text("a,1\n")
    assert read_all(file) == ["a,1"]


def test_a_record_is_read_into_what_an_event_would_have_said() -> None:
    uuid = str(uuid4())
    found = read_record(line_of(uuid, "NORMAL_CLEARING", answered=True, extra="prompt_missing").encode())
    assert found is not None
    assert (found.uuid, found.cause, found.attempt_id, found.sip_status) == (uuid, "NORMAL_CLEARING", 7, 486)
    assert (found.answered_at, found.ended_at) == (US // 1000 + 2000, US // 1000 + 9000)
    assert (found.heard_ms, found.finished, found.vote, found.opted_out) == (4100, True, "1", False)
    assert (found.fault, found.record_ms) == ("prompt_missing", 2340)
    silent = read_record(line_of(uuid).encode())
    assert silent is not None
    assert (silent.answered_at, silent.heard_ms, silent.record_ms) == (None, 0, 0)


@pytest.mark.parametrize(
    "text", ["", ",,,", "no-uuid,7,USER_BUSY,486,1,0,2,0,0,,,,,", f"{uuid4()},7,user busy,486,1,0,2,0,0,,,,,"]
)
def test_a_malformed_line_is_no_record(text: str) -> None:
    assert read_record(text.encode()) is None


class Followed:
    """Records followed for two open calls; the clock is moved by hand."""

    def __init__(self, path: Path, cursor: Cursor | None = None) -> None:
        self.table = CallTable()
        self.uuids = [str(uuid4()), str(uuid4())]
        for number, uuid in enumerate(self.uuids):
            self.table.by_uuid[uuid] = Call(
                uuid,
                number,
                number,
                "98",
                "",
                0,
                0,
                None,
                "claimed",
                None,
                1,
                1,
                0,
                "",  # type: ignore[arg-type]
            )
        self.now_m = 100.0
        self.settled: list[tuple[str, str]] = []
        self.saved: list[Cursor] = []
        source = FileSource(path, cursor)
        self.records = SwitchRecords(
            source, self.table, self.settle, self.saved.append, lambda: (0, self.now_m)
        )

    def settle(self, call: Call, record: CallEnd, by: str) -> None:
        self.table.remove(call.uuid)
        self.settled.append((call.uuid, record.cause or ""))

    def step(self, later_s: float = 0.0) -> None:
        self.now_m += later_s
        self.records.step()


def test_the_event_comes_first_and_the_record_after_its_grace(path: Path) -> None:
    lab = Followed(path)
    first, second = lab.uuids
    append(path, line_of(first) + line_of(str(uuid4())) + line_of(second))
    lab.step()
    assert lab.settled == []
    lab.table.remove(first)  # its event came
    lab.step(3.0)
    assert lab.settled == [(second, "USER_BUSY")]


def test_the_cursor_never_passes_a_call_that_is_open(path: Path) -> None:
    lab = Followed(path)
    first, _ = lab.uuids
    append(path, line_of(str(uuid4())) + line_of(first) + line_of(str(uuid4())))
    lab.step()
    behind = lab.saved[-1]
    assert behind.position == len(line_of(first))
    lab.step(3.0)
    lab.step(3.0)
    assert lab.saved[-1].position == path.stat().st_size
    again = Followed(path, behind)
    again.table.by_uuid[first] = next(iter(again.table.by_uuid.values()))
    assert set(again.records.find([first])) == {first}


def test_a_line_torn_by_the_switchs_death_costs_only_itself(path: Path) -> None:
    lab = Followed(path)
    first, second = lab.uuids
    append(path, line_of(first)[:50] + line_of(second))
    assert set(lab.records.find([first, second])) == {second}


def test_a_file_nobody_ever_wrote_to_proves_nothing(path: Path) -> None:
    lab = Followed(path)
    lab.records.find(lab.uuids)
    assert lab.records.are_complete(0) is None
    append(path, line_of(str(uuid4())))
    lab.records.find(lab.uuids)
    assert lab.records.are_complete(0) is True
