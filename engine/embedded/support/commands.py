"""The ``api`` commands for channels of the support line, and ``avanak_simulate`` for its people."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.embedded.calls import stamp
from engine.embedded.support.callcenter_api import callcenter_config
from engine.embedded.support.channels import Channel
from engine.embedded.support.house import SupportHouse
from engine.embedded.support.persons import Telephone
from engine.errors import BadInput

_NO_CHANNEL = "-ERR No such channel!\n"
_NO_SESSION = "-ERR Cannot locate session!\n"
SIMULATE = "ring NUMBER [WORD=…] | press NUMBER KEYS | leave NUMBER | phone EXTENSION WORD…"


def run(house: SupportHouse, command: str, argument: str) -> str | None:
    """The answer, or None when the command does not concern the support line."""
    if command == "callcenter_config":
        return callcenter_config(house.center, argument)
    if command == "db":
        return house.book.carry_out(argument)
    if command == "global_getvar":
        return house.globals.get(argument)
    if command == "global_setvar":
        name, _, value = argument.partition("=")
        house.globals[name] = value
        return "+OK"
    if command == "reloadacl":
        return "+OK acl reloaded\n"
    if command == "sofia_contact":
        return _contact(house, argument)
    if command == "module_exists" and argument == "mod_callcenter":
        return "true"
    if command == "avanak_simulate":
        return _simulate(house, argument.split())
    uuid, _, rest = argument.partition(" ")
    channel = house.channels.get(uuid)
    handler = _OF_CHANNELS.get(command)
    if channel is not None and handler is not None:
        return handler(house, channel, rest)
    return _WITHOUT.get(command)


def _contact(house: SupportHouse, argument: str) -> str:
    """Where a telephone is registered: every one, but those that are away."""
    profile, _, user = argument.rpartition("/")
    extension, _, domain = user.partition("@")
    if (profile, domain) != ("agents", "avanak.support") or not extension:
        return "error/user_not_registered"
    phone = house.telephones.get(extension)
    if phone is not None and phone.does == "away":
        return "error/user_not_registered"
    return f"sofia/agents/sip:{extension}@127.0.0.1:5070"


def _set_variables(_house: SupportHouse, channel: Channel, rest: str) -> str:
    for pair in rest.split(";"):
        name, _, value = pair.partition("=")
        channel.variables[name] = value
    return "+OK\n"


def _break(house: SupportHouse, channel: Channel, _rest: str) -> str:
    house.soon(channel, "break")
    return "+OK\n"


def _displace(house: SupportHouse, channel: Channel, rest: str) -> str:
    verb, _, path = rest.partition(" ")
    if verb == "start":
        house.heard(channel, path.removesuffix(" 0"))
    return "+OK Success\n"


def _record(_house: SupportHouse, channel: Channel, rest: str) -> str:
    verb, _, path = rest.partition(" ")
    if verb == "start":
        channel.recording = (Path(path), time.time_ns() // 1000)
    return "+OK Success\n"


def _transfer(house: SupportHouse, channel: Channel, rest: str) -> str:
    house.go(channel, rest.split(" ")[0])
    return "+OK\n"


def _exists(_house: SupportHouse, _channel: Channel, _rest: str) -> str:
    return "true"


def _get(_house: SupportHouse, channel: Channel, rest: str) -> str:
    return channel.variables.get(rest, "_undef_")


def _kill(house: SupportHouse, channel: Channel, rest: str) -> str:
    house.end(channel, rest.strip() or "NORMAL_CLEARING")
    return "+OK\n"


_OF_CHANNELS: dict[str, Callable[[SupportHouse, Channel, str], str]] = {
    "uuid_setvar_multi": _set_variables, "uuid_setvar": lambda house, channel, rest: _set_variables(
        house, channel, rest.replace(" ", "=", 1)
    ),
    "uuid_break": _break, "uuid_displace": _displace, "uuid_record": _record, "uuid_transfer": _transfer,
    "uuid_exists": _exists, "uuid_getvar": _get, "uuid_kill": _kill,
}  # fmt: skip
_WITHOUT = {
    "uuid_setvar_multi": f"{_NO_CHANNEL}-USAGE: <uuid> <var>=<value>;<var>=<value>...\n",
    "uuid_setvar": _NO_CHANNEL, "uuid_break": _NO_CHANNEL, "uuid_displace": _NO_SESSION,
    "uuid_record": _NO_SESSION, "uuid_transfer": _NO_CHANNEL,
}  # fmt: skip


def channel_rows(house: SupportHouse) -> list[dict[str, Any]]:
    """The rows of ``show channels``, with the columns that the engine reads."""
    return [
        {
            "uuid": one.uuid, "direction": "inbound" if one.is_inbound else "outbound",
            "created": stamp(one.created_us), "created_epoch": str(one.created_us // 1_000_000),
            "name": f"sofia/carrier/{one.number}", "state": "CS_EXECUTE", "cid_num": one.number,
            "dest": one.destination, "application": one.application, "context": "avanak_support",
            "callstate": "ACTIVE" if one.answered_us else "RINGING",
        }
        for one in house.channels.values()
    ]  # fmt: skip


def _simulate(house: SupportHouse, words: list[str]) -> str | None:
    """``avanak_simulate ring | press | leave | phone``; None when it does not concern the support line."""
    try:
        match words:
            case ["ring", number, *rest] if number.isdigit():
                return f"+OK {house.ring(number, rest).uuid}\n"
            case ["press", number, keys] if keys.strip("0123456789*#") == "":
                return _all(house, number, lambda channel: house.press(channel, keys))
            case ["leave", number]:
                return _all(house, number, lambda channel: house.end(channel, "NORMAL_CLEARING"))
            case ["phone", extension, *rest] if rest:
                house.telephones.setdefault(extension, Telephone()).change(rest)
                return f"+OK phone {extension} {' '.join(rest)}\n"
            case ["ring" | "press" | "leave" | "phone", *_]:
                return f"-USAGE: avanak_simulate {SIMULATE}\n"
    except BadInput as error:
        return f"-ERR {error}\n"
    return None


def _all(house: SupportHouse, number: str, do: Callable[[Channel], None]) -> str:
    """Call `do` for each call of a caller."""
    found = [one for one in house.channels.values() if one.is_inbound and one.number == number]
    for channel in found:
        do(channel)
    return f"+OK {len(found)}\n" if found else _NO_CHANNEL
