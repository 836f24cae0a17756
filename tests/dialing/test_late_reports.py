"""A switch that reports ends late: when that is believed, and when it is over."""

from __future__ import annotations

from engine.dialing.late_reports import LATE_MS, OVER_S, LateReports


def test_two_late_reports_in_a_row_are_told_once() -> None:
    reports = LateReports()
    assert [reports.heard(LATE_MS, 100.0 + n) for n in range(4)] == [False, True, False, False]
    assert reports.are_late
    assert not reports.are_over(103.0 + OVER_S - 0.1)
    assert reports.are_late
    assert reports.are_over(103.0 + OVER_S)
    assert not reports.are_late
    assert not reports.are_over(200.0)  # said once


def test_single_ones_say_nothing_and_a_report_in_time_ends_it() -> None:
    reports = LateReports()
    for n in range(10):
        assert not reports.heard(60_000 if n % 2 else LATE_MS - 1, float(n))
    assert not reports.are_late
    reports.heard(3_000, 20.0)
    reports.heard(3_000, 21.0)
    assert reports.are_late
    reports.heard(-3_600_000, 22.0)  # its clock jumped
    assert not reports.are_late
    assert not reports.are_over(100.0)
