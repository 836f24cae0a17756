"""`avanakctl gateway test`: how a number is dialled on a gateway, and what its carrier answers."""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import Any

import click

from engine import codecs
from engine.clock import monotonic_s, wall_ms
from engine.commands import common
from engine.commands.running import is_engine_running
from engine.config import Settings
from engine.dialing.causes import ACCOUNT_STATUSES
from engine.errors import AvanakError, BadInput, SwitchUnavailable
from engine.esl.originate import OriginateTemplate
from engine.services.campaigns import gateway_trials
from engine.services.campaigns.gateway_trials import Trial
from engine.services.compliance.policy import Policy
from engine.services.messages import prompts
from engine.services.messages.speech import Speech
from engine.services.numbering.dialled import dialled
from engine.services.numbering.numbers import NormalNumber, display, normalise
from engine.services.numbering.reasons import Reason
from engine.services.overview import alarms
from engine.services.trunks import gateway_health, gateways, registrations
from engine.states import Disposition
from engine.store.tables.core import Attempt, Gateway
from engine.store.threads import read, write
from engine.workers import pool

SAID = "این یک تماس آزمایشی از سامانه پیام صوتی است. لازم نیست کاری بکنید."
LOOK_S = 0.2
BEGINS_S = 30.0  # a call that was not begun by then is taken back
NO_SUCH = frozenset((404, 410, 484, 604))


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
    if row.is_draining:
        raise BadInput(
            "The gateway %(name)s is being drained: use it again first (gateway drain --undo).", name=name
        )
    trial = _ring(settings, row, found, message_path)
    has_rung = trial.attempt is not None and bool(trial.attempt.rang_at or trial.attempt.answered_at)
    said = sentence_of(trial)
    told["call"] = _call(trial, said)
    common.answer(told, as_json, lambda: click.echo(said))
    return 0 if has_rung else 1


def _told(row: Gateway, number: NormalNumber) -> dict[str, Any]:
    """What is known before anybody is called."""
    digits = number.e164.removeprefix("+")
    out = dialled(digits, row.number_format, row.dial_prefix)
    prefixes = tuple(row.prefixes.split())
    template = OriginateTemplate(
        row.name, "test", 1, caller_id=row.caller_id or None, ptime_ms=row.ptime_ms,
        codecs=tuple(row.codecs.split(",")), keys_in_voice=row.keys == "voice",
    )  # fmt: skip
    line = template.render(str(uuid.UUID(int=0)), 1, out).decode().partition("\n")[0]
    now = wall_ms()
    seen = read(lambda: registrations.seen_of(now))[row.id]
    ill = read(lambda: gateway_health.seen_of(now))[row.id]
    return {
        "gateway": row.name,
        "number": number.e164,
        "shown": display(number.e164),
        "dialled": out,
        "number_format": row.number_format,
        "dial_prefix": row.dial_prefix,
        "is_served": not prefixes or digits.startswith(prefixes),
        "caller_id": row.caller_id,
        "codecs": [codec for codec in row.codecs.split(",") if codec in codecs.KEPT],
        "ptime_ms": row.ptime_ms,
        "keys": row.keys,
        "transport": row.transport,
        "srtp": row.srtp,
        "is_draining": row.is_draining,
        "switches": [
            {"switch": one.switch, "state": one.state, "fault": str(one.sentence or "")} for one in seen
        ],
        "engines": [
            {"engine": one.engine, "state": one.state, "fault": str(one.sentence or "")} for one in ill
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
    placed = write(lambda: gateway_trials.place(row.name, number, prompt, length_ms, wall_ms(), policy))
    until = monotonic_s() + BEGINS_S
    while True:
        trial = read(lambda: gateway_trials.look(placed, wall_ms()))
        if trial.is_over or (trial.attempt is None and monotonic_s() > until):
            write(lambda: gateway_trials.end(placed, wall_ms()))
            return trial
        time.sleep(LOOK_S)


def _prompt(settings: Settings, path: str | None) -> tuple[str, int]:
    """The name of the stored message that is played, and its length in ms."""
    try:
        if path:
            return prompts.store_prompt(Path(path), settings.prompts_dir)
        speech = Speech.of_settings(settings)
        made = speech.make(SAID, settings.prompts_dir)
        return made.prompt, made.duration_ms
    except AvanakError as error:
        raise BadInput("The message cannot be made: %(why)s", why=error) from None
    finally:
        pool.close()


def sentence_of(trial: Trial) -> str:
    """What came of the call, in plain words."""
    call = trial.attempt
    if call is None:
        why = Reason(trial.set_aside).sentence if trial.set_aside else trial.waits_for
        return f"Nobody was called. {why}"
    if call.answered_at is not None:
        after_s = (call.answered_at - call.created_at) / 1000
        return (
            f"Answered after {after_s:.1f} s; {call.heard_ms / 1000:.1f} s of the message were heard."
            " The carrier takes numbers in this form."
        )
    said = " ".join(str(part) for part in (call.sip_status or "", call.hangup_cause) if part)
    rang = "It rang" if call.rang_at is not None else "It did not ring"
    return f"{rang}. {_why(call)} ({said})"


def _why(call: Attempt) -> str:
    """Why a call was not answered."""
    if call.sip_status in ACCOUNT_STATUSES:
        return "The carrier does not accept this gateway's account: user name, password, address or caller id"
    if call.disposition == Disposition.UNREACHABLE and call.sip_status in NO_SUCH:
        return (
            "The carrier knows no such number: it is wrong, or the carrier wants another form of it"
            " (gateway set NAME --numbers-as …, --dial-prefix …)"
        )
    if call.rang_at is None and call.sip_status is None and call.hangup_cause == "NO_ANSWER":
        return "Nothing came back from the carrier: its address, or a firewall on the way"
    if call.disposition in (Disposition.CONGESTION, Disposition.FAILED, Disposition.LOST):
        return "The carrier, or the switch, did not put the call through"
    return {
        Disposition.BUSY: "The line is busy",
        Disposition.NO_ANSWER: "Nobody answered",
        Disposition.REJECTED: "The call was refused",
        Disposition.UNREACHABLE: "The telephone cannot be reached",
        Disposition.CANCELLED: "The call was ended by hand",
    }.get(Disposition(call.disposition), "It failed")


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
