"""An engine in a process of its own, that a test may kill -9: ``python -m tests.postgres.engine_process``.

Settings come from the environment (``AVANAK_*``); it runs until it is ended.
"""

import engine.patch  # noqa: F401, I001 - first of all

import logging
import signal
import sys

import gevent
from gevent.event import Event

from engine.config import load_settings
from engine.runtime.controller import Engine
from engine.runtime.switchboard import parse_switches


def main() -> None:
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(name)s %(message)s")
    settings = load_settings()
    engine = Engine(settings)
    engine.start(parse_switches(settings.switches.get_secret_value()))
    ended = Event()
    gevent.signal_handler(signal.SIGTERM, ended.set)
    print("ready", flush=True)  # noqa: T201 - its parent reads it
    ended.wait()
    engine.stop(0.0)


if __name__ == "__main__":
    main()
