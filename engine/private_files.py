"""Private folders and files: they hold people's numbers, what is said to them, and keys.

The only exception are the prompts, which the switch reads: its group can be given access (AVANAK_SWITCH_GROUP).
"""

from __future__ import annotations

import grp
import os
from collections.abc import Callable
from pathlib import Path

from engine.errors import BadInput, StoreUnavailable

FOLDER, FILE = 0o700, 0o600
SHARED_FOLDER = 0o2750  # what is made in it has the folder's group
UMASK, SHARED_UMASK = 0o077, 0o027


def group_id(group: str) -> int | None:
    """The number of a group given by name or number; None for an empty one.  BadInput when there is none."""
    if not group:
        return None
    if group.isdigit():
        return int(group)
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError as error:
        raise BadInput("AVANAK_SWITCH_GROUP: there is no group %(group)s.", group=group) from error


def use_umask(group: str) -> None:
    """Have this process create files that others cannot read."""
    os.umask(SHARED_UMASK if group else UMASK)


def make_root(path: Path) -> None:
    """Make the data folder; an existing one keeps its mode."""
    _made(path, lambda: _make(path))


def make_folder(path: Path, gid: int | None = None) -> None:
    """Make a private folder, or make an existing one private; with `gid` that group may read what is in it.

    Raises StoreUnavailable when it cannot be made.
    """

    def work() -> None:
        _make(path)
        status = path.stat()
        if gid is not None and status.st_gid != gid:
            os.chown(path, -1, gid)
        wanted = FOLDER if gid is None else SHARED_FOLDER
        if status.st_mode & 0o7777 != wanted or (gid is not None and status.st_gid != gid):
            path.chmod(wanted)

    _made(path, work)


def pass_through(path: Path, gid: int) -> None:
    """Let a group pass through a private folder to what is shared in it, without listing the rest."""

    def work() -> None:
        status = path.stat()
        if not status.st_mode & 0o001:
            os.chown(path, -1, gid)
            path.chmod(0o710)

    _made(path, work)


def open_append(path: Path) -> int:
    """A descriptor of a private file that is only appended to."""
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, FILE)


def _make(path: Path) -> None:
    for each in (*reversed(path.parents), path):
        if not each.is_dir():
            each.mkdir(mode=FOLDER, exist_ok=True)


def _made(path: Path, work: Callable[[], None]) -> None:
    try:
        work()
    except OSError as error:
        raise StoreUnavailable(
            "The folder %(folder)s cannot be made: %(reason)s.", folder=path, reason=error.strerror
        ) from error
