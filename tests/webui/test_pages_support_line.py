"""The support line's pages: an agent's morning, what is known of a caller, reports as files."""

from __future__ import annotations

import io
import re

import pytest
from openpyxl import load_workbook

from engine.clock import TEHRAN, from_ms, wall_ms
from engine.services.support_line import agents, call_backs, calls, hours, settings
from engine.store.tables.core import User
from engine.store.tables.support import Ticket
from engine.store.tables.support_line import SupportAgent, SupportCall
from engine.store.threads import read, write
from tests.webui.world import MARK, SAMPLE

UUID = "01a22446-63cb-765f-9ed0-7b8557d7cf99"
CALLER = "989123334455"

pytestmark = pytest.mark.usefixtures("unlimited")


@pytest.fixture
def waiting(world) -> int:
    """A caller whom nobody knows waits in the queue."""
    now = wall_ms()
    write(lambda: calls.came(UUID, 1, "", CALLER, now - 95_000))
    write(lambda: calls.joined(UUID, now - 90_000))
    return read(lambda: SupportCall.get(SupportCall.uuid == UUID).id)


def state_of(name: str) -> tuple[str, str]:
    row = read(lambda: SupportAgent.get(SupportAgent.name == name))
    return row.state, row.reason


def test_an_agents_morning(app, world, enter) -> None:
    browser = enter("operator")
    page = browser.get("/line?lang=en").text
    assert 'action="/line/sign-in"' in page
    browser.post("/line/sign-in", page="/line")
    assert state_of("operator") == ("available", "")
    browser.post("/line/pause", {"reason": "lunch"}, page="/line")
    assert state_of("operator") == ("paused", "lunch")
    refused = browser.post("/line/pause", {"reason": "no_answer"}, page="/line")
    assert refused.status_code == 400
    assert state_of("operator") == ("paused", "lunch")
    browser.post("/line/sign-out", page="/line")
    assert state_of("operator") == ("signed_out", "")
    page = browser.get("/line").text
    assert 'action="/line/sign-out"' not in page


def test_who_is_no_agent_is_told_so(app, world, enter) -> None:
    browser = enter("admin")
    answer = browser.post("/line/sign-in", page="/line", follow_redirects=True)
    assert answer.status_code == 200
    assert "alert-danger" in answer.text


def test_the_wallboard_shows_who_waits_and_what_is_owed(app, world, enter, waiting: int) -> None:
    page = enter("quality").get("/line/live").text
    assert f"/line/calls/{waiting}" in page
    assert f"/line/call-backs/{world.ids['call_back_id']}" in page


def test_the_wallboard_says_whose_telephone_is_away_and_that_no_engine_is_there(
    app, world, enter, monkeypatch
) -> None:
    monkeypatch.setattr(hours, "office", lambda now: hours.OpenHours(True, now, now + 3_600_000))
    monkeypatch.setattr("webui.support_line.wallboard.engine_seen", lambda now: (True, now))
    browser = enter("operator")
    browser.post("/line/sign-in", page="/line")
    row = read(lambda: SupportAgent.get(SupportAgent.name == "operator"))
    write(lambda: agents.note_seen({row.extension: "unregistered"}, wall_ms()))
    page = browser.get("/line/live?lang=en").text
    assert "none of the agents' telephones can be rung" in page
    assert "your telephone is not connected" in page
    assert "No engine runs" not in page
    assert "not connected" in browser.get("/line/agents").text
    write(lambda: agents.note_seen({row.extension: "unusable"}, wall_ms()))
    page = browser.get("/line").text
    assert "connected, but cannot be rung" in page
    assert "look at its SIP settings" in page
    write(lambda: agents.note_seen({row.extension: "waiting"}, wall_ms()))
    assert "connected" not in browser.get("/line/agents").text
    page = browser.get("/line/live").text
    assert "alert-danger" not in page
    for seen_at, words in ((wall_ms() - 900_000, "as they were at"), (None, "as they were when it ended")):
        monkeypatch.setattr("webui.support_line.wallboard.engine_seen", lambda now, at=seen_at: (False, at))
        assert words in browser.get("/line/live").text
    browser.post("/line/sign-out", page="/line")
    assert "nobody takes calls" in browser.get("/line/live").text


