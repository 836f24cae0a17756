"""Waiting for what other greenlets, threads and processes do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def wait_for(condition: Callable[[], Any], what: str = "it", timeout_s: float = 60.0) -> Any:
    """Wait until `condition()` is true; its value.  AssertionError with `what` after `timeout_s`."""
    deadline, pause_s = time.monotonic() + timeout_s, 0.01
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s:g} s: {what}")
        time.sleep(pause_s)  # of a greenlet: engine.patch is loaded before any test
        pause_s = min(0.05, pause_s * 1.5)  # what takes long is often dear to ask
    return found
