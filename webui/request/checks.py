"""Lists that are being read for their pre-flight: outside the request, for a million lines take ten seconds.

A check writes nothing but the upload's own file, so one that was cut is simply begun again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import gevent
from gevent.event import Event

from engine.errors import AvanakError

PATIENCE_S = 2.0  # a list of usual size is read within the request that brings it
KEPT = 200  # checks that ended and that nobody asked for any more


@dataclass(slots=True)
class Check:
    """One list that is read; `rows` so far, and in the end its `result` or its `error`."""

    rows: int = 0
    result: Any = None
    error: BaseException | None = None
    ended: Event = field(default_factory=Event)

    def note(self, rows: int) -> None:
        """How far the reading has come; called from its thread."""
        self.rows = rows


class Checks:
    """The checks of this process, by the upload's token."""

    def __init__(self, apart: Callable[[Callable[[], Any]], Any]) -> None:
        self._apart = apart
        self._known: dict[str, Check] = {}

    def begin(self, token: str, work: Callable[[Check], Any]) -> Check:
        """Run `work` apart, in place of an earlier check of this upload; wait a little for its end."""
        check = self._known[token] = Check()
        for old in list(self._known)[:-KEPT]:
            del self._known[old]
        gevent.spawn(self._run, check, work)
        check.ended.wait(PATIENCE_S)
        return check

    def find(self, token: str) -> Check | None:
        return self._known.get(token)

    def forget(self, token: str) -> None:
        self._known.pop(token, None)

    def _run(self, check: Check, work: Callable[[Check], Any]) -> None:
        try:
            check.result = self._apart(lambda: work(check))
        except AvanakError as error:
            check.error = error
        except BaseException as error:
            check.error = error
            raise
        finally:
            check.ended.set()
