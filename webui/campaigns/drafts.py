"""Common parts of the pages of an unfinished campaign: its account, its steps, what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import render_template, url_for
from flask_babel import gettext as _

from engine.clock import wall_ms
from engine.errors import BadInput
from engine.services.accounts import accounts, permissions
from engine.services.campaigns import drafts
from engine.services.campaigns.rules import CampaignRules
from engine.services.campaigns.uploads import Pending
from engine.services.messages import prompts
from engine.services.messages.library import Message
from engine.services.messages.personal import Template, is_template
from engine.store.threads import read, write
from webui.i18n.sentences import said
from webui.request.context import web

LIST, MESSAGE, RULES, CHECK = "list", "message", "rules", "check"


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a new campaign; `is_done`: nothing of it is missing."""

    name: str
    title: str
    href: str
    is_done: bool


def steps(pending: Pending) -> list[Step]:
    """The four steps, in their order; each can be visited at any time."""
    token = pending.token
    has_list = bool(pending.list_name) and pending.checked is not None
    done = (has_list, pending.message_id is not None, bool(pending.rules))
    return [
        Step(LIST, _("Numbers"), url_for("new_list.show", token=token), done[0]),
        Step(MESSAGE, _("Message"), url_for("new_message.show", token=token), done[1]),
        Step(RULES, _("When and how"), url_for("new_rules.show", token=token), done[2]),
        Step(CHECK, _("Check"), url_for("new_campaign.check", token=token), False),
    ]


def next_href(pending: Pending, after: str) -> str:
    """Where to go after a step: to the next one, or straight to the check page when nothing is missing any more."""
    found = steps(pending)
    if all(step.is_done for step in found[:-1]):
        return found[-1].href
    place = [step.name for step in found].index(after)
    return found[place + 1].href


def keep(pending: Pending) -> None:
    """Save the changes, and the draft itself."""
    web().uploads.write(pending)
    now = wall_ms()
    write(lambda: drafts.note(pending, now))


def may_text(account: accounts.Account) -> bool:
    """Whether texts may follow the calls of this account, and somebody carries them."""
    is_carried = bool(web().settings.sms_url.get_secret_value())
    return is_carried and accounts.is_granted(account, permissions.TEXTS)


def message_of(pending: Pending) -> Message | None:
    """The message that was chosen."""
    message_id = pending.message_id
    return None if message_id is None else read(lambda: prompts.get(message_id, pending.account_id))


def lacking_columns(message: Message, columns: list[str]) -> str:
    """A sentence about columns that the message's text needs and the list lacks; empty if there are none."""
    if is_template(message.text):
        try:
            Template(message.text).check(columns)
        except BadInput as error:
            return said(error)
    return ""


def page(template: str, step: str, pending: Pending, **values: Any) -> str:
    """A page of a step."""
    return render_template(
        template,
        pending=pending,
        steps=steps(pending),
        step=step,
        name=CampaignRules.of_document(pending.rules).name if pending.rules else "",
        **values,
    )
