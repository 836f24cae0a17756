"""A new campaign in the web UI: numbers first, then the message, the rules, and what it comes to."""

from __future__ import annotations

import io
import re
import wave

import pytest

from engine.clock import wall_ms
from engine.services.campaigns import go_on
from engine.store.tables.campaigns import CampaignRepeat
from engine.store.tables.core import Account, Campaign, CampaignCounts, Message, Recipient
from engine.store.tables.lists import CampaignDraft
from engine.store.tables.money import Reservation
from engine.store.threads import read, write
from tests.policies import ANYTHING
from tests.webui.wizard import (
    LIST,
    base_of,
    begin,
    bring_in,
    importer,
    newest,
    rule,
    settings,
    sound,
    take_hello,
    upload_sound,
    whole,
)

__all__ = ["importer", "settings"]  # fixtures


def test_from_numbers_to_a_draft(owner, outsider, cast, importer) -> None:
    answer = begin(owner, cast.sahar)
    page = owner.get(answer.location).text
    assert re.search(r"To be called</dt><dd><bdi>2</bdi>", page)
    assert re.search(r"Duplicates</dt><dd><bdi>1</bdi>", page)
    assert "This is not a telephone number." in page
    assert 'id="encoding">utf-8' in page
    base = base_of(answer)
    chosen = owner.post(
        f"{base}/list", {"role_1": "number", "role_2": "name", "action": "next"}, page=answer.location
    )
    assert chosen.location.endswith("/message")
    assert take_hello(owner, base).location.endswith("/rules")
    assert rule(owner, base, vote_keys="۱,۲", windows="").location == base
    page = owner.get(base).text
    assert 'id="binding">' in page
    assert "07:00-23:00" in page  # the hours of its kind, though it named none
    assert read(lambda: Campaign.select().count()) == 1  # nothing is made before it is confirmed
    made = owner.post(base, {"action": "keep"}, page=base)
    bring_in(importer)
    page = owner.get(made.location).text
    assert "All numbers are in." in page
    campaign_id = newest()
    row, counts = read(lambda: (Campaign.get_by_id(campaign_id), CampaignCounts.get_by_id(campaign_id)))
    assert (row.name, row.state, row.vote_keys, row.account_id) == ("Instalment", "draft", "12", cast.sahar)
    assert (row.columns, row.source_name) == ('["نام"]', "list.csv")
    assert (counts.waiting, counts.excluded) == (2, 2)
    again = owner.get(base)  # by the browser's history, or a second click on the button
    assert again.status_code == 302
    assert again.location.endswith(f"/campaigns/{campaign_id}")
    assert owner.post(base, {"action": "start"}, page="/campaigns/new").location == again.location
    assert outsider.get(base).status_code == 404
    assert read(lambda: Campaign.select().where(Campaign.name == "Instalment").count()) == 1
    assert read(lambda: CampaignDraft.select().count()) == 0


def test_create_and_start(operator, cast, importer) -> None:
    base = whole(operator, cast.sahar)
    made = operator.post(base, {"action": "start"}, page=base)
    assert read(lambda: Campaign.get_by_id(newest()).state) == "draft"  # nobody is called before all are in
    bring_in(importer)
    assert read(lambda: Campaign.get_by_id(newest()).state) == "running"
    assert "the campaign was started" in operator.get(made.location).text


def test_pasted_numbers(owner, cast) -> None:
    answer = begin(owner, cast.sahar, b"", "", pasted="09123456789\n09123456780 , ۰۹۱۲۳۴۵۶۷۸۱")
    assert re.search(r"To be called</dt><dd><bdi>3</bdi>", owner.get(answer.location).text)


def test_a_recording_needs_no_title_so_that_it_is_never_lost_for_one(owner, cast) -> None:
    base = base_of(begin(owner, cast.sahar))
    files = {"origin": "recorded", "title": "", "sound": (io.BytesIO(sound(2.0)), "take.wav")}
    assert owner.post(f"{base}/message/upload", files, page=f"{base}/message").status_code == 302
    made = read(lambda: Message.select().order_by(Message.id.desc()).get())
    assert re.fullmatch(
        r"Recording of \d{4}.\d\d.\d\d \d\d:\d\d", made.title
    )  # no word such as today, which is wrong tomorrow


def test_no_later_error_drops_a_file(owner, cast) -> None:
    base = base_of(begin(owner, cast.sahar))
    assert owner.post(
        f"{base}/message/upload", {"title": "x", "sound": (io.BytesIO(b"junk"), "x.mp3")}, page=f"{base}/message"
    ).status_code == 400  # fmt: skip
    assert rule(owner, base, max_tries="99").status_code == 400
    wrong = {"numbers": (io.BytesIO(b"\x89PNG...."), "x.csv"), "contact_list": "0"}
    page = owner.post(f"{base}/list/file", wrong, page=f"{base}/list", follow_redirects=True).text
    assert "is a PNG picture" in page
    assert "list.csv" in page
    assert re.search(r"To be called</dt><dd><bdi>2</bdi>", page)
    assert "list.csv" in owner.get("/campaigns/new").text  # and it is found again
    lacking = owner.get(base)
    assert lacking.location.endswith("/message")


