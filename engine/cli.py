"""`avanakctl`: the one command line.  Each group of commands is a module, imported when it is used.

All errors are caught here: they become one sentence on standard error (or ``{"error": …}`` on standard output with
``--json``) and an exit status.  Tracebacks go to the log file only.

=====  ===========================================================
0      done
1      an error of our own; the log has the traceback
2      bad input
3      no switch can be reached
4      the database or the disk cannot be used
5      another engine or program holds what is needed (a port, the lock)
130    interrupted
=====  ===========================================================
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
from collections.abc import Sequence
from typing import NamedTuple

import click

from engine import __version__, interpreter
from engine.errors import AvanakError

log = logging.getLogger(__name__)

INTERRUPTED = 130


class _Command(NamedTuple):
    """Where a command is, and its line in `--help`, which needs no import."""

    module: str
    attribute: str
    help: str


COMMANDS = {
    "send": _Command("engine.commands.send", "send", "Call a list of numbers and play a message to each."),
    "campaign": _Command(
        "engine.commands.campaign", "campaign", "Create, start, pause and report on campaigns."
    ),
    "switch": _Command("engine.commands.switch", "switch", "Show and drain switches; run the embedded one."),
    "gateway": _Command("engine.commands.gateway", "gateway", "Add, list, change and drain gateways."),
    "serve": _Command("engine.commands.serve", "serve", "Run the engine and the web UI until stopped."),
    "conf": _Command("engine.commands.conf", "conf", "Check or install the switch's configuration."),
    "db": _Command("engine.commands.db", "db", "Create or upgrade the database."),
    "check-config": _Command("engine.commands.settings", "check_config", "Print all settings."),
    "person": _Command("engine.commands.person", "person", "People who log in to the web UI."),
    "hours": _Command("engine.commands.agreement", "hours", "Working time: deadlines, elapsed time, hours."),
    "sla": _Command("engine.commands.agreement", "sla", "The service agreement: availability, credits."),
    "account": _Command("engine.commands.account", "account_group", "Accounts of customers."),
    "ledger": _Command("engine.commands.ledger", "ledger_group", "Customers' credit, and the proof of it."),
    "do-not-call": _Command(
        "engine.commands.suppression", "do_not_call_group", "Manage the do-not-call list."
    ),
    "token": _Command("engine.commands.token", "token_group", "Access tokens of programs."),
    "line": _Command("engine.commands.line", "line", "The support line: agents, prompts."),
    "bench": _Command("engine.bench.command", "bench", "Measure how fast this machine dials."),
}


class LazyGroup(click.Group):
    """A group that imports its commands when they are used, so that `--help` is fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        command: click.Command = getattr(importlib.import_module(entry.module), entry.attribute)
        interpreter.tune()
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(f"There is no command {args[0]!r}; there are: {', '.join(COMMANDS)}.")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="avanakctl")
def cli() -> None:
    """Call many telephones through FreeSWITCH and play each a voice message."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; its exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in words
    try:
        result = cli.main(args=words, prog_name="avanakctl", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as end:
        return end.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _fail("Interrupted.", INTERRUPTED, as_json)
    except click.UsageError as error:
        hint = f" (see `{error.ctx.command_path} --help`)" if error.ctx is not None else ""
        return _fail(error.format_message().rstrip(".") + hint + ".", 2, as_json)
    except click.ClickException as error:
        return _fail(error.format_message(), 2, as_json)
    except AvanakError as error:
        log.debug("action=command_failed status=%d", error.exit_status, exc_info=True)
        return _fail(str(error), error.exit_status, as_json)
    except BrokenPipeError:
        # The reader of our output has gone (`avanakctl … | head`).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 - the one place; the traceback goes to the log
        return _fail(_unexpected(error), 1, as_json)
    return result if isinstance(result, int) else 0


def _fail(sentence: str, status: int, as_json: bool) -> int:
    if as_json:
        click.echo(json.dumps({"error": sentence, "status": status}, ensure_ascii=False))
    else:
        click.echo(f"avanakctl: {sentence}", err=True)
    return status


def _unexpected(error: Exception) -> str:
    """Write the traceback to the log file; return the sentence for the person."""
    from engine import logs  # noqa: PLC0415 - these are slow to import, and `--help` needs neither
    from engine.config import load_settings  # noqa: PLC0415

    where = ""
    try:
        settings = load_settings()
        logs.to_file(settings.data_dir, settings.log_level)
        log.critical("action=unexpected_error", exc_info=error)
        where = f" What led to it is in {logs.log_file(settings.data_dir)}."
    except AvanakError as second:
        where = f" It could not be logged: {second}"
    text = " ".join(str(error).split())[:200]
    return f"Something unexpected went wrong ({type(error).__name__}: {text}).{where}"