def test_a_call_gets_notes_and_a_ticket_once(app, world, enter, waiting: int) -> None:
    browser, path = enter("operator"), f"/line/calls/{waiting}"
    browser.post(f"{path}/notes", {"notes": "asks <b>again</b>"}, page=path)
    page = browser.get(path).text
    assert "asks &lt;b&gt;again&lt;/b&gt;" in page
    wanted = {"department": "support", "subject": "No sound", "text": "The message is silent"}
    refused = browser.post(f"{path}/ticket", wanted, page=path)
    assert refused.status_code == 400  # nobody knows whose it is
    wanted["account_id"] = str(world.ids["account_id"])
    for _ in range(2):
        assert browser.post(f"{path}/ticket", wanted, page="/line").status_code == 302
    row = read(lambda: calls.get(waiting))
    assert row.account_id == world.ids["account_id"]
    ticket = read(lambda: Ticket.get_by_id(row.ticket_id))
    assert ticket.subject == "No sound"
    assert MARK in browser.get(f"/line/calls/{world.ids['call_id']}").text


def test_a_call_is_put_into_an_open_ticket(app, world, enter) -> None:
    browser, path = enter("operator"), f"/line/calls/{world.ids['call_id']}"
    found = read(lambda: calls.dossier(User.get(User.username == "operator"), world.ids["call_id"]))
    chosen = found.open_tickets[0].id
    answer = browser.post(f"{path}/continue", {"ticket_id": str(chosen), "text": "rang about it"}, page=path)
    assert answer.status_code == 302
    assert read(lambda: calls.get(world.ids["call_id"])).ticket_id == chosen


def test_a_call_back_is_taken_off_with_a_reason(app, world, enter) -> None:
    browser, path = enter("operator"), f"/line/call-backs/{world.ids['call_back_id']}"
    assert browser.post(path, {"reason": ""}, page=path).status_code == 400
    assert browser.post(path, {"reason": "they wrote instead"}, page=path).status_code == 302
    assert read(lambda: call_backs.get(world.ids["call_back_id"])).state == "cancelled"
    assert browser.post(path, {"reason": "once more"}, page=path).status_code == 400


def chosen(page: str) -> list[str]:
    """The departments that a page shows as chosen."""
    boxes = re.findall(r'<input[^>]*name="departments"[^>]*>', page)
    return [re.search(r'value="(\w+)"', box)[1] for box in boxes if "checked" in box]


def test_an_agent_is_made_and_the_password_shown_once(app, world, enter) -> None:
    browser = enter("admin")
    person = read(lambda: User.get(User.username == "quality").id)
    wanted = {"person_id": str(person), "extension": "۲۰۲", "outside_number": "", "wrap_up_s": "20",
              "departments": "support"}  # fmt: skip
    page = browser.post("/line/agents", wanted, page="/line/agents").text
    assert 'id="secret"' in page
    row = read(lambda: SupportAgent.get(SupportAgent.person_id == person))
    assert (row.extension, row.wrap_up_s) == ("202", 20)
    assert 'id="secret"' not in browser.get("/line/agents").text
    again = browser.post("/line/agents", {**wanted, "extension": "203"}, page="/line")
    assert again.status_code == 400
    changed = {"outside_number": "۰۹۱۲۱۱۱۲۲۳۳", "wrap_up_s": "0", "is_active": "y", "departments": "billing"}
    path = f"/line/agents/{row.id}"
    assert chosen(browser.get(path).text) == ["support"]
    assert browser.post(path, changed, page=path).status_code == 302
    assert chosen(browser.get(path).text) == ["billing"]
    assert read(lambda: agents.get(row.id)).outside_number == "+989121112233"


