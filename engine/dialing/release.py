"""Releases committed calls that wait for a trunk and may no longer leave."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from engine.dialing.calls import Call, CallTable
from engine.dialing.lanes import Lanes
from engine.errors import StoreUnavailable
from engine.store.claims import ClaimedCall, Due, Route, UndoHook, release
from engine.store.writer import Writer

log = logging.getLogger(__name__)


class UnsentCalls:
    """Takes waiting calls out of their trunks and returns their recipients to the queue.

    `hooks` undo, in the same transaction, what was written with the claims.
    """

    def __init__(
        self, lanes: Lanes, calls: CallTable, writer: Writer, hooks: Sequence[UndoHook] = ()
    ) -> None:
        self.lanes = lanes
        self.calls = calls
        self.writer = writer
        self.hooks = list(hooks)

    def release(
        self,
        switch_id: int | None = None,
        campaign_id: int | None = None,
        gateway_id: int | None = None,
        digits: set[str] | None = None,
    ) -> int:
        """Return calls that were not handed over to the queue; return how many.

        Those of a switch, a campaign, a gateway, to certain numbers (E.164 digits), or all.
        """
        calls: list[Call] = []
        for trunk in self.lanes.trunks.values():
            if switch_id in (None, trunk.switch.id) and gateway_id in (None, trunk.gateway.id):
                calls.extend(
                    trunk.take_out(campaign_id) if digits is None else trunk.take_out_numbers(digits)
                )
        if not calls:
            return 0
        for call in calls:
            self.calls.remove(call.uuid)
            self.lanes.give_seat(call)
            call.run.waiting -= 1
        claims = [_claim_of(call) for call in calls]
        try:
            return len(self.writer.call(lambda: release(claims, self.hooks)))
        except StoreUnavailable as error:
            # They stay `claimed` until the next recovery finds that they never left.
            log.warning("action=release_failed calls=%d error=%r", len(calls), str(error))
            return 0


def _claim_of(call: Call) -> ClaimedCall:
    due = Due(
        call.recipient_id,
        "+" + call.digits,
        call.recipient_state,
        call.tries,
        call.uncounted_tries,
        call.first_fault_at,
        call.prompt,
        0,
    )
    route = Route(call.switch_id, call.core_uuid, call.gateway_id)
    return ClaimedCall(call.attempt_id, call.uuid, call.run.id, due, route, call.tries + 1, call.created_at)
