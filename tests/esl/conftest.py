"""A server double for each test."""

import pytest

from tests.esl.esl_double import SwitchDouble


@pytest.fixture
def switch():
    double = SwitchDouble()
    yield double
    double.stop()
