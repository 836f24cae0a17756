"""The few threads that a log-in needs are never waited in: not for a worker process, not for somebody's name server."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What waits: a worker that speaks, reads a sound, a list or a picture, or looks a name up outside.
WAITS = {"make", "speak", "receive", "take", "take_back", "check_url", "convert", "open_list", "samples"}


def test_whatever_waits_uses_the_threads_that_may() -> None:
    found, looked_at = [], 0
    for path in (ROOT / "webui").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "apart"
            ):
                continue
            looked_at += 1
            names = {each.attr for each in ast.walk(node.args[0]) if isinstance(each, ast.Attribute)}
            names |= {each.id for each in ast.walk(node.args[0]) if isinstance(each, ast.Name)}
            if names & WAITS and not any(each.arg == "waits" for each in node.keywords):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert looked_at > 20
    assert not found


def test_names_are_looked_up_outside_the_hub() -> None:
    for path in (ROOT / "webui").rglob("*.py"):
        for found in re.finditer(r".{0,20}outside\.check_url\(", path.read_text("utf-8")):
            assert "apart(lambda: " in found[0], path
