"""A new campaign in the web UI: upload, pre-flight, confirm."""

from __future__ import annotations

import io
import re
import wave
from collections.abc import Iterator

import numpy as np
import openpyxl
import pytest

from engine.runtime.list_importer import Importer
from engine.store.tables.core import Campaign, CampaignCounts, Message, Recipient
from engine.store.threads import read
from webui.campaigns import list_checks

LIST = "شماره,نام\n09123456789,علی\n0912 345 6789,علی\n02122334455,سارا\nabc,x\n".encode()


def sound(seconds: float = 2.0) -> bytes:
    out = io.BytesIO()
    t = np.arange(int(16_000 * seconds)) / 16_000
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes((np.sin(2 * np.pi * 440 * t) * 8_000).astype("<i2").tobytes())
    return out.getvalue()


def fields(**changes: object) -> dict:
    return {
        "name": "Instalment", "kind": "service", "max_tries": "2", "retry_after": "10", "ring_timeout_s": "30",
        "windows": "07:00-23:00", "delivered_percent": "100", "message": "0",
        "numbers": (io.BytesIO(LIST), "list.csv"), "sound": (io.BytesIO(sound()), "hello.wav"), **changes,
    }  # fmt: skip


def newest() -> int:
    return read(lambda: Campaign.select().order_by(Campaign.id.desc()).get().id)


def send(browser, account: int, **changes: object):
    return browser.post("/campaigns/new", fields(account=str(account), **changes), page="/campaigns/new")


@pytest.fixture
def importer(settings) -> Iterator[Importer]:
    """What brings lists in, to be asked to; it does not look by itself."""
    made = Importer(settings)
    yield made
    made.stop()


def test_from_upload_to_draft(owner, cast, importer) -> None:
    answer = send(owner, cast.sahar, vote_keys="۱,۲", windows="")
    assert answer.status_code == 302
    page = owner.get(answer.location).text
    assert re.search(r"To be called</dt><dd><bdi>2</bdi>", page)
    assert re.search(r"Duplicates</dt><dd><bdi>1</bdi>", page)
    assert "This is not a telephone number." in page
    assert "abc" in page
    assert 'id="binding">the wait between tries' in page
    heard = owner.get(answer.location + "/message.wav")
    assert heard.mimetype == "audio/wav"
    with wave.open(io.BytesIO(heard.data)) as file:
        assert (file.getframerate(), file.getnchannels()) == (8_000, 1)
    assert read(lambda: Campaign.select().count()) == 1  # nothing is made before it is confirmed
    made = owner.post(answer.location, {"action": "keep"}, page=answer.location)
    assert "The list waits for its turn." in owner.get(made.location).text
    importer.loop()
    importer.wait()
    page = owner.get(made.location).text
    assert "All numbers are in." in page
    assert "This is not a telephone number." in page
    campaign_id = newest()
    row, counts = read(lambda: (Campaign.get_by_id(campaign_id), CampaignCounts.get_by_id(campaign_id)))
    assert (row.name, row.state, row.vote_keys, row.account_id) == ("Instalment", "draft", "12", cast.sahar)
    assert (counts.waiting, counts.excluded) == (2, 2)
    assert owner.get(f"/campaigns/{campaign_id}/message.wav").status_code == 200
    assert owner.get(answer.location).status_code == 404  # confirmed: gone


def test_create_and_start(operator, cast, importer) -> None:
    answer = send(operator, cast.sahar)
    made = operator.post(answer.location, {"action": "start"}, page=answer.location)
    assert read(lambda: Campaign.get_by_id(newest()).state) == "draft"  # nobody is called before all are in
    importer.loop()
    importer.wait()
    assert read(lambda: Campaign.get_by_id(newest()).state) == "running"
    assert "the campaign was started" in operator.get(made.location).text


