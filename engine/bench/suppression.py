"""`bench suppression`: check a contact list against a do-not-call list of the same length."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from engine.bench.crash_targets import PostgresTarget
from engine.bench.figures import peak_rss_mb
from engine.bench.kit import data_dir, numbers, settings_for
from engine.clock import wall_ms
from engine.runtime.opening import open_store
from engine.services.compliance import do_not_call as suppression
from engine.services.lists.reader import open_list
from engine.services.numbering.numbers import display
from engine.services.onboarding import first_start
from engine.store import do_not_call
from engine.store.do_not_call import EVERYBODY
from engine.store.threads import close_readers, read, write


def run_suppression(count: int, is_postgres: bool) -> dict[str, Any]:
    """Import `count` numbers to the do-not-call list of all advertising, then check as many contacts against it.

    The contact list is a CSV file with a name beside each number; every second number is on the do-not-call list.
    The whole of `avanakctl do-not-call check FILE` is measured.
    """
    with data_dir() as folder, ExitStack() as stack:
        database_url = ""
        if is_postgres:
            server = PostgresTarget(folder)
            server.start()
            stack.callback(server.end)
            database_url = server.url
        listed, contacts = folder / "listed.csv", folder / "contacts.csv"
        _write(listed, count, skip=count // 2)
        _write(contacts, count, skip=0)
        open_store(settings_for(folder, database_url))
        stack.callback(close_readers)
        write(lambda: first_start.ensure_first(wall_ms(), "bench-password"))
        began = time.monotonic()
        with open_list(listed) as reader:
            taken = suppression.import_list(EVERYBODY, reader, write, wall_ms())
        import_s = time.monotonic() - began
        began, cpu = time.monotonic(), time.process_time()
        with open_list(contacts, only_numbers=True) as reader:
            free, barred = suppression.check_list(reader, (EVERYBODY,), read)
        seconds, cpu = time.monotonic() - began, time.process_time() - cpu
        return {
            "contacts": count,
            "do_not_call": read(lambda: do_not_call.count(EVERYBODY)),
            "imported": taken.added,
            "import_seconds": import_s,
            "listed": barred,
            "free": free,
            "is_right": (free, barred) == (count // 2, count - count // 2),
            "check_seconds": seconds,
            "check_cpu_s": cpu,
            "peak_rss_mb": peak_rss_mb(),
        }


def _write(path: Path, count: int, skip: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write("number,name\n")
        file.writelines(f"{display(number)},Ali\n" for number in numbers(count, skip=skip))
