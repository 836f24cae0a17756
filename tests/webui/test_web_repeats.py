"""A campaign that is made again and again, in the web UI: seen, moved, ended, taken up again."""

from __future__ import annotations

import pytest

from engine.services.campaigns import repeats
from engine.states import CampaignState
from engine.store.tables.campaigns import CampaignRepeat
from engine.store.tables.core import Campaign
from engine.store.tables.customers import AuditEntry
from engine.store.threads import read, write
from tests.webui.wizard import newest, settings, whole

__all__ = ["settings"]

START = "2121-03-21 09:30"
AT, DAY = 4_771_980_000_000, 86_400_000
FIELDS = {"every": "day", "next_at": "2121-04-02 10:00", "until_at": "2121-05-01 00:00"}


@pytest.fixture
def path(owner, cast) -> str:
    """The page of one that is repeated every week."""
    base = whole(owner, cast.sahar, begins="repeated", every="week", starts_at=START, until_at="")
    owner.post(base, {"action": "start"}, page=base)
    return f"/campaigns/{newest()}"


def row() -> CampaignRepeat:
    return read(lambda: CampaignRepeat.get())


def test_its_page_says_when_the_next_one_starts_and_the_list_marks_it(owner, path) -> None:
    page = owner.get(path).text
    assert 'id="repeat"' in page
    assert "every week" in page
    assert "2121-03-28 09:30" in page
    assert "Repeated</span>" in owner.get("/campaigns").text


def test_the_next_one_is_moved_and_it_is_written_down(owner, path) -> None:
    answer = owner.post(f"{path}/repeat", FIELDS, page=f"{path}/repeat")
    assert answer.location.endswith(path)
    assert (row().every, row().next_at, row().until_at) == (
        "day",
        AT + 12 * DAY + 1_800_000,
        AT + 40 * DAY + 52_200_000,
    )
    noted = read(lambda: AuditEntry.select().order_by(AuditEntry.id.desc()).get())
    assert (noted.action, noted.subject) == ("campaign.repeat", path.replace("/campaigns/", "campaign "))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("next_at", "2001-01-01 10:00", "The start must be in the future."),
        ("next_at", "", "This field is required."),
        ("next_at", "soon", "soon"),
        ("until_at", "2121-04-01 10:00", "It would end before it is repeated."),
        ("every", "hour", "Not a valid choice"),
    ],
)
def test_what_cannot_be_is_said_beside_what_was_typed(owner, path, name: str, value: str, said: str) -> None:
    answer = owner.post(f"{path}/repeat", {**FIELDS, name: value}, page=f"{path}/repeat")
    assert answer.status_code == 400
    assert said in answer.text
    assert row().next_at == AT + 7 * DAY


def test_it_is_ended_and_taken_up_again(owner, path) -> None:
    assert owner.post(f"{path}/repeat/end", page=f"{path}/repeat").status_code == 302
    assert row().next_at is None
    assert "It is not repeated any more." in owner.get(path).text
    owner.post(f"{path}/repeat", FIELDS, page=f"{path}/repeat")
    assert row().next_at is not None


def test_one_that_was_stopped_is_not_taken_up_again(owner, path) -> None:
    write(lambda: Campaign.update(state=CampaignState.STOPPED, pause_code="").execute())
    assert "it is not repeated any more" in owner.get(path).text
    assert owner.post(f"{path}/repeat", FIELDS, page=f"{path}/repeat").status_code == 400


def test_anothers_is_not_there(outsider, operator, cast, path) -> None:
    for end in ("", "/end"):
        assert outsider.post(f"{path}/repeat{end}", FIELDS).status_code == 404
    assert outsider.get(f"{path}/repeat").status_code == 404
    assert operator.get(f"{path}/repeat").status_code == 200
    assert operator.get(f"/campaigns/{cast.campaign}/repeat").status_code == 404  # not repeated


def test_one_kept_as_a_draft_keeps_its_repetition(owner, cast) -> None:
    base = whole(owner, cast.sahar, begins="repeated", every="day", starts_at=START, until_at="")
    owner.post(base, {"action": "keep"}, page=base)
    assert row().next_at == AT + DAY
    assert "While this one is a draft" in owner.get(f"/campaigns/{newest()}").text
    assert read(lambda: repeats.of_campaign(newest())) is not None
