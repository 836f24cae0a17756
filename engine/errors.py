"""Errors: one class for each case that callers treat differently.

The command line maps them to exit statuses, the web UI to HTTP statuses.
The message is one clear sentence that a person can act on, given as its English form and named values
(`engine.sentences`):
``BadInput("Line %(line)s has no number.", line=7)``.
"""

from __future__ import annotations

from typing import Any

from engine.sentences import Sentence


class AvanakError(Exception):
    """Root of all errors that Avanak raises on purpose.

    `message` is the English form, `values` are what it names, `sentence` is both; `str` of
    the error is the English sentence.  Without values a ``%`` in `message` stands for itself.
    """

    exit_status = 1
    http_status = 500
    wait_s: int | None = None  # after so many seconds it may be tried again; None: not known

    def __init__(self, message: str | Sentence = "", /, **values: Any) -> None:
        self.sentence = Sentence(message, **values)

    @property
    def message(self) -> str:
        return self.sentence.id

    @property
    def values(self) -> dict[str, Any]:
        return self.sentence.values

    def __str__(self) -> str:
        return str(self.sentence)

    def __reduce__(self) -> tuple[Any, ...]:
        # Subclasses take other arguments, so an error is pickled with its state and not by calling its class again.
        return _again, (type(self), self.args), self.__dict__


def _again(kind: type[AvanakError], args: tuple[Any, ...]) -> AvanakError:
    return kind.__new__(kind, *args)


class BadInput(AvanakError):
    """The input cannot be used; the message says what is wrong and where."""

    exit_status = 2
    http_status = 400


class NotFound(BadInput):
    """There is no such thing, or not for this account."""

    http_status = 404


class FileGone(NotFound):
    """The thing exists and is theirs, but its file is missing."""


class Conflict(BadInput):
    """The present state of the thing does not allow this."""

    http_status = 409


class NotAllowed(AvanakError):
    """The account or the person has no permission for this."""

    exit_status = 2
    http_status = 403


class SwitchUnavailable(AvanakError):
    """No switch can be reached, or the one asked for has gone."""

    exit_status = 3
    http_status = 503


class StoreUnavailable(AvanakError):
    """The database cannot be opened or written (full disk, stopped server)."""

    exit_status = 4
    http_status = 503


class EngineBusy(AvanakError):
    """Another engine holds what this one needs (a database, a lease, a port)."""

    exit_status = 5
    http_status = 409
