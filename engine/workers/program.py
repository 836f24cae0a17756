"""The program of a worker: it imports one function and runs it on request, within limits.

It is run by its path with the folder of the code, the function, its limits and the words of `prepare` (JSON).  It speaks
through standard input, which is a socket.  A request is four bytes of length and a JSON list
of arguments.  An answer is one letter (``v`` a value, ``e`` an error, ``.`` the end), the lengths of a
JSON value and of bytes (four bytes each), and both.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import select
import signal
import struct
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any

PAGE = os.sysconf("SC_PAGE_SIZE")
KEEP_SHARE = 4  # a worker that has grown by 1/KEEP_SHARE of its memory limit is not used again
DETAIL = 4_000  # characters of a traceback


def main() -> None:
    """Answer requests until the socket ends."""
    root, target, taking, words = sys.argv[1:5]
    limits = json.loads(taking)
    sys.path.insert(0, root)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the caller
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # writing fails instead
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(max(0, -os.nice(0)) + limits["nice"])  # never before others, as the engine that started it may be
    threading.Thread(target=_end_with_asker, daemon=True).start()
    try:
        work = _load(target, json.loads(words))
    except Exception as error:  # noqa: BLE001 - whatever it is, those who ask are told
        work = _unable(error)
    size = _size()
    if limits["memory"] is not None:
        resource.setrlimit(resource.RLIMIT_AS, (size + limits["memory"],) * 2)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits["file_bytes"],) * 2)
    while _is_asked(limits["idle_s"]):
        (length,) = struct.unpack("<I", _read(4))
        request = json.loads(_read(length))
        used = resource.getrusage(resource.RUSAGE_SELF)
        allowed = int(used.ru_utime + used.ru_stime) + 1 + limits["cpu_s"]
        resource.setrlimit(resource.RLIMIT_CPU, (allowed, resource.RLIM_INFINITY))
        most = size + limits["memory"] // KEEP_SHARE if limits["memory"] is not None else None
        if not _answer(work, request, most):
            return


def _end_with_asker() -> None:
    """End when the caller has ended, even during a job: another process may have its turn already."""
    end = select.poll()
    end.register(0, select.POLLRDHUP)
    end.poll()
    os._exit(0)


def _load(target: str, words: list[str]) -> Callable[..., Any]:
    name, _, function = target.partition(":")
    module = importlib.import_module(name)
    prepare = getattr(module, "prepare", None)
    if prepare is not None:
        prepare(*words)
    return getattr(module, function)  # type: ignore[no-any-return]


def _unable(error: Exception) -> Callable[..., Any]:
    """The replacement of a function that cannot be loaded."""

    def work(*_arguments: Any) -> Any:
        raise error

    return work


def _answer(work: Callable[..., Any], request: list[Any], most: int | None) -> bool:
    """Send the function's answers; False when this process has grown beyond `most` and must not be used again."""
    told: dict[str, Any] = {}
    try:
        found = work(*request)
        if isinstance(found, Iterator):
            for value, data in found:
                _send(b"v", value, data)
        else:
            _send(b"v", *found)
    except MemoryError:
        told = {"end": "memory"}
    except Exception as error:  # noqa: BLE001 - told to those who asked
        told = _told(error)
    told["more"] = "end" not in told and (most is None or _size() < most)
    _send(b"e" if len(told) > 1 else b".", told, b"")
    return bool(told["more"])


def _told(error: Exception) -> dict[str, Any]:
    """One of our errors with its sentence; for any other, its details for the log."""
    from engine.errors import AvanakError  # noqa: PLC0415 - run by its path: `main` makes `engine` known

    if isinstance(error, AvanakError):
        return {"error": type(error).__name__, "sentence": error.sentence.kept()}
    if isinstance(error, OSError) and error.errno == 27:  # EFBIG
        return {"end": "size"}
    return {"end": "crash", "detail": "".join(traceback.format_exception(error))[-DETAIL:]}


def _is_asked(idle_s: float | None) -> bool:
    """Wait for a request; False when none has come for so long that this process should end."""
    return bool(select.select([0], [], [], idle_s)[0])


def _size() -> int:
    """Bytes of address space that this process uses now."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * PAGE


def _read(size: int) -> bytes:
    parts = []
    while size:
        part = os.read(0, min(size, 1 << 20))
        if not part:
            sys.exit(0)
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _send(kind: bytes, value: Any, data: bytes) -> None:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    for part in (kind + struct.pack("<II", len(text), len(data)) + text, data):
        view = memoryview(part)
        while view:
            view = view[os.write(0, view) :]


if __name__ == "__main__":
    main()
