"""Parsers for the answers of ``api`` commands.

The switch answers in prose for people.  Each parser was written from recorded answers (tests/esl/transcripts/api-replies.esl)
and returns None if it does not find the expected words.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

import orjson

from engine.errors import SwitchUnavailable
from engine.esl.checks import HOST
from engine.esl.events import to_int

_LIMIT = re.compile(r"\+OK [a-z ]+: ([0-9]{1,9})\s*")
_SESSIONS = re.compile(r"^([0-9]{1,9}) session\(s\) - peak", re.MULTILINE)
_HOST_PORT = re.compile(r"[^:;>\s\[\]]+")
_VERSION = re.compile(r"FreeSWITCH Version ([0-9A-Za-z.~+-]{1,64})")


class BadAnswer(SwitchUnavailable):
    """The switch's answer cannot be parsed, and acting on a guess would be worse."""


RINGING_STATES = frozenset(("RINGING", "EARLY", "ACTIVE", "HELD"))  # callstate: the far end said something


@dataclass(frozen=True, slots=True)
class Channel:
    """One live channel of ``show channels``; ``created_at`` in epoch ms, whole seconds."""

    uuid: str
    created_at: int | None
    callstate: str
    direction: str


@dataclass(frozen=True, slots=True)
class GatewayStatus:
    """A gateway as sofia sees it: ``state`` (NOREG, REGED, FAIL_WAIT …), ``is_up``.

    ``host`` is the name of its carrier that the name server is asked for; empty where the proxy is an address.
    """

    name: str
    state: str
    is_up: bool
    failed_calls_out: int | None
    host: str = ""


def read_limit(text: str) -> int | None:
    """The number in ``+OK sessions per second: 1000`` or ``+OK max sessions: 5000``."""
    match = _LIMIT.fullmatch(text)
    return int(match[1]) if match else None


def read_version(text: str) -> str | None:
    """``1.10.12-release~64bit`` from ``FreeSWITCH Version 1.10.12-release~64bit ( 64bit)``."""
    match = _VERSION.match(text)
    return match[1] if match else None


def read_session_count(text: str) -> int | None:
    """The sessions now, from ``2 session(s) - peak 500, last 5min 3`` in ``status``."""
    match = _SESSIONS.search(text)
    return int(match[1]) if match else None


def read_exists(text: str) -> bool:
    """The answer to ``uuid_exists``; neither true nor false is a BadAnswer, never «gone»."""
    word = text.strip()
    if word not in ("true", "false"):
        raise BadAnswer("uuid_exists was answered '%(word)s' instead of true or false", word=word[:60])
    return word == "true"


def read_channels(text: str) -> list[Channel]:
    """The rows of ``show channels as json``; without any, FreeSWITCH leaves ``rows`` out.

    A list that cannot be read completely is a BadAnswer: a missing call would count as ended, and its callee might be
    called a second time.
    """
    try:
        answer = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadAnswer("show channels was answered '%(text)s', which is no JSON", text=text[:60]) from error
    rows = answer.get("rows", []) if isinstance(answer, dict) else None
    if not isinstance(rows, list) or answer.get("row_count") != len(rows):
        raise BadAnswer("show channels counts other rows than it lists")
    return [_read_channel(row) for row in rows]


def _read_channel(row: object) -> Channel:
    if not isinstance(row, dict) or not isinstance(row.get("uuid"), str):
        raise BadAnswer("show channels lists a channel without a uuid")
    seconds = to_int(str(row.get("created_epoch")))
    return Channel(
        uuid=row["uuid"],
        created_at=seconds * 1000 if seconds else None,
        callstate=str(row.get("callstate", "")),
        direction=str(row.get("direction", "")),
    )


def read_gateway(text: str) -> GatewayStatus | None:
    """``sofia status gateway NAME``; None for «Invalid Gateway!»."""
    fields: dict[str, str] = {}
    for line in text.split("\n"):
        name, tab, value = line.partition("\t")
        if tab:
            fields.setdefault(name.strip(), value.strip())
    if "Name" not in fields or "Status" not in fields:
        return None
    return GatewayStatus(
        name=fields["Name"],
        state=fields.get("State", ""),
        is_up=fields["Status"].startswith("UP"),
        failed_calls_out=to_int(fields.get("FailedCallsOUT")),
        host=read_host(fields.get("Proxy", "")),
    )


def read_host(proxy: str) -> str:
    """The name in ``sip:sip.carrier.example:5060``; empty for an address, or what is no name."""
    scheme, _, rest = proxy.partition(":")
    found = _HOST_PORT.match(rest.rpartition("@")[2]) if scheme in ("sip", "sips") else None
    if found is None or not HOST.fullmatch(found[0]):
        return ""
    try:
        ipaddress.ip_address(found[0])
    except ValueError:
        return found[0].lower()
    return ""
