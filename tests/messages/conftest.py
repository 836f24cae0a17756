"""Engines of these tests, as those of tests/engine."""

from tests.engine.conftest import lab, start_lab

__all__ = ["lab", "start_lab"]
