"""`avanakctl switch …`"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import click
import gevent

from engine.clock import wall_ms
from engine.commands import common
from engine.embedded.options import PASSWORD_ENV
from engine.errors import SwitchUnavailable
from engine.esl import answers, commands
from engine.esl.link import Link
from engine.esl.supervisor import ask_switch
from engine.runtime.switchboard import SwitchSpec, parse_switches
from engine.sentences import sentence_of
from engine.services.trunks import registrations
from engine.services.trunks import switches as known_switches
from engine.store.tables.core import Gateway
from engine.store.threads import read, write


@click.group()
def switch() -> None:
    """Show and drain switches; run an embedded one for trials."""


@switch.command()
@common.switch_option
@common.json_option
def status(switches: tuple[str, ...], as_json: bool) -> int:
    """Ask each switch for its status.  Exit status 3 when none answers.

    An embedded switch runs inside the engine; its last recorded status is shown.
    """
    settings = common.settings_and_store()
    specs = parse_switches(common.switch_words(settings, switches))
    names = [row.name for row in read(lambda: list(Gateway.select().order_by(Gateway.name)))]
    silent = read(lambda: known_switches.senders_silent(wall_ms()))
    jobs = [gevent.spawn(_ask, spec, names) for spec in specs if spec.address is not None]
    gevent.joinall(jobs)
    found = [job.get() for job in jobs] + _noted([spec for spec in specs if spec.address is None])
    rows = {row.name: row for row in read(known_switches.all_switches)}
    for one in found:
        row = rows.get(one["switch"])
        one["draining"] = bool(row and row.is_draining)
        one["idle_cpu"] = row.idle_cpu if row else None
        if one["draining"]:
            one["reason"] = f"Draining. {one['reason']}".strip()
        if one["switch"] in silent:
            sentence = known_switches.sender_sentence(common.iso(silent[one["switch"]]) or "")
            one["reason"] = f"{one['reason']} {sentence}".strip()
    columns = ("switch", "state", "calls", "max", "a second", "version", "gateways", "")
    common.answer(
        found,
        as_json,
        lambda: common.table(columns, [_row(one) for one in found], "No switch is known."),
    )
    return 0 if any(one["state"] == "up" for one in found) else SwitchUnavailable.exit_status


@switch.command()
@click.argument("name")
@click.option("--undo", is_flag=True, help="Use it again.")
def drain(name: str, undo: bool) -> None:
    """Place no new calls on the switch NAME; calls in progress continue."""
    common.settings_and_store()
    write(lambda: known_switches.drain(name, not undo, None, wall_ms()))
    click.echo(f"Switch {name} is used again." if undo else f"Switch {name} is draining.")


def _ask(spec: SwitchSpec, names: Sequence[str]) -> dict[str, Any]:
    """What a switch says of itself; `state` down with the reason when it does not answer."""
    assert spec.address is not None
    found: dict[str, Any] = {"switch": spec.name, "address": str(spec.address), "state": "down", "reason": ""}
    link = Link(spec.address.host, spec.address.port, spec.address.password)
    try:
        link.connect()
        info = ask_switch(link)
        told = {name: answers.read_gateway(link.api(commands.gateway_status(name))) for name in names}
        found |= {
            "state": "up",
            "version": info.version,
            "core_uuid": info.core_uuid,
            "sessions": answers.read_session_count(link.api(commands.status())),
            "max_sessions": info.max_sessions,
            "sessions_per_second": info.sessions_per_second,
            "gateways": {
                name: ("up" if at.is_up else at.state) for name, at in told.items() if at is not None
            },
            "reason": " ".join(_faults(spec.name, told)),
        }
    except SwitchUnavailable as error:
        found["reason"] = str(error)
    finally:
        link.close()
    return found


def _faults(switch_name: str, told: dict[str, answers.GatewayStatus | None]) -> Iterator[str]:
    """What is wrong with the gateways that the switch has, each as a sentence."""
    for name, at in told.items():
        fault = registrations.fault_of(at.state, at.is_up) if at is not None else ""
        if at is not None and fault:
            yield f"{name}: {registrations.sentence_of_fault(switch_name, at.state, fault)}"


def _noted(specs: Sequence[SwitchSpec]) -> list[dict[str, Any]]:
    """What the engine last wrote of the embedded switches."""
    rows = {row.name: row for row in read(known_switches.all_switches)}
    out = []
    for spec in specs:
        row = rows.get(spec.name)
        out.append(
            {
                "switch": spec.name,
                "address": row.address if row else "",
                "state": row.state if row else "never started",
                "reason": (str(sentence_of(row.state_reason)) if row else "")
                or "inside its engine, as last written",
                "sessions": row.sessions if row else None,
                "max_sessions": row.max_sessions if row else None,
                "sessions_per_second": row.sessions_per_second if row else None,
                "seen_at": common.iso(row.seen_at) if row else None,
            }
        )
    return out


def _row(one: dict[str, Any]) -> tuple[Any, ...]:
    gateways = " ".join(f"{name}:{state}" for name, state in one.get("gateways", {}).items())
    numbers = tuple(one.get(key) for key in ("sessions", "max_sessions", "sessions_per_second"))
    return (one["switch"], one["state"], *numbers, one.get("version", ""), gateways, one["reason"])


@switch.command(
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True}, add_help_option=False
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def simulate(words: tuple[str, ...]) -> None:
    """Run an embedded switch in the foreground; `switch simulate --help` lists its options.

    The event socket's password is that of AVANAK_EMBEDDED_PASSWORD, or made up and printed.
    """
    environment = dict(os.environ)
    if not environment.get(PASSWORD_ENV):
        environment[PASSWORD_ENV] = secrets.token_urlsafe(24)
        common.note(f"Password of its event socket: {environment[PASSWORD_ENV]}")
    common.note("This switch calls nobody.  Ctrl-C ends it.")
    sys.stdout.flush()
    # It is a program of its own without gevent, and takes this one's place.
    os.execve(sys.executable, [sys.executable, "-m", "engine.embedded", *words], environment)  # noqa: S606 - our own interpreter
