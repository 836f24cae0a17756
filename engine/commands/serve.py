"""`avanakctl serve`: the engine and the web UI, each in a process of its own, until somebody stops them.

Kept light: the supervisor has nothing of either loaded.
"""

from __future__ import annotations

import os

import click

from engine import listening, logs, private_files
from engine.commands import supervise
from engine.commands.interrupts import Interrupts
from engine.config import load_settings
from engine.errors import BadInput

# Threads of glibc would each keep an arena of their own, in which what one large page took stays: two are enough.
_SMALL = {"MALLOC_ARENA_MAX": "2", "MALLOC_TRIM_THRESHOLD_": "1000000", "MALLOC_MMAP_THRESHOLD_": "262144"}
_SWITCHES = ("AVANAK_SWITCHES", "AVANAK_SWITCHES_FILE")


@click.command()
@click.option(
    "--switch",
    "switches",
    multiple=True,
    metavar="embedded|esl://:PASSWORD@HOST:8021",
    help="A switch to call through; repeatable.  Default: AVANAK_SWITCHES.",
)
@click.option("--no-web", is_flag=True, help="Only the engine, in this process.")
@click.option("--web-only", is_flag=True, help="Only the web UI; an engine elsewhere makes the calls.")
@click.option(
    "--speed",
    type=float,
    default=1.0,
    show_default=True,
    help="Speed of the embedded switch, as a multiple of real time.",
)
@click.option("--log-file", is_flag=True, help="Log to data_dir/log/avanak.log instead of standard error.")
@click.option("--supervised", is_flag=True, hidden=True, help="Standard input is the supervisor's socket.")
def serve(
    switches: tuple[str, ...], no_web: bool, web_only: bool, speed: float, log_file: bool, supervised: bool
) -> int:
    """Run the engine and the web UI, supervised, each in its own process.

    SIGTERM or Ctrl-C lets calls finish (AVANAK_DRAIN_S), a second ends them.
    """
    if no_web and web_only:
        raise BadInput("--no-web and --web-only leave nothing to run.")
    with Interrupts() as interrupts:
        if not no_web and not web_only:
            return _both(switches, speed, log_file, interrupts)
        from engine.commands import parts  # noqa: PLC0415 - the supervisor stays small

        link = supervise.Supervised(interrupts) if supervised else None
        if web_only:
            parts.web(log_file, interrupts, link)
        else:
            parts.engine(switches, speed, log_file, interrupts, link)
    return 0


def _both(switches: tuple[str, ...], speed: float, log_file: bool, interrupts: Interrupts) -> int:
    settings = load_settings()
    private_files.use_umask(settings.switch_group)
    if log_file:
        logs.to_file(settings.data_dir, settings.log_level)
    else:
        logs.to_stderr(settings.log_level)
    listening.check(settings.web_host, settings.web_port)
    common = ["serve", "--supervised", *(["--log-file"] if log_file else [])]
    # The switches' passwords: for the engine's eyes only, and on no command line.
    plain = {name: value for name, value in os.environ.items() if name not in _SWITCHES}
    for_web = {**_SMALL, **plain}
    for_engine = {**plain, "AVANAK_SWITCHES": _words(switches)} if switches else dict(os.environ)
    return supervise.run(
        [
            supervise.Part(
                "engine", [*common, "--no-web", "--speed", str(speed)], for_engine, settings.drain_s
            ),
            supervise.Part("web", [*common, "--web-only"], for_web),
        ],
        interrupts,
    )


def _words(switches: tuple[str, ...]) -> str:
    for word in switches:
        if not word.strip() or len(word.split()) != 1:
            raise BadInput("--switch takes one switch each time, not %(len)s words.", len=len(word.split()))
    return " ".join(switches)
