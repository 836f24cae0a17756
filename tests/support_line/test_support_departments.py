"""Agents belong to departments: who may be handed a call, and who answers those who ring."""

from __future__ import annotations

import pytest

from engine.errors import BadInput
from engine.esl import support_line as commands
from engine.services.support_line import departments
from engine.services.tickets.department_rules import QUEUES
from engine.support_line.agents import WantedAgent, agree
from engine.support_line.answers import QueueAgent


def test_departments_are_the_queues_of_tickets_and_of_the_switch() -> None:
    assert tuple(departments.TITLES) == commands.DEPARTMENTS
    assert set(departments.TITLES) == set(QUEUES)


@pytest.mark.parametrize("names", [(), ("sales",), ("support", "x y")])
def test_an_agent_belongs_to_one_that_there_is(names: tuple[str, ...]) -> None:
    with pytest.raises(BadInput):
        departments.written(names)


def test_the_queues_follow_the_departments_and_are_told_once() -> None:
    assert departments.written(("quality", "support")) == "support quality"
    wanted = [WantedAgent("501", "available", "user/501@avanak.support", 0, 3, departments=("billing",))]
    first = agree(wanted, [], {}, {}).frames
    assert b"api callcenter_config tier add billing@avanak 501 1 1\n\n" in first
    assert b"api callcenter_config tier del support@avanak 501\n\n" in first


def test_an_agent_that_the_queue_knew_before_gets_the_delays_too() -> None:
    """Without them an agent whose telephone is busy would be offered the same call again at once."""
    wanted = [WantedAgent("501", "available", "user/501@avanak.support", 0, 3)]
    seen = [QueueAgent("501", "Available", "Waiting", "user/501@avanak.support", 0, 3, 0, 0)]
    delay = b"api callcenter_config agent set busy_delay_time 501 10\n\n"
    assert delay in agree(wanted, seen, {}, {}).frames
    assert agree(wanted, seen, {}, {"501": ("support",)}).frames == []
