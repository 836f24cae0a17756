"""What tests of several dialling modules start with."""

from __future__ import annotations

import pytest

from tests.dialing.gateway_lab import Lab


@pytest.fixture
def lab() -> Lab:
    """A gateway and a clock."""
    return Lab()
