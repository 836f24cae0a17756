"""Read a contact list of any shape as rows with a number each, in chunks.

``open_list`` detects the kind of file (text or workbook), its encoding, delimiter, sheet, header and column of
numbers.  Iterating gives chunks of rows in which every number is normalised or has the reason why it is set aside.
Every line of the file is accounted for: it has a result, or `facts` counts it as a header, a title or blank.

The reading itself is a worker's (`engine.services.lists.worker`): here are one chunk, and
nothing that the file's writer could aim at.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, BinaryIO, Self

import numpy as np
import numpy.typing as npt

from engine.services.lists.choices import AS_FOUND, Choices, ListFacts, facts_of
from engine.services.lists.rows import ReadMode, Row, unpack
from engine.services.lists.source import MAX_BYTES, open_source
from engine.services.numbering.numbers import IN_IRAN, NumberRules, check_area
from engine.text import shown_name
from engine.workers import pool
from engine.workers.job import MB, Answer, Job, Lane, Limits

MAX_ROWS = 5_000_000
CHUNK_ROWS = 5_000

_LIMITS = Limits(memory=1_000 * MB, cpu_s=300, wall_s=600.0, answer_bytes=256 * MB)
_JOBS = {
    lane: Job("engine.services.lists.worker:read", _LIMITS, lane, kept=lane is Lane.LONG) for lane in Lane
}


class ListReader:
    """A list that has been opened. Iterate once: each step is a list of some thousand rows.

    Iterating raises BadInput for a line that cannot be read, and at the end if there was no valid number; discard
    what was read before.  `kept_columns` are the columns of `variable_columns` that are stored so far: the name first.
    """

    def __init__(
        self, filename: str, state: dict[str, Any], answers: Iterator[Answer], resources: ExitStack
    ) -> None:
        self.filename = filename
        self._answers = answers
        self._resources = resources
        self._take(state)

    def _take(self, state: dict[str, Any]) -> None:
        self.number_column: str = state["number_column"]
        self.variable_columns: list[str] = state["variable_columns"]
        self.kept_columns: list[str] = state["kept_columns"]
        self._facts = facts_of(state["facts"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the reader; a stream passed in stays open."""
        self._resources.close()

    def facts(self) -> ListFacts:
        """The facts about the list: from its first rows, or from all of it once it has been read to its end."""
        return self._facts

    def __iter__(self) -> Iterator[list[Row]]:
        for value, data in self._answers:
            if data:
                if value:
                    self.variable_columns, self.kept_columns = value
                yield unpack(data)
            else:
                self._take(value)

    def numbers(self) -> Iterator[npt.NDArray[np.int64]]:
        """Only the numbers to be called, in chunks, of a list that was opened with `only_numbers`.

        Duplicates are not removed.  Raises BadInput for a line that cannot be read.
        """
        for value, data in self._answers:
            if value is None:
                yield np.frombuffer(data, np.int64)
            else:
                self._take(value)


SENT = "CSV"  # the file name, in sentences, of lines that a program sent


def open_list(
    source: str | Path | BinaryIO,
    choices: Choices = AS_FOUND,
    accepted: NumberRules = IN_IRAN,
    *,
    filename: str | None = None,
    max_bytes: int = MAX_BYTES,
    max_rows: int = MAX_ROWS,
    only_numbers: bool = False,
    needs_number: bool = True,
    account: int | None = None,
    lane: Lane = Lane.LONG,
) -> ListReader:
    """Open a list.  Raises BadInput, in one sentence, if it is not one.

    ``source`` is a path (also of a pipe) or a binary stream (an upload); ``filename`` is its name for people.
    With `only_numbers` use `ListReader.numbers`, which takes half the time.  With `needs_number` a list without a
    number to call is refused at its end.
    The reader holds a worker and a turn of `account` in `lane` until it is closed: close it, or use it in a ``with`` statement.
    Raises QueueFull when too many lists of the account wait.
    """
    limits = {"max_rows": max_rows, "chunk_rows": CHUNK_ROWS, "needs_number": needs_number}
    mode = ReadMode.NUMBERS if only_numbers else ReadMode.ROWS
    with ExitStack() as resources:
        name, path = _on_disk(source, filename, max_bytes, resources)
        answers = pool.stream(
            _JOBS[lane],
            path,
            name,
            asdict(choices),
            _checked(accepted),
            limits,
            mode,
            account=account,
            what=name,
        )
        resources.callback(answers.close)
        begins = next(answers)
        return ListReader(name, begins.value, answers, resources.pop_all())


def open_sent(source: BinaryIO, columns: str, accepted: NumberRules, *, account: int) -> ListReader:
    """Open lines that a program sent and waits for.  Errors as in `open_list`.

    The columns with numbers are given, not guessed.  A list without a number to call is no error.
    """
    return open_list(
        source,
        Choices(columns=columns),
        accepted,
        filename=SENT,
        needs_number=False,
        account=account,
        lane=Lane.QUICK,
    )


def look_into(
    source: str | Path | BinaryIO,
    choices: Choices = AS_FOUND,
    accepted: NumberRules = IN_IRAN,
    *,
    filename: str | None = None,
    account: int | None = None,
) -> ListFacts:
    """Facts about the first rows of a list, even when no column of numbers is found.  Errors as in `open_list`."""
    with ExitStack() as resources:
        name, path = _on_disk(source, filename, MAX_BYTES, resources)
        (found,) = pool.stream(
            _JOBS[Lane.LONG],
            path,
            name,
            asdict(choices),
            _checked(accepted),
            {},
            ReadMode.FACTS,
            account=account,
            what=name,
        )
        return facts_of(found.value)


def _on_disk(
    source: str | Path | BinaryIO, filename: str | None, max_bytes: int, resources: ExitStack
) -> tuple[str, str]:
    """The list's name for people, and the path under which a worker finds it until `resources` are closed."""
    called = filename or (str(source) if isinstance(source, (str, Path)) else "")
    name = shown_name(called, "the list")
    return name, _path_of(open_source(source, name, resources, max_bytes), resources)


def _checked(accepted: NumberRules) -> dict[str, Any]:
    """The rules as the worker takes them.  Raises BadInput for an area code that is none."""
    return asdict(replace(accepted, area=check_area(accepted.area) if accepted.area else None))


def warm_up() -> None:
    """Start a worker before the first list arrives."""
    pool.warm(_JOBS[Lane.LONG])


def _path_of(file: BinaryIO, resources: ExitStack) -> str:
    """The path under which the worker finds the file; a file in memory is written to disk for the time."""
    try:
        return f"/proc/{os.getpid()}/fd/{file.fileno()}"
    except OSError:  # it has no descriptor
        copy = resources.enter_context(tempfile.NamedTemporaryFile(prefix="avanak-list-"))  # noqa: SIM115 - it is one
        file.seek(0)
        shutil.copyfileobj(file, copy)
        copy.flush()
        return copy.name
