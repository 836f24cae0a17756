"""The command line gives a list the result that its reader gives: `send`, `do-not-call import`, from files and pipes."""

from __future__ import annotations

import io
import shlex
from collections import Counter
from pathlib import Path
from typing import Any

from engine.services.lists.reader import open_list
from engine.services.numbering.numbers import NumberRules
from engine.services.numbering.reasons import Reason
from tests.commands.ctl import Ctl
from tests.lists.brought_lists import DRESSES, KINDS, dressed

DRY = ("--switch", "embedded", "--dry-run", "--json")


def counted(data: bytes, *, allow_abroad: bool = False) -> dict[str, Any]:
    """What a document must say of a list."""
    with open_list(
        io.BytesIO(data), accepted=NumberRules(abroad=allow_abroad), filename="list.csv"
    ) as reader:
        reasons = Counter(row.reason for chunk in reader for row in chunk)
    valid, duplicates = reasons.pop(None, 0), reasons.pop(Reason.DUPLICATE, 0)
    return {
        "valid": valid,
        "duplicates": duplicates,
        "refused": {reason.value: count for reason, count in reasons.items() if reason is not None},
    }


def said(document: dict[str, Any]) -> dict[str, Any]:
    return {name: document[name] for name in ("valid", "duplicates", "refused")}


def test_files_of_every_kind(ctl: Ctl, message: str) -> None:
    commands, wanted = [], []
    for place, kind in enumerate(KINDS):
        data = dressed(kind, place % len(DRESSES))
        path = ctl.folder / f"{kind}.csv"
        path.write_bytes(data)
        commands.append(("send", str(path), "--message", message, *DRY))
        wanted.append(counted(data))
        commands.append(("do-not-call", "import", str(path), "--json"))
        wanted.append(counted(data, allow_abroad=True))
    # The sends come first: what is on the list is called no more.
    order = sorted(range(len(commands)), key=lambda at: commands[at][0])[::-1]
    ended = ctl.run_each([commands[at] for at in order])
    for at, one in zip(order, ended, strict=True):
        assert one.status == 0, (commands[at], one.err)
        assert said(one.document) == wanted[at], commands[at]


def test_workbooks(ctl: Ctl, message: str) -> None:
    paths = [
        Path(__file__).parents[1] / "lists" / "data" / f"shown.{form}" for form in ("xlsx", "ods", "xls")
    ]
    ended = ctl.run_each([("send", str(path), "--message", message, *DRY) for path in paths])
    for path, one in zip(paths, ended, strict=True):
        wanted = counted(path.read_bytes())
        assert wanted["refused"] == {"foreign_form": 1, "hidden": 2}
        assert said(one.document) == wanted, one.err
    by_substitution = ("bash", "-c", f'"$@" <(cat {shlex.quote(str(paths[1]))})', "_")
    piped = ctl.run("send", "--message", message, *DRY, wrapper=by_substitution)
    assert said(piped.document) == counted(paths[1].read_bytes()), piped.err


def test_pipes(ctl: Ctl, message: str) -> None:
    several, lines = dressed("several", 5), dressed("lines", 1)
    (ctl.folder / "several").write_bytes(several)
    (ctl.folder / "lines").write_bytes(lines)
    by_stdin = ("bash", "-c", f'cat {shlex.quote(str(ctl.folder / "several"))} | "$@"', "_")
    by_substitution = ("bash", "-c", f'"$@" <(cat {shlex.quote(str(ctl.folder / "lines"))})', "_")
    ended = ctl.run("send", "/dev/stdin", "--message", message, *DRY, wrapper=by_stdin)
    assert said(ended.document) == counted(several), ended.err
    ended = ctl.run("send", "--message", message, *DRY, wrapper=by_substitution)
    assert said(ended.document) == counted(lines), ended.err
    ended = ctl.run("do-not-call", "import", "--json", wrapper=by_substitution)
    assert said(ended.document) == counted(lines, allow_abroad=True), ended.err
