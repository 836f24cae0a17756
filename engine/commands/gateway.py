"""`avanakctl gateway …`"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from engine import codecs
from engine.clock import wall_ms
from engine.commands import common, gateway_trial
from engine.errors import BadInput
from engine.services.numbering import dialled
from engine.services.trunks import gateway_health, gateways, registrations
from engine.services.trunks.gateway_health import GatewayHealthSeen
from engine.services.trunks.registrations import TrunkSeen
from engine.store.tables.core import Gateway
from engine.store.threads import read, write

F = TypeVar("F", bound=Callable[..., Any])

_SETTINGS = (
    click.option("--cps", type=float, metavar="N", help="Calls begun in a second."),
    click.option("--channels", type=int, metavar="N", help="Calls at once."),
    click.option(
        "--prefixes",
        metavar='"98912 98935"',
        help="Only numbers with these prefixes (without +); all with ''.",
    ),
    click.option(
        "--numbers-as",
        "number_format",
        type=click.Choice(dialled.FORMATS),
        help="How the carrier wants numbers: 98912…, +98912…, 0098912… or 0912….",
    ),
    click.option("--dial-prefix", metavar="DIGITS", help="Dialled in front of each number; nothing with ''."),
    click.option("--priority", type=int, help="Lower ones are tried first."),
    click.option("--weight", type=int, help="Share among gateways of one priority."),
    click.option("--caller-id", metavar="DIGITS", help="Number shown to whoever is called."),
    click.option("--ptime-ms", type=int, help="Packet time: 20, 40 or 60 ms."),
    click.option(
        "--codecs", metavar="PCMA,PCMU", help="Codecs offered, in this order; G729 is passed through."
    ),
    click.option(
        "--transport",
        type=click.Choice(codecs.TRANSPORTS),
        help="Transport of SIP to the carrier; written by `conf install`.",
    ),
    click.option(
        "--srtp",
        type=click.Choice(codecs.SRTP),
        help="Whether its voice is encrypted, written by `conf install`; the keys travel in its SIP: use tls.",
    ),
    click.option(
        "--voice-to",
        type=click.Choice(codecs.VOICE_TO),
        help="Send voice where the SDP says (sdp), or where the carrier's voice comes from (source: a carrier"
        " behind NAT); written by `conf install`.",
    ),
    click.option(
        "--keys",
        type=click.Choice(gateways.KEYS),
        help="How pressed keys arrive; none: no votes and no opt-out.",
    ),
    click.option(
        "--cost",
        "cost_rials_a_minute",
        type=int,
        metavar="RIALS",
        help="Cost of a minute; among gateways of one priority the cheapest comes first.",
    ),
    click.option("--switch-name", metavar="NAME", help="The only switch that has it; every one with ''."),
)


def _settings_options(command: F) -> F:
    for option in reversed(_SETTINGS):
        command = option(command)
    return command


NO_CALLER_ID = (
    "It has no caller id: calls of accounts without one of their own show 0000000000."
    "  Set one: gateway set NAME --caller-id NUMBER"
)


KEYS_TO_READ = "The keys of its SRTP travel in SIP that everybody on the way can read; tls keeps them secret."

VOICE_TO_WORDS = {
    "sdp": "voice goes where the SDP says",
    "source": "voice goes where the carrier's voice comes from",
}


@click.group()
def gateway() -> None:
    """Manage gateways (SIP trunks), by their names in the switch's configuration."""


@gateway.command()
@click.argument("name")
@_settings_options
@common.json_option
def add(name: str, as_json: bool, cps: float | None, channels: int | None, **others: Any) -> None:
    """Add the gateway NAME with its limits."""
    settings = common.settings_and_store()
    given = {key: value for key, value in others.items() if value is not None}
    limits = (cps or settings.default_cps, channels or settings.default_channels)
    write(lambda: gateways.add(name, *limits, None, wall_ms(), **given))
    if not given.get("caller_id"):
        common.note(NO_CALLER_ID)
    _tell(name, as_json)


