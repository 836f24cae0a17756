"""Engines of these tests, as those of tests/runtime."""

from tests.runtime.conftest import lab, start_lab

__all__ = ["lab", "start_lab"]