def test_a_customers_own_sound_waits_for_approval(owner, operator, quality, cast, importer) -> None:
    answer = send(owner, cast.sahar)
    assert "The message «hello.wav» waits for approval." in owner.get(answer.location).text
    made = owner.post(answer.location, {"action": "start"}, page=answer.location)
    importer.loop()
    importer.wait()
    assert "The message «hello» waits for approval." in owner.get(made.location).text
    message = read(lambda: Campaign.get_by_id(newest()).message)
    assert (read(lambda: Campaign.get_by_id(newest()).state), message.state) == ("draft", "waiting")
    assert "hello (Waits for approval)" in owner.get("/campaigns/new").text
    assert quality.post(f"/messages/approval/{message.id}/approve").status_code == 302
    owner.post(f"/campaigns/{newest()}/start")
    assert read(lambda: Campaign.get_by_id(newest()).state) == "running"

    operator.post(f"/accounts/{cast.sahar}/grants", {"grants": ["own_voice"]})
    answer = send(owner, cast.sahar, sound=(io.BytesIO(sound(3.0)), "free.wav"))
    assert "waits for approval." not in owner.get(answer.location).text
    owner.post(answer.location, {"action": "start"}, page=answer.location)
    importer.loop()
    importer.wait()
    assert read(lambda: Campaign.get_by_id(newest()).state) == "running"


def test_numbers_are_added_to_a_campaign(owner, outsider, cast, importer) -> None:
    path = f"/campaigns/{cast.campaign}/numbers"
    more = b"number\n09120000001\n09120000009\n"
    answer = owner.post(path, {"numbers": (io.BytesIO(more), "more.csv")}, page=path)
    importer.loop()
    importer.wait()
    page = owner.get(answer.location).text
    assert re.search(r"To be called</dt><dd><bdi>1</bdi>", page)
    assert "The number is already in the list." in page
    assert "more.csv" in owner.get(f"/campaigns/{cast.campaign}").text
    assert outsider.get(answer.location).status_code == 404
    assert outsider.get(path).status_code == 404


HIDDEN = [["نام", "شماره", "موبایل ۲"], ["a", "09120000021", "09120000031"], ["b", "09120000022", ""]]


def workbook(hidden_row: int) -> io.BytesIO:
    book = openpyxl.Workbook()
    for row in HIDDEN:
        book.active.append(row)
    book.active.row_dimensions[hidden_row].hidden = True
    book.create_sheet("دیگران").append(["09120000041"])
    out = io.BytesIO()
    book.save(out)
    return io.BytesIO(out.getvalue())


def test_what_can_be_chosen_is_shown_before_numbers_are_added(owner, outsider, cast, importer) -> None:
    path = f"/campaigns/{cast.campaign}/numbers"
    answer = owner.post(path, {"numbers": (workbook(3), "people.xlsx")}, page=path)
    page = owner.get(answer.location).text
    assert "1 hidden or filtered rows were left out." in page
    assert "«دیگران» (1 rows)" in page
    assert outsider.get(answer.location).status_code == 404
    importer.loop()
    importer.wait()
    assert read(lambda: CampaignCounts.get_by_id(cast.campaign).total) == 2  # none of them is in
    again = owner.post(
        answer.location + "/list",
        {"column": "2", "then_column": "", "hidden_rows": "include", "several": "none"},
        page=answer.location,
    )
    page = owner.get(again.location).text
    assert "1 hidden or filtered rows are among those that are called." in page
    assert re.search(r"To be called</dt><dd><bdi>2</bdi>", page)
    wrong = owner.post(answer.location + "/list", {"sheet": "no such"}, page=answer.location)
    assert "has no sheet «no such»" in owner.get(wrong.location).text
    made = owner.post(answer.location, {}, page=answer.location)
    importer.loop()
    importer.wait()
    assert re.search(r"To be called</dt><dd><bdi>2</bdi>", owner.get(made.location).text)
    numbers = read(lambda: {row.number for row in Recipient.select()})
    assert {"+989120000021", "+989120000022"} <= numbers


