"""The options that say how a campaign is to be called, and the rules made of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import click

from engine.commands.common import Duration, Keys, words
from engine.config import Settings
from engine.errors import BadInput
from engine.services.accounts import accounts, permissions
from engine.services.campaigns.rules import CampaignRules
from engine.services.outbox import texts
from engine.services.outbox.texts import OUTCOMES, TextWanted
from engine.states import MessageKind, UnknownPolicy
from engine.store.threads import read

F = TypeVar("F", bound=Callable[..., Any])
REPORT_TYPES = (".csv", ".xlsx")


class TextAfter(click.ParamType):
    """A text for an outcome of a call, ``no_answer=We rang you``."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> TextWanted:
        if isinstance(value, TextWanted):
            return value
        outcome, sign, text = str(value).partition("=")
        if not sign or outcome not in OUTCOMES:
            self.fail(f"{value!r} is not OUTCOME=TEXT with one of {', '.join(OUTCOMES)}", param, ctx)
        return TextWanted(outcome, text.strip())


_OPTIONS = (
    click.option("--name", help="Name of the campaign; without it, that of the list."),
    click.option("--gateway", "gateways", multiple=True, metavar="NAME", help="Trunk to call by; repeatable."),
    click.option("--cps", type=float, metavar="N", help="Calls begun in a second, at most."),
    click.option("--channels", type=int, metavar="N", help="Calls at once, at most."),
    click.option("--weight", type=int, default=1, show_default=True, help="Share against the account's other campaigns."),
    click.option("--tries", "max_tries", type=int, default=1, show_default=True, help="Calls to each number, at most."),
    click.option(
        "--retry-after", "retry_after_s", type=Duration(), default="10m", show_default=True, help="Wait between tries."
    ),
    click.option(
        "--ring-timeout", "ring_timeout_s", type=Duration(), default="30s", show_default=True, help="Ring time-out."
    ),
    click.option(
        "--max-length", "max_length_s", type=Duration(), default="0", help="Longest call; the message's length and a margin."
    ),
    click.option("--window", "windows", default="", metavar="09:30-14:00,16:30-22:00", help="Calling hours."),
    click.option("--caller-id", default="", metavar="DIGITS", help="Number shown; without it, the gateway's."),
    click.option("--vote", "vote_keys", type=Keys(), default=None, metavar="1,2,3", help="Keys to vote with."),
    click.option("--repeat-key", default="", metavar="KEY", help="Key that plays the message again."),
    click.option("--opt-out", "optout", is_flag=True, help="11 takes the number off further calls."),
    click.option(
        "--record", "record_s", type=Duration(), default="0",
        help="Longest recording of the callee after the message; the account needs the permission.",
    ),
    click.option(
        "--text", "following", type=TextAfter(), multiple=True, metavar="OUTCOME=TEXT",
        help=f"Text message that follows a call to a mobile that ended so ({', '.join(OUTCOMES)}); repeatable.",
    ),
    click.option("--delivered-share", type=float, default=None, help="Share of the message to be heard, 0 to 1."),
    click.option("--kind", type=words(MessageKind), default=MessageKind.SERVICE.value, show_default=True),
    click.option(
        "--unknown", "unknown_policy", type=words(UnknownPolicy), default=UnknownPolicy.LEAVE.value, show_default=True,
        help="What to do with a call whose end is unknown after a crash.",
    ),
)  # fmt: skip


def rules_options(command: F) -> F:
    """Give a command all options of a campaign's rules."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def build_rules(settings_share: float, list_path: str, options: dict[str, Any]) -> CampaignRules:
    """The rules that the options of `rules_options` give, not checked yet; takes them out of `options`.

    `settings_share` stands for a ``--delivered-share`` that was not given.
    """
    named = {each.name for each in fields(CampaignRules)} - {"name"}
    values = {name: options.pop(name) for name in list(options) if name in named}
    values["gateways"] = tuple(dict.fromkeys(values["gateways"]))
    values["vote_keys"] = values["vote_keys"] or ""
    if values["delivered_share"] is None:
        values["delivered_share"] = settings_share
    return CampaignRules(name=options.pop("name") or Path(list_path).stem, **values)


def following_texts(options: dict[str, Any], settings: Settings, account_id: int | None) -> list[TextWanted]:
    """The texts of `--text`, taken out of `options`.  BadInput when nobody carries texts, SendingRefused when the account
    may not send them.
    """
    found: tuple[TextWanted, ...] = options.pop("following")
    if found and not settings.sms_url.get_secret_value():
        raise BadInput("--text: nobody carries text messages here (AVANAK_SMS_URL).")
    texts.check(found, ())
    if found and account_id is not None:
        read(lambda: accounts.require_grant(account_id, permissions.TEXTS))
    return list(found)


def check_report_path(path: str | None) -> None:
    """Refuse a report that could not be written at the end, before anybody is called."""
    if path is None:
        return
    if Path(path).suffix.lower() not in REPORT_TYPES:
        raise BadInput(
            "--report: a report is written as .csv or .xlsx, not as «%(name)s».", name=Path(path).name
        )
    if not Path(path).absolute().parent.is_dir():
        raise BadInput("--report: there is no folder %(parent)s.", parent=Path(path).absolute().parent)
