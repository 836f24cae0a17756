"""What is ours alone is so, whoever made the folder first, and in what umask."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from engine import logs, private_files
from engine.config import Settings
from engine.errors import BadInput
from engine.runtime.opening import open_store
from engine.store import threads


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def _wide_umask():
    before = os.umask(0o000)
    yield
    os.umask(before)


def test_the_folders_of_an_installation(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "a" / "data")
    logs.to_file(settings.data_dir, "INFO")
    open_store(settings)
    threads.close_readers()
    for folder in (settings.data_dir, settings.data_dir / "log", settings.prompts_dir, settings.reports_dir):
        assert mode(folder) == 0o700
    assert mode(settings.data_dir / "avanak.db") == 0o600
    assert mode(logs.log_file(settings.data_dir)) == 0o600


def test_folders_that_were_left_open_are_closed(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    for name in ("prompts", "reports", "log"):
        (tmp_path / name).mkdir(mode=0o755)
    before = mode(tmp_path)
    logs.to_file(tmp_path, "INFO")
    open_store(settings)
    threads.close_readers()
    assert {mode(tmp_path / name) for name in ("prompts", "reports", "log")} == {0o700}
    assert mode(tmp_path) == before, "that is whoever's who made it"


def test_the_switch_group_reads_prompts_and_nothing_else(tmp_path: Path) -> None:
    group = os.getgid()
    settings = Settings(data_dir=tmp_path / "data", switch_group=str(group))
    private_files.use_umask(settings.switch_group)
    open_store(settings)
    threads.close_readers()
    (settings.prompts_dir / "a.wav").write_bytes(b"x")
    assert mode(settings.prompts_dir) == 0o2750
    assert mode(settings.prompts_dir / "a.wav") == 0o640
    assert (settings.prompts_dir / "a.wav").stat().st_gid == group
    assert mode(settings.data_dir) == 0o710
    assert mode(settings.reports_dir) == 0o700


def test_a_group_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="AVANAK_SWITCH_GROUP: there is no group no-such"):
        open_store(Settings(data_dir=tmp_path, switch_group="no-such"))