def test_the_check_page_reads_the_list_in_another_way(owner, cast) -> None:
    path = send(owner, cast.sahar, numbers=(workbook(3), "people.xlsx")).location
    page = owner.get(path).text
    assert "موبایل ۲" in page
    assert re.search(r"To be called</dt><dd><bdi>1</bdi>", page)
    again = owner.post(
        path + "/list", {"column": "2", "then_column": "3", "hidden_rows": "include"}, page=path
    )
    page = owner.get(again.location).text
    assert re.search(r"To be called</dt><dd><bdi>2</bdi>", page)
    other = owner.post(path + "/list", {"sheet": "دیگران"}, page=path)
    assert "09120000041" in owner.get(other.location).text


@pytest.mark.parametrize("page", ["new", "numbers"])
def test_a_mistake_of_ours_is_told(owner, cast, monkeypatch, page: str) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("ours")

    monkeypatch.setattr(list_checks, "count_list", broken)
    path = f"/campaigns/{cast.campaign}/numbers"
    add = {"numbers": (io.BytesIO(LIST), "a.csv")}
    answer = send(owner, cast.sahar) if page == "new" else owner.post(path, add, page=path)
    assert answer.status_code == 400
    assert "That is a fault of ours and was noted" in answer.text


def test_a_mistake_of_ours_while_a_list_is_brought_in_is_told(owner, cast, importer, monkeypatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("ours")

    monkeypatch.setattr("engine.services.campaigns.list_imports.import_list", broken)
    path = f"/campaigns/{cast.campaign}/numbers"
    answer = owner.post(path, {"numbers": (io.BytesIO(b"number\n09120000009\n"), "a.csv")}, page=path)
    importer.loop()
    importer.wait()
    assert "That is a fault of ours and was noted" in owner.get(answer.location).text


def test_what_is_no_list_is_not_added(owner, cast) -> None:
    path = f"/campaigns/{cast.campaign}/numbers"
    for data, sentence in (
        ({"numbers": (io.BytesIO(b"\x89PNG...."), "x.csv")}, "is a PNG picture"),
        ({"numbers": (io.BytesIO(b""), "")}, "Choose the list of numbers."),
    ):
        answer = owner.post(path, data, page=path)
        assert answer.status_code == 400
        assert sentence in answer.text


def test_a_list_that_takes_long_is_read_outside_the_request(owner, cast, monkeypatch) -> None:
    monkeypatch.setattr("webui.request.checks.PATIENCE_S", 0)
    path = send(owner, cast.sahar).location
    while "The list is being read" in (page := owner.get(path).text):
        assert owner.get(path + "/reading").status_code == 200
    assert re.search(r"To be called</dt><dd><bdi>2</bdi>", page)


def test_a_list_that_cannot_be_read_leads_back_to_the_form(owner, cast, monkeypatch) -> None:
    monkeypatch.setattr("webui.request.checks.PATIENCE_S", 0)
    path = send(owner, cast.sahar, numbers=(io.BytesIO(b"number\nabc\n"), "junk.csv")).location
    while (answer := owner.get(path)).status_code == 200:
        assert "The list is being read" in answer.text
    page = owner.get(answer.location).text
    assert "No number in column" in page
    assert 'value="Instalment"' in page


def test_anothers_upload_is_not_there(owner, outsider, operator, cast) -> None:
    path = send(owner, cast.sahar).location
    for other in (outsider, operator):
        assert other.get(path).status_code == 404
        assert other.get(path + "/message.wav").status_code == 404
        assert other.post(path, {"action": "start"}).status_code == 404


def test_a_customer_makes_campaigns_for_the_own_account_only(outsider, cast) -> None:
    assert send(outsider, cast.sahar).status_code == 400
    message = read(lambda: Message.get().id)  # of Sahar
    assert send(outsider, cast.other, message=str(message)).status_code == 400
    assert send(outsider, cast.other, kind="emergency").status_code == 400


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"numbers": (io.BytesIO(b""), "")}, "Choose the list of numbers."),
        ({"sound": (io.BytesIO(b""), "")}, "Choose the message."),
        ({"numbers": (io.BytesIO(b"number\nabc\n"), "junk.csv")}, "No number in column"),
        ({"numbers": (io.BytesIO(b"\x89PNG...."), "x.csv")}, "is a PNG picture"),
        ({"sound": (io.BytesIO(b"not audio at all"), "x.mp3")}, "is no sound of a known format"),
        ({"max_tries": "99"}, "between 1 and 20"),
        ({"windows": "25:00-26:00"}, "names a time that no day has"),
        ({"caller_id": "12; drop"}, "3 to 15 digits."),
        ({"starts_at": "soon"}, "is not a date and time"),
        ({"name": ""}, "This field is required."),
    ],
)
def test_what_is_wrong_is_said_beside_it(owner, cast, changes: dict, sentence: str) -> None:
    answer = send(owner, cast.sahar, **changes)
    assert answer.status_code == 400
    assert sentence in answer.text
    assert 'value="Instalment"' in answer.text or "name" in changes
    assert read(lambda: Campaign.select().count()) == 1


