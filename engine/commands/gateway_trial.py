"""`avanakctl gateway test`: how a number is dialled on a gateway, and what its carrier answers."""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import Any

import click

from engine import codecs
from engine.clock import wall_ms
from engine.commands import common
from engine.commands.running import is_engine_running
from engine.config import Settings
from engine.errors import AvanakError, BadInput, SwitchUnavailable
from engine.esl.originate import OriginateTemplate
from engine.services.campaigns import gateway_trials
from engine.services.campaigns.gateway_trials import Trial
from engine.services.compliance.policy import Policy
from engine.services.messages import prompts
from engine.services.messages.speech import Speech
from engine.services.numbering.numbers import NormalNumber, display, normalise
from engine.services.numbering.reasons import Reason
from engine.services.overview import alarms
from engine.services.trunks import gateways
from engine.store.tables.core import Gateway
from engine.store.threads import read, write
from engine.workers import pool


@click.command("test")
@click.argument("name")
@click.argument("number")
@click.option(
    "--ring", is_flag=True, help="Ring it once through the running engine, and tell what came back."
)
@click.option(
    "--message",
    "message_path",
    metavar="AUDIO",
    help="What is played with --ring, instead of a spoken sentence.",
)
@common.json_option
def test(name: str, number: str, ring: bool, message_path: str | None, as_json: bool) -> int:
    """Show how NUMBER is dialled on the gateway NAME and what the switches say of it; with --ring, ring it.

    Exit status 1: with --ring, no phone rang.
    """
    settings = common.settings_and_store()
    found = normalise(number, default_area=settings.default_area_code or None, allow_abroad=True)
    if isinstance(found, Reason):
        raise BadInput(found.sentence)
    row = read(lambda: gateways.get(name))
    told = _told(row, found)
    if not ring:
        common.answer(told, as_json, lambda: _print(told))
        return 0
    if not as_json:
        _print(told)
    trial = _ring(settings, row, found, message_path)
    said = str(gateway_trials.sentence_of(trial))
    told["call"] = _call(trial, said)
    common.answer(told, as_json, lambda: click.echo(said))
    return 0 if trial.has_rung else 1


def _told(row: Gateway, number: NormalNumber) -> dict[str, Any]:
    """What is known before anybody is called."""
    now = wall_ms()
    known = read(lambda: gateway_trials.dialling_of(row, number.e164, now))
    template = OriginateTemplate(
        row.name, "test", 1, caller_id=row.caller_id or None, ptime_ms=row.ptime_ms,
        codecs=tuple(row.codecs.split(",")), keys_in_voice=row.keys == "voice",
    )  # fmt: skip
    line = template.render(str(uuid.UUID(int=0)), 1, known.dialled).decode().partition("\n")[0]
    return {
        "gateway": row.name,
        "number": number.e164,
        "shown": display(number.e164),
        "dialled": known.dialled,
        "number_format": row.number_format,
        "dial_prefix": row.dial_prefix,
        "is_served": known.is_served,
        "caller_id": row.caller_id,
        "codecs": [codec for codec in row.codecs.split(",") if codec in codecs.KEPT],
        "ptime_ms": row.ptime_ms,
        "keys": row.keys,
        "transport": row.transport,
        "srtp": row.srtp,
        "is_draining": row.is_draining,
        "switches": [
            {"switch": one.switch, "state": one.state, "fault": str(one.sentence or "")} for one in known.seen
        ],
        "engines": [
            {"engine": one.engine, "state": one.state, "fault": str(one.sentence or "")}
            for one in known.found
        ],
        "endpoint": line.rpartition("}")[2].split(" ")[0],
        "variables": line.partition("{")[2].rpartition("}")[0].split(","),
    }


def _print(told: dict[str, Any]) -> None:
    serves = (
        "" if told["is_served"] else "; its prefixes do not serve it: campaigns never call it by this gateway"
    )
    form = f"as {told['number_format']}…"
    prefix = f", {told['dial_prefix']} in front" if told["dial_prefix"] else ""
    shown = told["caller_id"] or "none of its own: 0000000000, unless the account has one"
    sip = told["transport"] + (f", SRTP {told['srtp']}" if told["srtp"] != "none" else "")
    rows = [
        ("number", f"{told['number']} ({told['shown']}){serves}"),
        ("dialled", f"{told['dialled']} ({form}{prefix})"),
        ("the switch is told", told["endpoint"]),
        ("caller id", shown),
        ("codecs", f"{', '.join(told['codecs'])}, packets of {told['ptime_ms']} ms"),
        ("SIP", sip),
        ("pressed keys", told["keys"]),
    ]
    rows += [
        (f"switch {one['switch']}", f"{one['state'] or 'has no such gateway'}. {one['fault']}".strip())
        for one in told["switches"]
    ] or [("switches", "none has reported on it in the last minute and a half; does an engine run?")]
    rows += [(f"engine {one['engine']}", one["fault"]) for one in told["engines"] if one["fault"]]
    if told["is_draining"]:
        rows.append(("draining", "no call is placed by it"))
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        click.echo(f"{name:<{width}}  {value}")
    for one in told["variables"]:
        click.echo(f"{'':<{width}}  {one}")


def _ring(settings: Settings, row: Gateway, number: NormalNumber, message_path: str | None) -> Trial:
    """Have the running engine place the call, and wait for its end."""
    # An engine of this installation is known by its lock, one of another machine by its pulse.
    if not is_engine_running(settings) and not read(lambda: alarms.engine_seen(wall_ms()))[0]:
        raise SwitchUnavailable("No engine is running that could place the call: start `avanakctl serve`.")
    prompt, length_ms = _prompt(settings, message_path)
    policy = Policy.of_settings(settings)
    placed = write(lambda: gateway_trials.place(row, number, prompt, length_ms, None, wall_ms(), policy))
    return gateway_trials.follow(placed, read, write, time.sleep)


def _prompt(settings: Settings, path: str | None) -> tuple[str, int]:
    """The name of the stored message that is played, and its length in ms."""
    try:
        if path:
            return prompts.store_prompt(Path(path), settings.prompts_dir)
        speech = Speech.of_settings(settings)
        made = speech.make(gateway_trials.SAID, settings.prompts_dir)
        return made.prompt, made.duration_ms
    except AvanakError as error:
        raise BadInput("The message cannot be made: %(why)s", why=error) from None
    finally:
        pool.close()


def _call(trial: Trial, said: str) -> dict[str, Any]:
    call = trial.attempt
    if call is None:
        return {"said": said, "is_placed": False}
    return {
        "said": said,
        "is_placed": True,
        "disposition": call.disposition,
        "hangup_cause": call.hangup_cause,
        "sip_status": call.sip_status,
        "rang_at": common.iso(call.rang_at),
        "answered_at": common.iso(call.answered_at),
        "heard_ms": call.heard_ms,
    }
