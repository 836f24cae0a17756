"""`avanakctl bench …`"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from engine.bench.figures import rows_of
from engine.bench.kit import Bench
from engine.bench.page_data import House
from engine.bench.sla import sla_command
from engine.errors import BadInput

_HOUSE = House()  # the default sizes


@click.group()
def bench() -> None:
    """Measure this machine.  Each bench uses a temporary data folder and removes it."""


_OPTIONS = {
    "messages": click.option("--messages", default=Bench.messages, show_default=True, type=click.IntRange(1)),
    "cps": click.option("--cps", default=Bench.cps, show_default=True, type=click.FloatRange(0.1, 5000)),
    "channels": click.option("--channels", default=Bench.channels, show_default=True, type=click.IntRange(1)),
    "switches": click.option(
        "--switch", "switches", multiple=True, help="esl://:PASSWORD@HOST:PORT; default: embedded."
    ),
    "gateway": click.option("--gateway", default=Bench.gateway, show_default=True),
    "message_s": click.option(
        "--message-seconds", "message_s", default=Bench.message_s, show_default=True,
        type=click.FloatRange(0.1, 600),
    ),
    "speed": click.option("--speed", default=Bench.speed, show_default=True, help="Speed of the embedded switch's clock."),
    "people": click.option(
        "--people", default=Bench.people, help="Habits of the embedded switch's people; default: all answer."
    ),
    "prompts": click.option(
        "--prompts", type=click.Path(path_type=Path), help="Where a real switch finds prompts."
    ),
    "ending": click.option(
        "--ending", default=Bench.ending, help="Last digits of every number, as a test carrier wants them."
    ),
    "listed": click.option(
        "--listed", default=Bench.listed, help="Recipients listed, of which --messages are dialled."
    ),
    "database_url": click.option(
        "--database", "database_url", default=Bench.database_url, help="Default: a new SQLite file."
    ),
    "hooks": click.option("--hooks", default=Bench.hooks, help="Web hooks that hear of each recipient's end."),
    "beside_web": click.option("--beside-web", is_flag=True, help="Beside a web process, which sends the web hooks."),
    "priced": click.option("--priced", is_flag=True, help="Dial for an account that pays for its calls."),
    "postgres": click.option(
        "--postgres", is_flag=True, help="A PostgreSQL server of the bench's own instead of SQLite."
    ),
    "as_json": click.option("--json", "as_json", is_flag=True),
}  # fmt: skip
LOAD = ("messages", "cps", "channels", "message_s")
CALLS = (*LOAD, "switches", "gateway", "speed", "people", "prompts", "ending")


def options_of(*names: str) -> Callable[[Any], Any]:
    """The named options, and --json."""

    def added(command: Any) -> Any:
        for name in reversed((*names, "as_json")):
            command = _OPTIONS[name](command)
        return command

    return added


@bench.command("dial")
@options_of(*CALLS, "listed", "database_url", "priced", "hooks", "beside_web")
def dial_command(as_json: bool, **options: Any) -> None:
    """Run a whole campaign through the engine, with everything recorded."""
    from engine.bench.dial import run_dial

    show("bench dial", run_dial(Bench(**options)).as_dict(), as_json)


@bench.command("raw")
@options_of(*CALLS)
def raw_command(as_json: bool, **options: Any) -> None:
    """Run a bare originate loop without a database, to compare with `bench dial`."""
    from engine.bench.raw import run_raw

    show("bench raw", run_raw(Bench(**options)).as_dict(), as_json)


@bench.command("quick")
@options_of(*CALLS, "database_url", "priced")
@click.option("--sends", default=300, show_default=True, type=click.IntRange(1))
def quick_command(as_json: bool, sends: int, **options: Any) -> None:
    """Measure the delay of quick sends (accepted to originate sent) while a large campaign runs."""
    from engine.bench.quick import run_quick

    show("bench quick", run_quick(Bench(**options), sends).as_dict(), as_json)


@bench.command("hooks")
@options_of(*LOAD)
@click.option("--hooks", default=9, show_default=True, type=click.IntRange(1, 10))
@click.option("--pairs", default=3, show_default=True, type=click.IntRange(1))
def hooks_command(as_json: bool, pairs: int, **options: Any) -> None:
    """Run campaigns with web hooks that hear of every call, and without, in turn."""
    from engine.bench.hooks import run_hooks

    show("bench hooks", run_hooks(Bench(**options), pairs), as_json)


@bench.command("import")
@options_of("messages", "database_url")
@click.option(
    "--beside",
    "beside_cps",
    type=click.FloatRange(0.1, 5000),
    help="Calls a second to dial during the import.",
)
def import_command(as_json: bool, messages: int, database_url: str, beside_cps: float | None) -> None:
    """Import --messages numbers from CSV (the design's target is for 1,000,000)."""
    from engine.bench.beside import run_import_beside
    from engine.bench.large import run_import

    figures = (
        run_import_beside(messages, database_url, beside_cps)
        if beside_cps
        else run_import(messages, database_url)
    )
    show("bench import", figures, as_json)


@bench.command("suppression")
@options_of("messages", "postgres")
def suppression_command(as_json: bool, messages: int, postgres: bool) -> None:
    """Check --messages contacts against a do-not-call list of the same length (the target is for 1,000,000)."""
    from engine.bench.suppression import run_suppression

    show("bench suppression", run_suppression(messages, postgres), as_json)


@bench.command("rest")
@options_of("messages", "cps")
@click.option(
    "--codes",
    default=60,
    show_default=True,
    type=click.IntRange(0),
    help="Number of codes to send by SendOTP; 0: none.",
)
def rest_command(as_json: bool, messages: int, cps: float, codes: int) -> None:
    """Ask one web process for --messages quick sends one by one, many in bulk, and codes beside a campaign at --cps."""
    from engine.bench.rest import run_codes, run_rest

    figures = run_rest(messages)
    if codes:
        figures |= run_codes(Bench(messages=int(cps) * 120, cps=cps), codes)
    show("bench rest", figures, as_json)


@bench.command("web")
@options_of("messages")
def web_command(as_json: bool, messages: int) -> None:
    """Upload --messages numbers through the web UI, wait for the import and download the report."""
    from engine.bench.web import run_web

    show("bench web", run_web(messages), as_json)


@bench.command("pages")
@options_of()
@click.option("--recipients", default=_HOUSE.recipients, show_default=True, type=click.IntRange(1))
@click.option("--accounts", default=_HOUSE.accounts, show_default=True, type=click.IntRange(1))
@click.option("--campaigns", default=_HOUSE.campaigns, show_default=True, type=click.IntRange(1))
@click.option("--tickets", default=_HOUSE.tickets, show_default=True, type=click.IntRange(1))
def pages_command(as_json: bool, **sizes: int) -> None:
    """Request every page of a large installation: at most 150 ms of the server's time and 100 kB each."""
    from engine.bench.pages import run_pages

    show("bench pages", run_pages(House(**sizes)), as_json)


@bench.command("scale")
@options_of(*LOAD)
@click.option("--sizes", default="10000,100000,1000000", show_default=True)
def scale_command(as_json: bool, sizes: str, **options: Any) -> None:
    """Measure CPU per call and memory for --messages calls from lists of several sizes."""
    from engine.bench.large import run_scale

    chosen = tuple(int(size) for size in sizes.split(",") if size.isdigit())
    if not chosen:
        raise BadInput("--sizes: expected numbers, as in 10000,100000.")
    show("bench scale", run_scale(Bench(**options), chosen), as_json)


@bench.command("soak")
@options_of(*CALLS, "database_url", "priced")
@click.option("--minutes", default=10.0, show_default=True, type=click.FloatRange(0.1))
def soak_command(as_json: bool, minutes: float, **options: Any) -> None:
    """Dial at --cps for --minutes with realistic callees; memory and CPU must stay flat."""
    from engine.bench.soak import run_soak

    show("bench soak", run_soak(Bench(**options), minutes), as_json)


@bench.command("hostile")
@click.option("--cps", default=270.0, show_default=True, type=click.FloatRange(0.1, 5000))
@click.option(
    "--seconds",
    default=8.0,
    show_default=True,
    type=click.FloatRange(1, 600),
    help="Duration of each attack.",
)
@click.option("--only", default="", help="Attacks, separated by commas.  Default: all.")
@click.option("--json", "as_json", is_flag=True)
def hostile_command(cps: float, seconds: float, only: str, as_json: bool) -> None:
    """Dial at --cps while one attacker at a time attacks the web UI over loopback."""
    from engine.bench.attacks import ATTACKS
    from engine.bench.hostile import run_hostile

    chosen = tuple(name.strip() for name in only.split(",") if name.strip())
    if not set(chosen) <= set(ATTACKS):
        raise BadInput("--only: known are %(names)s.", names=", ".join(ATTACKS))
    made = Bench(0, cps, 10_000, (), "embedded", 1.0, 1.0, "", None)
    rows = run_hostile(made, seconds, chosen)
    if as_json:
        click.echo(json.dumps(rows))
        return
    columns = list(rows[0])
    table = Table(*columns, title="bench hostile")
    for row in rows:
        table.add_row(*(value for _, value in rows_of(row)))
    Console(width=200).print(table)


bench.add_command(sla_command, "sla")


@bench.command("crash")
@options_of(*CALLS, "priced", "postgres")
@click.option("--rounds", default=20, show_default=True, type=click.IntRange(1))
@click.option(
    "--faults", default="engine,switch,database,stop,cut", show_default=True, help="Faults to use in turn."
)
@click.option("--stop-seconds", default=30.0, show_default=True, help="How long the switch is suspended.")
@click.option("--seed", default=1, show_default=True)
@click.option("--switch-command", default="", help="Starts a real --switch in the foreground.")
@click.option(
    "--far-end-log", type=click.Path(path_type=Path), help="JSON lines of the real switch's carrier."
)
@click.option("--cdr", type=click.Path(path_type=Path), help="The real switch's Master.csv.")
def crash_command(
    as_json: bool,
    rounds: int,
    faults: str,
    stop_seconds: float,
    seed: int,
    postgres: bool,
    switch_command: str,
    far_end_log: Path | None,
    cdr: Path | None,
    **options: Any,
) -> None:
    """Kill each part in turn; count at the far end the numbers called twice and the results lost."""
    from engine.bench.crash import FAULTS, run_crash
    from engine.bench.crash_targets import CommandTarget, EmbeddedTarget, PostgresTarget, SqliteTarget
    from engine.bench.kit import embedded_options
    from engine.esl.address import parse_address

    made = Bench(**options)
    chosen = tuple(faults.split(","))
    if not set(chosen) <= set(FAULTS):
        raise BadInput("--faults: known are %(faults)s.", faults=list(FAULTS))
    if made.switches and far_end_log is None:
        raise BadInput("A real switch needs --far-end-log, where the carrier writes who was rung.")

    def switch(folder: Path) -> EmbeddedTarget | CommandTarget:
        if not made.switches or far_end_log is None:
            return EmbeddedTarget(embedded_options(made, folder))
        return CommandTarget(parse_address(made.switches[0]), switch_command, far_end_log, cdr)

    def tell(number: int, fault: str, seconds: float) -> None:
        if not as_json:
            click.echo(f"round {number}: {fault}, dialling again after {seconds:.2f} s")

    result = run_crash(
        made,
        rounds,
        chosen,
        stop_seconds,
        seed,
        switch,
        PostgresTarget if postgres else SqliteTarget,
        tell,
    )
    show("bench crash", result.as_dict(), as_json)


@bench.command("callbacks")
@options_of("postgres")
@click.option("--rounds", default=20, show_default=True, type=click.IntRange(1))
@click.option("--seed", default=1, show_default=True)
def callbacks_command(as_json: bool, postgres: bool, rounds: int, seed: int) -> None:
    """Kill engine, switch, database and connection during call-backs of the support line; count at the far end."""
    from engine.bench.callbacks import run_callbacks
    from engine.bench.crash_targets import PostgresTarget, SqliteTarget

    def tell(number: int, fault: str) -> None:
        if not as_json:
            click.echo(f"round {number}: {fault}")

    found = run_callbacks(rounds, seed, PostgresTarget if postgres else SqliteTarget, tell)
    show("bench callbacks", found.as_dict(), as_json)


def show(title: str, figures: dict[str, Any], as_json: bool) -> None:
    """Print the figures, as one JSON document or as a table."""
    if as_json:
        click.echo(json.dumps(figures))
        return
    table = Table("figure", "value", title=title)
    for name, value in rows_of(figures):
        table.add_row(name, value)
    Console().print(table)