def test_files_stay_when_only_the_other_one_was_wrong(owner, cast) -> None:
    answer = send(owner, cast.sahar, sound=(io.BytesIO(b"junk"), "x.mp3"))
    draft = re.search(r'name="draft"[^>]*value="([^"]+)"', answer.text)
    assert draft is not None
    assert "list.csv" in answer.text
    again = send(owner, cast.sahar, numbers=(io.BytesIO(b""), ""), draft=draft[1])
    assert again.status_code == 302
    back = owner.get(f"/campaigns/new?draft={draft[1]}").text
    assert 'value="Instalment"' in back
    assert "hello.wav" in back


def test_a_hostile_file_name_is_only_a_name(owner, cast, tmp_path) -> None:
    answer = send(owner, cast.sahar, numbers=(io.BytesIO(LIST), "../../<script>x</script>.csv"))
    page = owner.get(answer.location).text
    assert "<script>x" not in page
    assert not [path for path in tmp_path.rglob("*") if "script" in path.name]


def test_an_upload_that_is_too_large_is_a_sentence(owner, cast) -> None:
    answer = send(owner, cast.sahar, numbers=(io.BytesIO(b"0" * 1_500_000), "list.csv"))
    assert answer.status_code == 400
    assert "larger than 1 MB" in answer.text
    answer = owner.client.post("/campaigns/new", data={"numbers": (io.BytesIO(b"0" * 4_000_000), "x")})
    assert answer.status_code == 413
    assert "1 MB" in answer.text


def test_clone_fills_the_form(owner, cast) -> None:
    page = owner.get(f"/campaigns/new?clone={cast.campaign}").text
    assert "Autumn &lt;b&gt; (again)" in page
    assert re.search(r'<option selected value="\d+">Hello</option>', page)


def test_a_start_is_scheduled_in_the_readers_calendar(owner, cast) -> None:
    owner.post("/language", {"calendar": "jalali"})
    path = send(owner, cast.sahar, starts_at="۱۵۰۰/۰۱/۰۱ ۰۹:۳۰").location
    owner.post(path, {"action": "keep"}, page=path)
    row = read(lambda: Campaign.select().order_by(Campaign.id.desc()).get())
    assert row.starts_at == 4_771_980_000_000  # 2121-03-21 09:30 in Tehran


def test_the_weight_is_for_staff_to_give(owner, operator, cast) -> None:
    for browser, weight in ((operator, 3), (owner, 1)):
        answer = send(browser, cast.sahar, windows="", weight="۳")
        assert answer.status_code == 302
        assert ('name="weight"' in browser.get("/campaigns/new").text) is (weight == 3)
        confirmed = browser.post(answer.location, {"action": "keep"}, page=answer.location)
        assert confirmed.status_code == 302
        assert read(lambda: Campaign.get_by_id(newest()).weight) == weight