def test_a_sound_is_uploaded_and_chosen(owner, cast) -> None:
    base = base_of(begin(owner, cast.sahar))
    upload_sound(owner, base)
    message = read(lambda: Message.select().order_by(Message.id.desc()).get())
    assert (message.title, message.state, message.account_id) == ("hello", "waiting", cast.sahar)
    heard = owner.get(f"{base}/message.wav")
    with wave.open(io.BytesIO(heard.data)) as file:
        assert (file.getframerate(), file.getnchannels()) == (8_000, 1)
    assert owner.post(f"{base}/message", {"action": "next"}, page=f"{base}/message").location.endswith(
        "/rules"
    )


def test_a_message_must_be_chosen(owner, cast) -> None:
    base = base_of(begin(owner, cast.sahar))
    answer = owner.post(f"{base}/message", {"action": "next"}, page=f"{base}/message")
    assert (answer.status_code, "Choose the message." in answer.text) == (400, True)


def test_people_are_called_with_their_own_message(owner, outsider, cast) -> None:
    base = base_of(begin(owner, cast.sahar))
    upload_sound(owner, base)  # waits for approval, which does not stand in the way
    refused = owner.post(f"{base}/message/call", {"number": "+989121234567"}, page=f"{base}/message")
    assert (refused.status_code, "to no other" in refused.text) == (400, True)
    write(
        lambda: (
            Account.update(mobile="+989121234567", mobile_verified_at=1)
            .where(Account.id == cast.sahar)
            .execute()
        )
    )
    placed = owner.post(f"{base}/message/call", {"number": "+989121234567"}, page=f"{base}/message")
    recipient = read(lambda: Recipient.select().order_by(Recipient.id.desc()).get())
    assert (recipient.number, recipient.state) == ("+989121234567", "pending")
    assert "The telephone rings in a moment." in owner.get(placed.location).text
    assert outsider.get(f"{base}/message/call/{recipient.id}").status_code == 404


def test_a_campaign_starts_when_its_message_is_approved(owner, quality, cast, importer) -> None:
    base = base_of(begin(owner, cast.sahar))
    upload_sound(owner, base)
    rule(owner, base)
    page = owner.get(base).text
    assert "The message «hello» waits for approval." in page
    made = owner.post(base, {"action": "start", "awaits": "on"}, page=base)
    bring_in(importer)
    assert "starts by itself as soon as its message is approved" in owner.get(made.location).text
    assert (
        "It starts by itself as soon as its message is approved." in owner.get(f"/campaigns/{newest()}").text
    )
    message = read(lambda: Campaign.get_by_id(newest()).message_id)
    assert read(go_on.approved) == []
    quality.post(f"/messages/approval/{message}/approve")
    assert read(go_on.approved) == [newest()]
    write(lambda: go_on.start_approved([newest()], wall_ms(), ANYTHING))
    row = read(lambda: Campaign.get_by_id(newest()))
    assert (row.state, row.awaits_approval) == ("running", False)
    assert read(go_on.approved) == []


@pytest.mark.parametrize("says", ["at the check", "afterwards"])
def test_unless_its_owner_says_otherwise(owner, quality, cast, importer, says: str) -> None:
    base = base_of(begin(owner, cast.sahar))
    upload_sound(owner, base)
    rule(owner, base)
    awaits = {} if says == "at the check" else {"awaits": "on"}
    made = owner.post(base, {"action": "start", **awaits}, page=base)
    bring_in(importer)
    if awaits:
        owner.post(f"{made.location}/do-not-wait", page=made.location)
    message = read(lambda: Campaign.get_by_id(newest()).message_id)
    quality.post(f"/messages/approval/{message}/approve")
    assert read(go_on.approved) == []
    assert read(lambda: Campaign.get_by_id(newest()).state) == "draft"


def test_at_most_is_never_below_what_is_set_aside(owner, cast, importer) -> None:
    base = whole(owner, cast.sahar, repeat_key="2")
    shown = re.search(r'id="at-most">([\d,]+)<', owner.get(base).text)
    owner.post(base, {"action": "start"}, page=base)
    bring_in(importer)
    held = read(lambda: Reservation.get_by_id(newest()).held)
    assert shown is not None
    assert int(shown[1].replace(",", "")) == held > 0


