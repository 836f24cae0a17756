"""Reading of uploaded lists for the check page, outside the request because a million lines take ten seconds.

A check writes only to the folder of its upload, so an interrupted one is simply started again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import gevent
from gevent.event import Event

from engine.errors import AvanakError

PATIENCE_S = 2.0  # the request waits so long; most lists are read by then
KEPT = 200  # finished checks that are kept


@dataclass(slots=True)
class Check:
    """One list that is being read: `rows` so far, and at the end its `result` or `error`."""

    rows: int = 0
    result: Any = None
    error: BaseException | None = None
    ended: Event = field(default_factory=Event)

    def note(self, rows: int) -> None:
        """Set the progress; called by the reading thread."""
        self.rows = rows


class Checks:
    """The checks of this process, by the upload's token."""

    def __init__(self, apart: Callable[[Callable[[], Any]], Any]) -> None:
        self._apart = apart
        self._known: dict[str, Check] = {}

    def begin(self, token: str, work: Callable[[Check], Any]) -> Check:
        """Run `work` in a thread, replacing an earlier check of this upload; wait up to `PATIENCE_S` for its end."""
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
