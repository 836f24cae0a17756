"""A receiver of web hooks for a bench, in a process of its own: `python -m engine.bench.receiver PORT`.

It answers every POST with 204.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from gevent.pywsgi import WSGIServer

from engine.bench.web import HOST, free_port, wait_until_served

ELSEWHERE = 10  # nice: in life it is another machine's work


@contextmanager
def receiver() -> Iterator[str]:
    """A receiver that runs; its address."""
    port = free_port()
    child = subprocess.Popen([sys.executable, "-m", "engine.bench.receiver", str(port)])  # noqa: S603 - our own module
    try:
        wait_until_served(port, child)
        yield f"http://{HOST}:{port}/"
    finally:
        child.terminate()
        child.wait(30)


def _answer(environ: dict[str, object], start_response: object) -> list[bytes]:
    environ["wsgi.input"].read()  # type: ignore[attr-defined]
    start_response("204 No Content", [])  # type: ignore[operator]
    return []


if __name__ == "__main__":
    os.nice(ELSEWHERE)
    WSGIServer((HOST, int(sys.argv[1])), _answer, log=None).serve_forever()
