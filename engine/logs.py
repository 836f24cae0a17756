"""Where log lines go: to standard error, or to a file that rotates."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import gevent

from engine.errors import StoreUnavailable
from engine.log_file import OneLine, SharedFileHandler
from engine.private_files import make_folder, make_root

log = logging.getLogger(__name__)

FILE = Path("log") / "avanak.log"  # below data_dir
_MAX_BYTES = 20_000_000
_KEPT = 5
_LOUD = (
    "apscheduler",
    "urllib3",
    "werkzeug",
    "geventwebsocket",
    "peewee",
)  # others' libraries: warnings only


def log_file(data_dir: Path) -> Path:
    """The log file of an installation."""
    return data_dir / FILE


def to_stderr(level: str) -> None:
    """Log to standard error, one line per event (services under systemd or Docker)."""
    _use(logging.StreamHandler(), level)


def to_file(data_dir: Path, level: str) -> None:
    """Log to ``data_dir/log/avanak.log``, one line per event, keeping five old files of 20 MB; several processes may use it.

    Raises StoreUnavailable when the file cannot be opened.
    """
    path = log_file(data_dir)
    make_root(data_dir)
    make_folder(path.parent)
    try:
        handler = SharedFileHandler(path, _MAX_BYTES, _KEPT)
    except OSError as error:
        raise StoreUnavailable(
            "The log %(path)s cannot be written: %(why)s.", path=path, why=error.strerror
        ) from error
    _use(handler, level)


def _use(handler: logging.Handler, level: str) -> None:
    formatter = OneLine("%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(level)
    gevent.get_hub().print_exception = _log_hub_error
    # A full disk must not print tracebacks of the logging itself over the progress bar.
    logging.raiseExceptions = False
    for name in _LOUD:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def _log_hub_error(
    context: Any, kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Replaces gevent's own handler, which prints tracebacks over what is on the terminal.

    An error in a thread pool (its context is a pair) is raised again in the caller.
    """
    level = logging.DEBUG if isinstance(context, tuple) else logging.ERROR
    log.log(level, "action=greenlet_failed where=%r", context, exc_info=(kind, error, trace))
