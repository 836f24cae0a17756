"""Errors, one class for each thing that a caller treats differently.

The command line maps them to exit statuses, the web UI to HTTP statuses;
the message is one clear sentence that a person can act on.
"""

from __future__ import annotations


class AvanakError(Exception):
    """Root of all errors that Avanak raises on purpose."""

    exit_status = 1
    http_status = 500


class BadInput(AvanakError):
    """What somebody gave us cannot be used; the message says what and where."""

    exit_status = 2
    http_status = 400


class NotFound(BadInput):
    """There is no such thing, or not for this account."""

    http_status = 404


class FileGone(NotFound):
    """What it was is known and is theirs, but its file is not there (any more)."""


class Conflict(BadInput):
    """The thing is there, but its present state does not allow this."""

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
    """Another engine holds what this one wants (a database, a lease, a port)."""

    exit_status = 5
    http_status = 409
