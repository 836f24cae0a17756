"""A call that is handed to a department of which nobody answers waits for everybody again, with its wait."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.clock import wall_ms
from engine.services.support_line import agents, transfers
from engine.services.support_line.agents import SYSTEM
from engine.store.tables.core import User
from engine.store.tables.support_line import SupportAgent
from engine.store.threads import read, write
from tests.runtime.conftest import start_lab
from tests.support_line.test_support_embedded import Line, line
from tests.waits import wait_for

__all__ = ["line", "start_lab"]


def test_a_department_that_does_not_answer_gives_the_call_back(
    line: Callable[..., Line], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.embedded.support.callcenter.MOST_WAIT_MS", 4_000)
    house = line(ring_agent_s=5)

    def billing() -> None:
        row = SupportAgent.get(SupportAgent.extension == "502")
        agents.change(
            SYSTEM, row.id, wall_ms(), outside_number="", wrap_up_s=0, is_active=True, belongs_to=("billing",)
        )

    write(billing)
    house.do("phone 501 answer talk=4000")
    house.do("phone 502 silent")
    house.free("501", "502")
    house.do("ring 09121110001")
    wait_for(lambda: house.call("+989121110001").state == "talking", "the talk")
    first = house.call("+989121110001")
    operator = read(lambda: User.get(User.username == "a501"))
    write(lambda: transfers.ask_department(operator, first.id, "billing", wall_ms()))

    def waits_for(queue: str) -> bool:
        return f"\n{queue}|" in house.api(f"callcenter_config queue list members {queue}")

    wait_for(lambda: waits_for("billing@avanak"), "the department's queue")
    wait_for(lambda: waits_for("support@avanak"), "the queue of all again")
    wait_for(lambda: not waits_for("billing@avanak"), "nobody in the department's")
    assert house.call("+989121110001").place_at == first.place_at
