"""Some of the hostile files; all of them by `python -m tests.hostile.run --cases 10000`."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.text import shown_name
from tests.hostile.cases import FAMILIES, make
from tests.hostile.run import run

CASES = 288


def test_hostile_files_are_refused_clearly_and_leave_nothing_behind(tmp_path: Path) -> None:
    done = run(0, CASES, tmp_path)
    assert done.findings == []
    assert done.files_outside == 0
    assert done.cases == CASES
    assert done.accepted > 0
    assert done.refused > CASES // 2


def test_every_family_is_among_them_and_a_number_always_makes_the_same() -> None:
    assert {make(number).family for number in range(len(FAMILIES))} == {
        family.__name__.strip("_") for family in FAMILIES
    }
    assert make(4711) == make(4711)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("list.csv", "list.csv"),
        ("../../etc/passwd", "passwd"),
        ("C:\\lists\\a b.csv", "a b.csv"),
        ("a\u202evsc.exe\n", "avsc.exe"),
        ("", "the list"),
        ("..", "the list"),
        ("فهرست\u200cها.csv", "فهرست\u200cها.csv"),
        ("x" * 5000 + ".csv", "x" * 68 + "…" + "x" * 7 + ".csv"),
    ],
)
def test_names_are_shown_without_tricks(name: str, shown: str) -> None:
    assert shown_name(name, "the list") == shown
