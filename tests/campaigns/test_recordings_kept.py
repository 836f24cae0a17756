"""How long recordings are kept: old ones go, and nothing else in the folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.errors import NotFound
from engine.services.campaigns.recordings import DAY_MS, is_there, path_of, sweep

NOW = 1_795_435_894_000
UUID = "01a21aa9-6472-75a7-8c5b-175eafbc660"


def file(folder: Path, name: str, age_days: float) -> Path:
    path = folder / name
    path.write_bytes(b"RIFF")
    os.utime(path, times=(NOW / 1000 - age_days * 86_400,) * 2)
    return path


def test_only_recordings_that_are_old_go(tmp_path: Path) -> None:
    old = file(tmp_path, f"{UUID}0.wav", 30.1)
    young = file(tmp_path, f"{UUID}1.wav", 29.9)
    others = [
        file(tmp_path, name, 400)
        for name in ("notes.txt", f"{UUID}2.wav.bak", f"{UUID.upper()}3.wav", f"x{UUID}4.wav", f"{UUID}5.mp3")
    ]
    assert sweep(tmp_path, 30, NOW) == 1
    assert not old.exists()
    assert all(path.exists() for path in (young, *others))
    assert sweep(tmp_path, 30, NOW) == 0
    assert sweep(tmp_path, 30, NOW + DAY_MS) == 1


def test_a_link_and_a_folder_with_such_a_name_stay(tmp_path: Path) -> None:
    folder, outside = tmp_path / "recordings", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    precious = file(outside, f"{UUID}0.wav", 400)
    (folder / f"{UUID}1.wav").symlink_to(precious)
    (folder / f"{UUID}2.wav").mkdir()
    file(folder / f"{UUID}2.wav", f"{UUID}3.wav", 400)
    assert sweep(folder, 1, NOW) == 0
    assert precious.exists()
    assert sorted(path.name for path in folder.iterdir()) == [f"{UUID}1.wav", f"{UUID}2.wav"]


def test_a_folder_that_is_not_there_has_nothing_to_delete(tmp_path: Path) -> None:
    assert sweep(tmp_path / "none", 1, NOW) == 0


@pytest.mark.parametrize(
    "uuid",
    [
        "",
        "..",
        "../x",
        f"{UUID}0/..",
        f"{UUID}0\n",
        f"{UUID.upper()}0",
        f"{UUID}0.wav",
        "/etc/x",
        f"{UUID}0\0",
    ],
)
def test_only_a_uuid_makes_a_path(tmp_path: Path, uuid: str) -> None:
    with pytest.raises(NotFound):
        path_of(tmp_path, uuid)


def test_a_link_is_no_recording(tmp_path: Path) -> None:
    real = file(tmp_path, f"{UUID}0.wav", 1)
    (tmp_path / f"{UUID}1.wav").symlink_to(real)
    assert is_there(tmp_path, f"{UUID}0")
    assert not is_there(tmp_path, f"{UUID}1")
    assert not is_there(tmp_path, f"{UUID}2")
