"""Transfers calls that agents hand over: each once, stored before it is done."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from engine.esl import support_line as commands
from engine.esl.link import Link
from engine.services.support_line import calls, transfers
from engine.services.support_line.transfers import WantedTransfer
from engine.store.threads import read
from engine.store.writer import Writer
from engine.support_line.answers import read_members


def begin_transfers(link: Link, writer: Writer, switch_id: int, now: int) -> None:
    """Begin the wanted transfers, to another agent's telephone or to a department's queue."""
    for one in read(lambda: transfers.wanted(switch_id)):
        if writer.call(partial(transfers.begin, one.id, now)):
            _order(link, one)


def catch_up_transfers(link: Link, writer: Writer, switch_id: int, alive: Collection[str], now: int) -> None:
    """After a time without a connection: order again what the switch was not told, note who answered meanwhile."""
    for one in read(lambda: transfers.unanswered(switch_id)):
        if one.uuid not in alive:
            continue
        if link.api(commands.ask(one.uuid, "avanak_transfer")).strip() != str(one.id):
            _order(link, one)
            continue
        extension = _who_answered(link, one)
        if extension:
            writer.call(partial(calls.answered, one.uuid, extension, now))


def _order(link: Link, one: WantedTransfer) -> None:
    to = {"avanak_extension": one.extension} if one.extension else {"avanak_department": one.department}
    told = commands.tell(one.uuid, {**to, "avanak_transfer": str(one.id)})
    link.post([told, commands.hand_over(one.uuid, to_department=not one.extension)])


def _who_answered(link: Link, one: WantedTransfer) -> str:
    """The extension of the agent who talks in a call that was handed over; empty while nobody does."""
    if one.extension:
        taken = link.api(commands.ask(one.uuid, "avanak_taken")).strip()
        return one.extension if taken == str(one.id) else ""
    members = read_members(link.api(commands.member_list(one.department)))
    return next((each.serving for each in members if each.uuid == one.uuid and each.state == "Answered"), "")