def test_settings_have_bounds(app, world, enter) -> None:
    browser = enter("operator")
    page = browser.get("/line/agents/settings").text
    assert 'name="offer_after_s"' in page
    values = {
        "offer_after_s": "80", "offer_again_s": "60", "announce_every_s": "45", "ring_agent_s": "20", "ring_caller_s": "35",
        "call_back_tries": "3", "call_back_pause_s": "600", "call_back_again_s": "60", "max_no_answer": "3",
        "call_backs_a_day": "10", "call_backs_in_vain_a_day": "3", "call_backs_to_others_a_day": "3",
        "message_s": "120", "record_calls": "1", "recording_days": "90",
    }  # fmt: skip
    assert (
        browser.post("/line/agents/settings", {**values, "offer_after_s": "0"}, page="/line").status_code
        == 400
    )
    answer = browser.post("/line/agents/settings", {**values, "offer_after_s": "۴۰"}, page="/line")
    assert answer.status_code == 302
    assert 'value="40"' in browser.get("/line/agents/settings").text
    assert read(settings.current).record_calls == 1
    unticked = {name: value for name, value in values.items() if name != "record_calls"}
    assert browser.post("/line/agents/settings", unticked, page="/line").status_code == 302
    assert read(settings.current).record_calls == 0
    assert enter("finance").get("/line/agents/settings").status_code in (403, 404)


def test_reports_are_files_too(app, world, enter, waiting: int) -> None:
    browser = enter("quality")
    assert browser.get("/line/reports").status_code == 200
    sheet = load_workbook(io.BytesIO(browser.get("/line/reports/days.xlsx").data)).active
    rows = list(sheet.iter_rows(values_only=True))
    assert sum(int(row[1]) for row in rows[1:]) == 2  # the world's caller and the one who waits
    csv = browser.get("/line/reports/hours.csv").get_data(as_text=True)
    assert len(csv.splitlines()) > 24


def test_a_prompt_is_heard_and_replaced_by_a_recording(app, world, enter) -> None:
    browser = enter("admin")
    page = browser.get("/line/prompts?lang=en").text
    assert "/line/prompts/fa/offer" in page
    assert "missing" in page  # all but the one that the world has
    assert browser.get("/line/prompts/fa/offer.wav").status_code == 200
    assert browser.get("/line/prompts/en/offer.wav").status_code == 404
    assert browser.get("/line/prompts/fa/nothing").status_code == 404
    form = {"sound": (io.BytesIO(SAMPLE.read_bytes()), "offer.wav")}
    made = browser.post("/line/prompts/en/offer", form, page="/line/prompts/en/offer")
    assert made.status_code == 302
    assert "Use computer speech" in browser.get("/line/prompts/en/offer").text
    assert browser.get("/line/prompts/en/offer.wav").status_code == 200
    wrong = browser.post(
        "/line/prompts/fa/offer", {"sound": (io.BytesIO(b"no sound"), "x.wav")}, page="/line/prompts/fa/offer"
    )
    assert wrong.status_code == 400


def test_a_call_back_leads_to_the_call_in_which_it_was_asked_for(app, world, enter, monkeypatch) -> None:
    """On the wallboard, and for the agent who is on it: who it is, notes, tickets.  Closed, none comes before the opening."""
    opens_at = wall_ms() + 5 * 3_600_000
    is_open = True
    monkeypatch.setattr(
        hours, "office", lambda now: hours.OpenHours(is_open, now if is_open else opens_at, None)
    )
    browser = enter("operator")
    browser.post("/line/sign-in", page="/line")
    back = read(lambda: call_backs.get(world.ids["call_back_id"]))
    address, next_at = (
        f'href="/line/calls/{back.call_id}"',
        f'datetime="{from_ms(opens_at).astimezone(TEHRAN):%FT%T}',
    )
    page = browser.get("/line/live?lang=en").text
    assert (page.count(address), next_at in page) == (1, False)
    is_open = False
    page = browser.get("/line/live?lang=en").text
    assert page.count(next_at) == 2  # the opening itself, and that call-back
    is_open = True
    mine = read(lambda: SupportAgent.get(SupportAgent.name == "operator"))
    assert len(write(lambda: call_backs.take([mine.id], 1, "", wall_ms()))) == 1
    page = browser.get("/line/live?lang=en").text
    assert page.count(address) == 3  # it is mine, the agent's, and due until somebody talks
    assert "your call-back: " in page
