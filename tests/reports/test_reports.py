"""The result file's rows: one for each line, joined to its last attempt."""

from __future__ import annotations

import io
import json
import tracemalloc

from engine.clock import TEHRAN
from engine.services.campaigns.recipients import import_list
from engine.services.lists.reader import open_list
from engine.services.reports import campaign_report
from engine.services.reports.campaign_report import COLUMNS, report_columns, report_rows
from engine.store.database import db
from engine.store.tables.core import Attempt, Campaign, Recipient, Switch
from engine.store.threads import read, write

NOW = 1_700_000_000_000


def rows_of(campaign_id: int) -> tuple[list[str], list[dict[str, object]]]:
    campaign = read(lambda: Campaign.get_by_id(campaign_id))
    columns = report_columns(campaign)
    return columns, [dict(zip(columns, row, strict=True)) for row in report_rows(campaign, TEHRAN, read)]


def bring(campaign_id: int, text: str) -> None:
    with open_list(io.BytesIO(text.encode()), filename="list.csv") as reader:
        import_list(campaign_id, reader, write, NOW)


def test_a_row_for_each_line_with_the_lists_own_columns(campaign_id: int) -> None:
    bring(campaign_id, "شماره,نام,شهر\n09123456789,علی,یزد\n0912 345 6789,باز علی,قم\nabc,سارا,ری\n")
    columns, rows = rows_of(campaign_id)
    assert columns == [*COLUMNS, "شهر"]
    assert [row["number"] for row in rows] == ["09123456789", "09123456789", "abc"]
    assert [row["state"] for row in rows] == ["pending", "excluded", "excluded"]
    assert [row["disposition"] for row in rows] == ["", "duplicate", "not_a_number"]
    assert [(row["name"], row["شهر"]) for row in rows] == [("علی", "یزد"), ("باز علی", "قم"), ("سارا", "ری")]


def test_a_called_number_shows_its_last_attempt(campaign_id: int) -> None:
    bring(campaign_id, "number,vote\n09123456789,old\n")

    def work() -> None:
        switch = Switch.create(name="fs1", address="esl://x")
        attempt = Attempt.create(
            uuid="0-1", recipient_id=1, campaign_id=campaign_id, switch_id=switch.id, gateway_id=1,
            core_uuid="c", state="ended", try_no=2, created_at=NOW, answered_at=NOW, ended_at=NOW + 9_000,
            disposition="answered", hangup_cause="NORMAL_CLEARING", sip_status=200, heard_ms=8_600, vote="2",
        )  # fmt: skip
        Recipient.update(
            state="delivered", disposition="answered", tries=2, attempt_id=attempt.id, finished_at=NOW + 9_000
        ).execute()

    write(work)
    columns, (row,) = rows_of(campaign_id)
    assert columns[-1] == "vote (2)"
    assert row == {
        "number": "09123456789", "name": "", "state": "delivered", "disposition": "answered", "tries": 2,
        "hangup_cause": "NORMAL_CLEARING", "sip_status": 200, "answered_at": "2023-11-15T01:43:20+03:30",
        "heard_s": 8.6, "vote": "2", "gateway": "lab", "switch": "fs1", "attempt_uuid": "0-1",
        "finished_at": "2023-11-15T01:43:29+03:30", "vote (2)": "old",
    }  # fmt: skip


def test_an_empty_campaign_has_a_header_only(campaign_id: int) -> None:
    assert rows_of(campaign_id) == (list(COLUMNS), [])


def test_pages_join_without_gap_and_memory_stays_flat(campaign_id: int) -> None:
    count = campaign_report.PAGE_ROWS * 10 + 1

    def work() -> None:
        Campaign.update(columns='["ref"]').execute()
        values = [
            (campaign_id, n, f"+98912{n:07d}", "pending", json.dumps([f"x{n}"])) for n in range(1, count + 1)
        ]
        db.cursor().executemany(
            "INSERT INTO recipient (campaign_id, line, number, is_mobile, state, reason, variables, prompt,"
            " tries, uncounted_tries, next_at, avoid_gateway_id, disposition)"
            " VALUES (?, ?, ?, 1, ?, '', ?, '', 0, 0, 0, 0, '')",
            values,
        )

    write(work)
    campaign = read(lambda: Campaign.get_by_id(campaign_id))
    tracemalloc.start()
    seen = 0
    for seen, row in enumerate(report_rows(campaign, TEHRAN, read), start=1):
        assert row[-1] == f"x{seen}"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seen == count
    assert peak < 8_000_000  # a page or two; all rows together would take several times that
