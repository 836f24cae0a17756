"""`avanakctl serve`: the engine and the web UI, in one process, until somebody stops it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import click

from engine.commands import common, running, trunks
from engine.commands.follow import Interrupts
from engine.config import Settings
from engine.errors import BadInput
from engine.runtime.switchboard import SwitchSpec, parse_switches
from engine.store.threads import write

log = logging.getLogger(__name__)


@click.command()
@common.switch_option
@click.option("--no-web", is_flag=True, help="The engine alone.")
@click.option("--web-only", is_flag=True, help="The web UI alone; an engine elsewhere makes the calls.")
@click.option(
    "--speed", type=float, default=1.0, show_default=True, help="Embedded switch: times as fast as life."
)
@click.option("--log-file", is_flag=True, help="Log to data_dir/log/avanak.log instead of standard error.")
def serve(switches: tuple[str, ...], no_web: bool, web_only: bool, speed: float, log_file: bool) -> int:
    """Run the engine and the web UI.  SIGTERM or Ctrl-C lets calls finish (AVANAK_DRAIN_S), a second ends them."""
    if no_web and web_only:
        raise BadInput("--no-web and --web-only leave nothing to run.")
    settings = common.settings_and_store(log_to_file=log_file)
    with Interrupts() as interrupts:
        if web_only:
            common.first_account(settings)
            with _web(settings):
                interrupts.first.wait()
            return 0
        specs = parse_switches(common.switch_words(settings, switches))
        with _engine(settings, specs, speed, interrupts):
            if no_web:
                _wait(interrupts)
            else:
                with _web(settings):
                    _wait(interrupts)
    return 0


def _wait(interrupts: Interrupts) -> None:
    interrupts.first.wait()
    common.note("Stopping: no further call is placed, those that are up finish.  A second signal ends them.")


@contextmanager
def _engine(
    settings: Settings, specs: Sequence[SwitchSpec], speed: float, interrupts: Interrupts
) -> Iterator[None]:
    """An engine that is stopped in order; at the second signal its calls are ended."""
    if trunks.is_embedded(specs):
        common.note(trunks.CALLS_NOBODY)
        for spec in specs:
            pin = partial(
                trunks.pin_gateway, spec.name, spec.name, settings.default_cps, settings.default_channels
            )
            write(pin)
    embedded = trunks.embedded_options(settings, specs, (), speed)
    with running.engine_here(settings, specs, embedded, interrupts) as engine:
        common.tell_password(engine.new_password)
        yield


@contextmanager
def _web(settings: Settings) -> Iterator[None]:
    """The web UI, listening, and what brings the lists in that come through it."""
    from engine.runtime.list_importer import Importer
    from webui import create_app
    from webui.server import serve as serve_app

    server = serve_app(create_app(settings), settings.web_host, settings.web_port)
    importer = Importer(settings)
    importer.start()
    common.note(f"Web UI: {server.url}")
    try:
        yield
    finally:
        server.stop()
        importer.stop()