@gateway.command("list")
@common.json_option
def list_(as_json: bool) -> None:
    """All gateways."""
    common.settings_and_store()
    rows = read(lambda: list(Gateway.select().order_by(Gateway.priority, Gateway.name)))
    reports = _as_found(rows)
    columns = (
        "name",
        "cps",
        "channels",
        "priority",
        "weight",
        "rials a minute",
        "prefixes",
        "dialled as",
        "caller id",
        "packet ms",
        "codecs",
        "sip",
        "voice to",
        "switch",
        "draining",
        "as the switches see it",
        "as the engine finds it",
    )
    common.answer(
        [common.row_values(row) | reports[row.id] for row in rows],
        as_json,
        lambda: common.table(
            columns,
            [
                (
                    row.name,
                    row.cps,
                    row.channels,
                    row.priority,
                    row.weight,
                    row.cost_rials_a_minute,
                    row.prefixes,
                    f"{row.dial_prefix}{row.number_format}…",
                    row.caller_id,
                    row.ptime_ms,
                    row.codecs,
                    row.transport + (f" srtp {row.srtp}" if row.srtp != "none" else ""),
                    row.voice_to,
                    row.switch_name,
                    "yes" if row.is_draining else "",
                    " ".join(
                        one["fault"] or f"{one['switch']}: {one['state']}" for one in reports[row.id]["seen"]
                    ),
                    " ".join(one["sentence"] or "well" for one in reports[row.id]["found"]),
                )
                for row in rows
            ],
            "There is no gateway; `avanakctl gateway add NAME --cps N --channels N` makes one known.",
        ),
    )


def _as_found(rows: Sequence[Gateway]) -> dict[int, dict[str, list[dict[str, Any]]]]:
    """How switches see gateways (`seen`) and engines find them (`found`), by the gateway's id."""
    now = wall_ms()
    seen = read(lambda: registrations.seen_of(now))
    found = read(lambda: gateway_health.seen_of(now))
    return {
        row.id: {
            "seen": [_seen(one) for one in seen[row.id]],
            "found": [_found(one) for one in found[row.id]],
        }
        for row in rows
    }


def _seen(one: TrunkSeen) -> dict[str, Any]:
    return {
        "switch": one.switch,
        "state": one.state,
        "fault": str(one.sentence or ""),
        "since_at": common.iso(one.since_at),
    }


def _found(one: GatewayHealthSeen) -> dict[str, Any]:
    """How an engine finds it: its breaker, the share of its rate, the share of calls that the carrier refused."""
    return {
        "engine": one.engine,
        "state": one.state,
        "share": one.factor,
        "cps": one.cps,
        "fault_share": one.fault_share,
        "since_at": common.iso(one.since_at),
        "reopens_at": common.iso(one.reopens_at),
        "sentence": one.sentence.english(lambda at: common.iso(at) or "") if one.sentence else "",
    }


@gateway.command()
@click.argument("name")
@common.json_option
def show(name: str, as_json: bool) -> None:
    """All settings of NAME, and how switches and engines find it."""
    common.settings_and_store()
    row = read(lambda: gateways.get(name))
    found = common.row_values(row) | _as_found([row])[row.id]
    common.answer(found, as_json, lambda: _print_settings(found))


def _print_settings(found: dict[str, Any]) -> None:
    seen, health = found.pop("seen"), found.pop("found")
    lines = [(name, str(value)) for name, value in found.items()]
    lines += [(f"switch {one['switch']}", f"{one['state']} {one['fault']}".strip()) for one in seen]
    lines += [(f"engine {one['engine']}", one["sentence"] or "well") for one in health]
    width = max(len(name) for name, _ in lines)
    for name, value in lines:
        click.echo(f"{name:<{width}}  {value}".rstrip())


@gateway.command("set")
@click.argument("name")
@_settings_options
@common.json_option
def set_(name: str, as_json: bool, **values: Any) -> None:
    """Change limits or rules of NAME; engines apply them within a second."""
    common.settings_and_store()
    given = {key: value for key, value in values.items() if value is not None}
    if not given:
        raise BadInput("Nothing is to be changed: give --cps, --channels or another option.")
    write(lambda: gateways.change(name, None, wall_ms(), **given))
    _tell(name, as_json)


gateway.add_command(gateway_trial.test)


@gateway.command()
@click.argument("name")
@click.option("--undo", is_flag=True, help="Use it again.")
@common.json_option
def drain(name: str, undo: bool, as_json: bool) -> None:
    """Place no new calls through NAME; calls in progress continue."""
    common.settings_and_store()
    write(lambda: gateways.drain(name, not undo, None, wall_ms()))
    _tell(name, as_json)


def _tell(name: str, as_json: bool) -> None:
    row = read(lambda: gateways.get(name))
    if row.srtp != "none" and row.transport != "tls":
        common.note(KEYS_TO_READ)
    words = f"Gateway {row.name}: {row.cps:g} calls a second, {row.channels} channels; {VOICE_TO_WORDS[row.voice_to]}"
    common.answer(
        common.row_values(row),
        as_json,
        lambda: click.echo(words + (", draining." if row.is_draining else ".")),
    )
