"""User names that are taken: whoever must choose a free one learns that somebody has theirs, but cannot try a list of names.

Nobody can choose a name without hearing that it is taken.  So that is told a few times, then there are waits as for wrong
passwords (`login_waits`), in which names that are free are refused like those that are not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.services.accounts import login_waits, people
from engine.store.threads import read, write
from webui.accounts.auth import too_many
from webui.forms.pages import PageForm, attempt

_COUNTED = "names that were taken"


def is_closed(form: PageForm, where: str, now: int) -> bool:
    """Whether no name may be tried now from `where`, a network or an account; the form says until when."""
    until = read(lambda: login_waits.closed_until(where, _COUNTED, now))
    if until is not None:
        form.complaint = too_many(until - now)
    return until is not None


def attempt_counted(
    form: PageForm, where: str, now: int, work: Callable[[], Any], *, writes: bool = True
) -> bool:
    """As `attempt`; a name that somebody has is counted for `where`."""
    told: list[bool] = []

    def noting() -> Any:
        try:
            return work()
        except people.NameTaken:
            told.append(True)
            raise

    is_done = attempt(form, noting, writes=writes)
    if told:
        write(lambda: login_waits.failed(where, _COUNTED, None, now))
    return is_done
