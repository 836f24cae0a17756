"""`avanakctl line …`: the support line's agents and prompts."""

from __future__ import annotations

from pathlib import Path

import click

from engine.clock import wall_ms
from engine.commands import common
from engine.commands.embedded_console import ask_embedded
from engine.errors import NotFound
from engine.services.accounts import people
from engine.services.messages.speech import Speech
from engine.services.support_line import QUEUE, agents, departments, voice_prompts
from engine.services.support_line.agents import SYSTEM
from engine.store.threads import read, write
from engine.switch_conf import support


@click.group()
def line() -> None:
    """The support line: who answers it, and what it says."""


@line.command("agent-add")
@click.argument("username")
@click.argument("extension")
@click.option("--outside-number", default="", help="Rung instead of a SIP telephone.")
@click.option(
    "--department",
    "belongs_to",
    multiple=True,
    default=(QUEUE,),
    type=click.Choice(tuple(departments.TITLES)),
    show_default=True,
    help="Department whose calls the agent takes; repeatable.",
)
@click.option(
    "--wrap-up-s", type=int, default=15, show_default=True, help="Pause after a call, before the next."
)
@common.json_option
def agent_add(
    username: str,
    extension: str,
    outside_number: str,
    belongs_to: tuple[str, ...],
    wrap_up_s: int,
    as_json: bool,
) -> None:
    """Make one of the staff an agent; the telephone's password is shown once."""
    common.settings_and_store()
    found = read(lambda: people.find(username))
    if found is None:
        raise NotFound("There is no person '%(username)s'.", username=username)
    made, secret = write(
        lambda: agents.add(
            SYSTEM,
            found.id,
            extension,
            wall_ms(),
            outside_number=outside_number,
            wrap_up_s=wrap_up_s,
            belongs_to=belongs_to,
        )
    )
    common.answer(
        {"agent": made, "extension": extension, "realm": secret.realm, "password": secret.password},
        as_json,
        lambda: click.echo(
            f"Agent {made}: user {extension}, domain {secret.realm}, password {secret.password}\n"
            "The switch knows it after `avanakctl line agents DIR` and `reloadxml`."
        ),
    )


@line.command("agents")
@click.argument("directory", metavar="DIR")
@common.json_option
def write_agents(directory: str, as_json: bool) -> None:
    """Write the agents' telephones into the configuration DIR that `conf install` made."""
    common.settings_and_store()
    rows = read(lambda: [(row.extension, row.a1_hash) for row in agents.everybody() if row.is_active])
    written = support.write_agents(Path(directory), rows)
    common.answer(
        {"files": [str(path) for path in written]},
        as_json,
        lambda: click.echo(f"{len(written)} agents written. Now: fs_cli -x reloadxml"),
    )


@line.command("ring", context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, required=True)
@common.switch_option
def ring(words: tuple[str, ...], switches: tuple[str, ...]) -> None:
    """Simulate a call to the support line of an embedded switch: NUMBER [patience=S] [talk=S] [PROMPT=KEYS]…

    `line ring 09121110008 offer=* confirm=1` waits for the offer, keeps its number, and is called back.
    `line ring phone 501 busy` says what an agent's telephone does: answer, busy, reject, silent or away, and
    ring= and talk= in seconds; `press NUMBER KEYS` and `leave NUMBER` act in a call that is up.
    """
    settings = common.settings_and_store()
    told = words if words[0] in ("phone", "press", "leave") else ("ring", *words)
    click.echo(ask_embedded(settings, switches, " ".join(told)))


@line.command("prompts")
@common.json_option
def prompts(as_json: bool) -> None:
    """Make the prompts that are missing; list those that cannot be made."""
    settings = common.settings_and_store()
    speech = Speech.of_settings(settings)
    try:
        made = voice_prompts.ensure(settings.prompts_dir, speech.samples)
    finally:
        speech.close()
    left = voice_prompts.missing(settings.prompts_dir)
    common.answer(
        {"made": made, "missing": left},
        as_json,
        lambda: click.echo(f"{made} made, {len(left)} missing."),
    )
