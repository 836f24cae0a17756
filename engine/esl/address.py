"""The address of a switch as people write it: ``esl://:PASSWORD@host:8021``."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from engine.errors import BadInput
from engine.esl import commands

DEFAULT_PORT = 8021
_SHAPE = "esl://:PASSWORD@HOST:8021"


@dataclass(frozen=True, slots=True)
class SwitchAddress:
    """Where a switch's event socket is; the password shows in no repr and no log."""

    host: str
    port: int
    password: str = field(repr=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_address(text: str) -> SwitchAddress:
    """``esl://:PASSWORD@HOST[:PORT]``; in the password ``%XX`` stands for a reserved character.

    BadInput in one sentence that never repeats the text, since the password is in it.
    """
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise BadInput(
            "switch address: host or port cannot be read; write %(shape)s", shape=_SHAPE
        ) from error
    if parts.scheme != "esl":
        raise BadInput("switch address: it must begin with esl://; write %(shape)s", shape=_SHAPE)
    if not host or any(c.isspace() or not c.isprintable() for c in host):
        raise BadInput("switch address: the host is missing; write %(shape)s", shape=_SHAPE)
    if parts.username:
        raise BadInput("switch address: the event socket knows no user names; write %(shape)s", shape=_SHAPE)
    if not parts.password:
        raise BadInput(
            "switch address: the password for %(host)s is missing; write %(shape)s", host=host, shape=_SHAPE
        )
    if port == 0:
        raise BadInput(
            "switch address: port 0 of %(host)s cannot be used; write %(shape)s", host=host, shape=_SHAPE
        )
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise BadInput(
            "switch address: nothing may follow host and port of %(host)s; write %(shape)s",
            host=host,
            shape=_SHAPE,
        )
    password = unquote(parts.password)
    commands.auth(password)  # refuses what could not be sent
    return SwitchAddress(host, port or DEFAULT_PORT, password)
