"""Campaigns in the web UI: whose they are, what may be done, and the result file."""

from __future__ import annotations

import csv
import io
import json

import openpyxl
import pytest

from engine.clock import wall_ms
from engine.services.campaigns import why
from engine.store.tables.core import Campaign, CampaignCounts, CampaignPulse
from engine.store.threads import close_readers, read, write


def state_of(campaign_id: int) -> str:
    return str(read(lambda: Campaign.get_by_id(campaign_id).state))


def test_each_sees_their_own_and_staff_all(owner, outsider, operator, cast) -> None:
    assert "Autumn &lt;b&gt;" in owner.get("/").text
    assert "Autumn" not in outsider.get("/").text
    assert "Autumn" in operator.get("/campaigns").text


@pytest.mark.parametrize(
    "path", ["", "/live?state=draft", "/votes", "/message.wav", "/result.csv", "/result.xlsx"]
)
def test_another_accounts_campaign_is_not_there(outsider, cast, path: str) -> None:
    answer = outsider.get(f"/campaigns/{cast.campaign}{path}")
    assert answer.status_code == 404
    assert "Autumn" not in answer.text
    assert outsider.get(f"/campaigns/new?clone={cast.campaign}").status_code == 404


@pytest.mark.parametrize("action", ["start", "pause", "resume", "stop"])
def test_another_account_may_do_nothing(outsider, cast, action: str) -> None:
    assert outsider.post(f"/campaigns/{cast.campaign}/{action}").status_code == 404
    assert state_of(cast.campaign) == "draft"


def test_those_who_only_watch_may_only_watch(quality, cast) -> None:
    page = quality.get(f"/campaigns/{cast.campaign}")
    assert page.status_code == 200
    assert "/start" not in page.text
    assert quality.post(f"/campaigns/{cast.campaign}/start").status_code == 403
    assert quality.get("/campaigns/new").status_code == 403
    assert quality.get("/trunks").status_code == 200
    assert quality.get("/trunks/gateways/new").status_code == 403


def test_start_pause_resume_stop(operator, cast) -> None:
    path = f"/campaigns/{cast.campaign}"
    for action, state in (
        ("start", "running"),
        ("pause", "paused"),
        ("resume", "running"),
        ("stop", "stopped"),
    ):
        assert operator.post(f"{path}/{action}").location == path
        assert state_of(cast.campaign) == state
        assert operator.get(path).status_code == 200
    counts = read(lambda: CampaignCounts.get_by_id(cast.campaign))
    assert counts.cancelled == 2


def test_a_move_that_is_not_legal_is_one_sentence(operator, cast) -> None:
    answer = operator.post(f"/campaigns/{cast.campaign}/pause")
    assert answer.status_code == 409
    assert "cannot become paused" in answer.text
    operator.post("/language", {"language": "fa"})
    assert "«در مکث» نمی‌شود" in operator.post(f"/campaigns/{cast.campaign}/pause").text


def test_the_live_part_says_why_and_reloads_when_the_state_changes(operator, cast) -> None:
    operator.post(f"/campaigns/{cast.campaign}/start")
    now = wall_ms()
    details = json.dumps({"gateway": "lab", "cps": "10"})
    write(
        lambda: CampaignPulse.update(
            reason=why.GATEWAY_RATE, details=details, calls_up=1234, calls_per_second=9.5, ends_at=now, at=now
        ).execute()
    )
    page = operator.get(f"/campaigns/{cast.campaign}/live?state=running").text
    assert "Gateway lab is at its 10 calls a second." in page
    assert "1,234" in page
    assert "<html" not in page
    operator.post("/language", {"language": "fa"})
    page = operator.get(f"/campaigns/{cast.campaign}/live?state=running").text
    assert "درگاه lab به سقف ۱۰ تماس" in page
    assert "۱٬۲۳۴" in page
    assert operator.get(f"/campaigns/{cast.campaign}/live?state=paused").headers["HX-Refresh"] == "true"


def test_no_engine_is_said_plainly(operator, cast) -> None:
    operator.post(f"/campaigns/{cast.campaign}/start")
    write(lambda: CampaignPulse.update(at=wall_ms() - 60_000).execute())
    assert "is one running?" in operator.get(f"/campaigns/{cast.campaign}").text


def test_result_as_csv_and_workbook(operator, cast) -> None:
    answer = operator.get(f"/campaigns/{cast.campaign}/result.csv")
    named = f"attachment; filename=\"avanak-campaign-{cast.campaign}.csv\"; filename*=UTF-8''Autumn%20b.csv"
    assert answer.headers["Content-Disposition"] == named  # what no file may be called is left out
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [row["number"] for row in rows] == ['="09120000001"', '="09120000002"']
    answer = operator.get(f"/campaigns/{cast.campaign}/result.xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    assert [cell.value for cell in sheet["A"]] == ["number", "09120000001", "09120000002"]
    assert operator.get(f"/campaigns/{cast.campaign}/result.exe").status_code == 404


def test_errors_are_pages_with_a_sentence(owner, app) -> None:
    answer = owner.get("/campaigns/999999")
    assert answer.status_code == 404
    assert "Traceback" not in answer.text
    assert owner.get("/nothing").status_code == 404
    assert owner.get("/campaigns/1/start").status_code == 405

    def crash(campaign_id: int) -> str:
        raise ZeroDivisionError("secret detail")

    app.view_functions["campaigns.detail"] = crash
    answer = owner.get("/campaigns/1")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert "it has been noted" in answer.text


def test_a_database_that_is_away_is_a_page_too(owner, anyone, settings, tmp_path) -> None:
    close_readers()
    (tmp_path / "avanak.db").rename(tmp_path / "away.db")
    (tmp_path / "avanak.db").mkdir()
    answer = anyone.get("/healthz")
    assert answer.status_code == 503
    assert owner.get("/").status_code == 503


def test_campaigns_are_found_by_name_and_number(operator, cast) -> None:
    assert 'id="tab-open" href="/campaigns?show=open"' in operator.get("/campaigns").text
    assert (
        'id="tab-open" href="/campaigns?show=open&amp;text=autumn"'
        in operator.get("/campaigns?text=autumn").text
    )
    assert "Autumn &lt;b&gt;" in operator.get("/campaigns?text=autumn").text
    assert "Autumn &lt;b&gt;" in operator.get(f"/campaigns?text={cast.campaign}").text
    page = operator.get("/campaigns?text=100%25").text
    assert "Autumn" not in page
    assert "No campaign matches." in page


def test_what_became_of_a_number(operator, outsider, cast) -> None:
    path = f"/campaigns/{cast.campaign}"
    assert "Line 2 of the list" in operator.get(path + "?number=0912 000 0001").text
    assert "Line 3 of the list" in operator.get(path + "?number=۰۹۱۲۰۰۰۰۰۰۲").text
    for unknown in ("09120000003", "nobody", "0" * 200):
        assert "This number is not in the campaign." in operator.get(f"{path}?number={unknown}").text
    assert outsider.get(path + "?number=09120000001").status_code == 404
