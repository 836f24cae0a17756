"""A trunk whose carrier's name has no address calls nobody: its faults say nothing of the numbers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.call_end import CallEnd
from engine.clock import wall_ms
from engine.dialing.retry import FREE_TRIES_A_GATEWAY
from engine.store.writer import Writer
from tests.dialing.recovery.house import House
from tests.store.cast import make_campaign


@pytest.fixture
def house(store: Writer) -> Iterator[House]:
    made = House()
    yield made
    made.stop()


@pytest.mark.parametrize(("is_unresolved", "state"), [(True, "retry_wait"), (False, "exhausted")])
def test_a_number_is_given_up_for_a_fault_that_may_be_its_own_only(
    house: House, is_unresolved: bool, state: str
) -> None:
    make_campaign(1)
    house.connect()
    assert (house.claim(), house.send()) == (1, 1)
    (call,) = house.calls()
    call.uncounted_tries = FREE_TRIES_A_GATEWAY
    end = CallEnd(
        call.uuid, "NORMAL_TEMPORARY_FAILURE", ended_at=wall_ms(), sip_status=503, is_unresolved=is_unresolved
    )
    house.dialer.call_events.on_hangup(end)
    (recipient,) = house.recipients()
    assert (recipient.state, recipient.tries) == (state, 0)
    gateway = house.dialer.lanes.gateways[call.gateway_id]
    assert gateway.unresolved_m > 0 if is_unresolved else gateway.unresolved_m < 0
