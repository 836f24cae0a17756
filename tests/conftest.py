"""For all tests: with CI=true nothing may be skipped but what needs a real FreeSWITCH; no example has a deadline."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# How long an example takes says something of the machine, not of the code: timings belong in benches.
settings.register_profile("avanak", deadline=None)
settings.load_profile("avanak")

MAY_SKIP = "tests/freeswitch/"
_skipped: list[str] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--hostile-requests", default="600", help="How many requests test_hostile_requests sends."
    )
    parser.addoption(
        "--hostile-areas",
        default="",
        help="Where it sends them: api, rest, pages, with commas; else everywhere.",
    )
    parser.addoption(
        "--hostile-fields", default="one", help="Whether test_hostile_fields writes one bad value or all."
    )
    parser.addoption("--lists", default="100", help="How many lists each test of test_every_line makes.")


def pytest_configure(config: pytest.Config) -> None:
    settings.register_profile("lists", deadline=None, max_examples=int(config.getoption("--lists")))


def _note_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if not report.skipped or hasattr(report, "wasxfail"):
        return
    needs_switch = report.nodeid.startswith(MAY_SKIP) or "freeswitch" in getattr(report, "keywords", ())
    if not needs_switch:
        _skipped.append(report.nodeid)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _note_skip(report)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    _note_skip(report)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if _skipped and os.environ.get("CI") == "true":
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _skipped and os.environ.get("CI") == "true":
        terminalreporter.write_sep("=", "skipped, which CI does not allow", red=True)
        for nodeid in sorted(set(_skipped)):
            terminalreporter.write_line(nodeid)
