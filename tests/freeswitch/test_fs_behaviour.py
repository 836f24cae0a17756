"""A real FreeSWITCH passes the same scenarios as the embedded switch: what the one teaches holds for the other."""

from __future__ import annotations

import pytest

from tests.behaviour.scenarios import Calls, Commands
from tests.behaviour.switch_under_test import SwitchUnderTest
from tests.freeswitch.switch import Switch


@pytest.fixture(scope="module")
def switch(freeswitch: Switch, fs_prompts: dict[str, list[int]]) -> SwitchUnderTest:
    return SwitchUnderTest("127.0.0.1", freeswitch.esl_port, freeswitch.password, "lab", "six", 6000)


class TestReal(Calls, Commands):
    """All of them."""
