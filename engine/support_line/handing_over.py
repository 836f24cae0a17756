"""Transfers calls that agents hand over: each once, stored before it is done."""

from __future__ import annotations

from functools import partial

from engine.esl import support_line as commands
from engine.esl.link import Link
from engine.services.support_line import transfers
from engine.store.threads import read
from engine.store.writer import Writer


def begin_transfers(link: Link, writer: Writer, switch_id: int, now: int) -> None:
    """Begin the wanted transfers, to another agent's telephone or to a department's queue."""
    for one in read(lambda: transfers.wanted(switch_id)):
        if not writer.call(partial(transfers.begin, one.id, now)):
            continue
        to = {"avanak_extension": one.extension} if one.extension else {"avanak_department": one.department}
        link.post(
            [commands.tell(one.uuid, to), commands.hand_over(one.uuid, to_department=not one.extension)]
        )
