"""The address in the panel of what a message tells of, under the message where the panel's address is known."""

from __future__ import annotations

from engine.store.tables.support import Delivery

# By the first word of a message's key; {} is the number behind it.
_PATHS = {"campaign": "/campaigns/{}", "message": "/messages/{}", "credit": "/balance"}


def path_of(row: Delivery) -> str:
    """Where in the panel it is read on; empty: nowhere."""
    if row.ticket_id:
        return f"/tickets/{row.ticket_id}"
    if row.notice_id:
        return "/"
    kind, _slash, rest = str(row.key).partition("/")
    number = rest.partition("/")[0]
    return _PATHS[kind].format(number) if kind in _PATHS and number.isascii() and number.isdigit() else ""


def with_link(row: Delivery, web_url: str) -> Delivery:
    """The message with its address on a line of its own at the end; as it was where there is none."""
    path = path_of(row)
    if web_url and path:
        row.text = f"{row.text}\n\n{web_url}{path}"
    return row
