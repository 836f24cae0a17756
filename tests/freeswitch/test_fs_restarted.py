"""A carrier that dies while calls are up and comes back without knowing them, by UDP and by TCP (a reset connection)."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from engine.clock import wall_ms
from engine.services.messages import prompts as messages
from engine.services.trunks import gateways
from engine.store.threads import write
from engine.switch_conf.settings import GatewaySettings
from tests.freeswitch import prompts
from tests.freeswitch.engine_lab import running_engine
from tests.freeswitch.switch import running_carrier, running_switch
from tests.runtime.lab import Lab
from tests.waits import wait_for

CALLS = 8
MESSAGE_S = 5.0


def _setup(lab: Lab, transport: str) -> None:
    gateways.ensure("lab", 20, 100, wall_ms())
    lab.message_id = messages.add(1, transport, "five", int(MESSAGE_S * 1000), wall_ms())


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_calls_that_the_carrier_forgot_are_settled_and_made_once(
    freeswitch_binary: str, tmp_path: Path, transport: str
) -> None:
    with ExitStack() as living:
        first = living.enter_context(running_carrier(tmp_path / "first", "--transport", transport))
        trunk = GatewaySettings("lab", f"127.0.0.1:{first.port}", ptime_ms=20, transport=transport)
        switch = living.enter_context(running_switch(freeswitch_binary, tmp_path / "switch", (trunk,)))
        prompts.write_message(switch.prompts, "five", prompts.sweep(MESSAGE_S))
        (tmp_path / "data").mkdir()
        lab = living.enter_context(running_engine(switch, tmp_path / "data"))
        write(lambda: _setup(lab, transport))
        numbers = [f"091200{place}0000" for place in range(CALLS)]
        campaign_id = lab.campaign(numbers, gateways=["lab"], max_tries=2, retry_after_s=5)
        wait_for(lambda: lab.counts(campaign_id).live == CALLS, "all calls to be up", 20)
        wait_for(lambda: len(first.arrived) == CALLS, "the calls", 5)
        wait_for(
            lambda: all(call.answered_at for call in lab.engine.dialer.calls.by_uuid.values()),
            "the answers",
            10,
        )
        first.process.kill()
        first.process.wait(5)
        again = living.enter_context(
            running_carrier(tmp_path / "again", "--transport", transport, "--port", str(first.port))
        )
        lab.finish(campaign_id, 90)
        rows = [lab.recipient(campaign_id, "+98" + number[1:]) for number in numbers]
        invited = Counter(call["number"] for call in (*first.arrived, *again.arrived))
        # The voice goes on without its carrier: what was sent to its end counts, and nobody is called again for it.
        assert {(row.state, row.disposition, row.tries) for row in rows} == {("delivered", "answered", 1)}
        assert set(invited.values()) == {1}
        assert lab.counts(campaign_id).live == 0