def test_the_caps_of_the_account_are_calculated_with(owner, cast) -> None:
    many = b"number\n" + b"\n".join(b"0912%07d" % n for n in range(20_000))
    base = base_of(begin(owner, cast.sahar, many))
    take_hello(owner, base)
    rule(owner, base, windows="", max_tries="1")
    page = owner.get(base).text
    assert 'id="binding">the calls that the account may place in an hour' in page
    assert "3,000 calls in this hour" in page


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        ({"max_tries": "99"}, ["between 1 and 20"]),
        ({"windows": "25:00-26:00"}, ["contains an impossible time"]),
        ({"windows": "23:30-23:50"}, ["are outside the hours"]),
        ({"caller_id": "12; drop"}, ["3 to 15 digits."]),
        ({"caller_id": "02112345678"}, ["is not confirmed for this account"]),
        ({"begins": "later", "starts_at": "soon"}, ["is not a date and time"]),
        ({"begins": "later", "starts_at": ""}, ["Say when it starts."]),
        ({"begins": "later", "starts_at": "2020-01-01 09:00"}, ["This time has passed."]),
        ({"name": ""}, ["This field is required."]),
        ({"kind": "advertising"}, ["advertising"]),
        (
            {"name": "", "max_tries": "99", "windows": "25:00-26:00", "vote_keys": "1,2", "repeat_key": "1"},
            [
                "This field is required.",
                "between 1 and 20",
                "contains an impossible time",
                "cannot both vote and repeat",
            ],
        ),
    ],
)
def test_all_that_is_wrong_is_said_at_once(owner, cast, changes: dict, sentences: list[str]) -> None:
    base = base_of(begin(owner, cast.sahar))
    answer = rule(owner, base, **changes)
    assert answer.status_code == 400
    assert [one for one in sentences if one not in answer.text] == []
    assert 'value="Instalment"' in answer.text or "name" in changes


def test_a_start_is_scheduled_in_the_readers_calendar(owner, cast) -> None:
    owner.post("/language", {"calendar": "jalali"})
    base = whole(owner, cast.sahar, begins="later", starts_at="۱۵۰۰/۰۱/۰۱ ۰۹:۳۰", weekdays=["6", "7"])
    owner.post(base, {"action": "keep"}, page=base)
    row = read(lambda: Campaign.select().order_by(Campaign.id.desc()).get())
    assert (row.starts_at, row.weekdays) == (4_771_980_000_000, "67")  # 2121-03-21 09:30 in Tehran


def test_a_campaign_is_repeated(owner, cast) -> None:
    base = whole(
        owner, cast.sahar, begins="repeated", every="week", starts_at="2121-03-21 09:30", until_at=""
    )
    assert "every week" in owner.get(base).text
    owner.post(base, {"action": "start"}, page=base)
    repeat = read(lambda: CampaignRepeat.get())
    assert (repeat.campaign_id, repeat.every) == (newest(), "week")
    assert repeat.next_at == 4_771_980_000_000 + 7 * 86_400_000


def test_clone_brings_rules_and_message(owner, cast) -> None:
    page = owner.get(f"/campaigns/new?clone={cast.campaign}").text
    assert "«Autumn &lt;b&gt;»" in page
    path = f"/campaigns/new?clone={cast.campaign}"
    answer = owner.post(
        path,
        {"numbers": (io.BytesIO(LIST), "l.csv"), "account": str(cast.sahar), "contact_list": "0"},
        page=path,
    )
    base = base_of(answer)
    assert "Autumn &lt;b&gt; (again)" in owner.get(base).text  # nothing is missing: the check page


def test_the_weight_is_for_staff_to_give(owner, operator, cast) -> None:
    for browser, weight in ((operator, 3), (owner, 1)):
        base = whole(browser, cast.sahar, windows="", weight="۳")
        assert ('name="weight"' in browser.get(f"{base}/rules").text) is (weight == 3)
        browser.post(base, {"action": "keep"}, page=base)
        assert read(lambda: Campaign.get_by_id(newest()).weight) == weight


def test_anothers_draft_is_not_there(owner, outsider, operator, cast) -> None:
    base = whole(owner, cast.sahar)
    for other in (outsider, operator):
        for path in ("", "/list", "/message", "/message.wav", "/rules"):
            assert other.get(base + path).status_code == 404
        assert other.post(base, {"action": "start"}).status_code == 404


def test_a_customer_makes_campaigns_for_the_own_account_only(outsider, cast) -> None:
    assert begin(outsider, cast.sahar).status_code == 302  # whatever account is sent
    assert read(lambda: [row.account_id for row in CampaignDraft.select()]) == [cast.other]
    base = base_of(begin(outsider, cast.other))
    message = read(lambda: Message.get(Message.title == "Hello").id)  # of Sahar
    assert (
        outsider.post(f"{base}/message", {"message": str(message)}, page=f"{base}/message").status_code == 404
    )
    assert rule(outsider, base, kind="emergency").status_code == 400
