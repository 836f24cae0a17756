"""The options of an embedded switch: one dataclass, read from and written to a command line."""

from __future__ import annotations

import argparse
import dataclasses
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import BadInput

_DIALPLAN = Path(__file__).resolve().parents[2] / "dialplan"
PASSWORD_ENV = "AVANAK_EMBEDDED_PASSWORD"  # noqa: S105 - the name of a variable, not a password


@dataclass(slots=True)
class EmbeddedOptions:
    """Settings of one embedded switch.

    ``speed`` divides every time of a call (ringing, message, time-outs) and nothing else.  ``gateways`` are ``name`` or
    ``name:channels``.  ``prompts`` is the folder of the messages' WAV files; without it every message lasts
    ``message_seconds``.  ``recordings`` is the folder for recordings; without it there are none.  ``log`` is the far-end
    log, ``cdr`` the file of CDRs.  With ``support_numbers`` there is a support line, which executes the files of
    ``dialplan`` and stores mod_db's data in ``book``.
    """

    host: str = "127.0.0.1"
    port: int = 0
    password: str = "ClueCon"  # noqa: S105 - FreeSWITCH's own default, changed by whoever starts one
    seed: int = 1
    speed: float = 1.0
    sps: int = 3000
    max_sessions: int = 20000
    gateways: tuple[str, ...] = ("lab",)
    prompts: Path | None = None
    recordings: Path | None = None
    message_seconds: float = 10.0
    people: str = ""
    log: Path | None = None
    cdr: Path | None = None
    heartbeat_s: float = 20.0
    listener_queue: int = 100_000
    jobs_first: bool = False
    support_numbers: str = ""
    book: Path | None = None
    dialplan: Path = _DIALPLAN

    def argv(self) -> list[str]:
        """The command line of these options (the password is passed in the environment)."""
        words: list[str] = []
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            flag = "--" + field.name.replace("_", "-")
            if field.name == "password" or value is None or value == "" or value is False:
                continue
            if field.name == "gateways":
                for gateway in value:
                    words += ["--gateway", gateway]
            elif value is True:
                words.append(flag)
            else:
                words += [flag, str(value)]
        return words


def _parser() -> argparse.ArgumentParser:
    defaults = EmbeddedOptions()
    parser = argparse.ArgumentParser(
        prog="python -m engine.embedded",
        description="An event-socket server that behaves as FreeSWITCH does and calls nobody.",
    )
    add = parser.add_argument
    add("--host", default=defaults.host)
    add("--port", type=int, default=0, help="0 takes a free one; the line on stdout tells which")
    add("--password-env", default=PASSWORD_ENV, help="environment variable that holds the password")
    add("--seed", type=int, default=defaults.seed, help="the same seed gives the same people")
    add(
        "--speed",
        type=float,
        default=defaults.speed,
        help="divides the times of calls; 60 makes an hour a minute",
    )
    add("--sps", type=int, default=defaults.sps, help="sessions per second; N admits N-1, as FreeSWITCH does")
    add("--max-sessions", type=int, default=defaults.max_sessions, help="N admits N-1")
    add(
        "--gateway",
        action="append",
        dest="gateways",
        metavar="NAME[:CHANNELS]",
        help="repeatable; default lab",
    )
    add(
        "--prompts",
        type=Path,
        help="folder of the messages' WAV files; a message not there is a missing file",
    )
    add("--recordings", type=Path, help="folder for recordings, UUID.wav; without it none is made")
    add(
        "--message-seconds",
        type=float,
        default=defaults.message_seconds,
        help="length of messages without --prompts",
    )
    add("--people", default="", help="habits, for example answer=0.6,busy=0.1,ring_min_s=2")
    add("--log", type=Path, help="far-end log: one line for every phone that rang")
    add("--cdr", type=Path, help="call record, one line for every call that ended")
    add("--heartbeat-s", type=float, default=defaults.heartbeat_s)
    add("--listener-queue", type=int, default=defaults.listener_queue, help="events kept for a slow listener")
    add(
        "--jobs-first",
        action="store_true",
        help="BACKGROUND_JOB of a call that fails at once overtakes the reply",
    )
    add("--support-numbers", default="", help="numbers of the support line; without them there is none")
    add("--book", type=Path, help="file of the switch's own book (mod_db), which outlives it")
    add(
        "--dialplan",
        type=Path,
        default=_DIALPLAN,
        help="folder of the dialplan, of which support/ is followed",
    )
    add(
        "--until-stdin-closes", action="store_true", help="end when standard input does (the parent has died)"
    )
    return parser


def parse_argv(argv: Sequence[str]) -> tuple[EmbeddedOptions, bool]:
    """The options of a command line, and whether to stop at the end of standard input.  Raises BadInput."""
    words = vars(_parser().parse_args(argv))
    until_stdin_closes = words.pop("until_stdin_closes")
    variable = words.pop("password_env")
    password = os.environ.get(variable)
    if not password:
        raise BadInput(
            "the environment variable %(variable)s must hold the password of the event socket",
            variable=variable,
        )
    words["gateways"] = tuple(words["gateways"] or EmbeddedOptions().gateways)
    options = EmbeddedOptions(password=password, **words)
    if options.speed <= 0:
        raise BadInput("--speed must be above 0, not %(speed)s", speed=options.speed)
    if options.sps < 1 or options.max_sessions < 1:
        raise BadInput("--sps and --max-sessions must be at least 1")
    if options.prompts is not None and not options.prompts.is_dir():
        raise BadInput("--prompts: there is no folder %(prompts)s", prompts=options.prompts)
    if options.support_numbers and not (options.dialplan / "support").is_dir():
        raise BadInput("--dialplan: there is no folder %(folder)s", folder=options.dialplan / "support")
    return options, until_stdin_closes
