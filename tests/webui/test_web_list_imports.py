"""Lists that are brought in outside the request: cut at any chunk, they go on without a row lost or doubled."""

from __future__ import annotations

import io

import pytest

from engine.clock import wall_ms
from engine.errors import StoreUnavailable
from engine.sentences import sentence_of
from engine.services.campaigns import campaigns, list_imports
from engine.services.campaigns.recipients import at_once
from engine.services.campaigns.uploads import Uploads
from engine.services.lists import reader
from engine.store.tables.core import CampaignCounts, Recipient
from engine.store.tables.lists import ListImport
from engine.store.threads import read, write
from tests.policies import ANYTHING

ROWS = 35


@pytest.fixture
def uploads(settings) -> Uploads:
    return Uploads(settings.data_dir / "uploads", 1_000_000)


@pytest.fixture
def noted(app, cast, uploads, monkeypatch) -> int:
    """An import of 35 rows, of which the campaign has two already and one is no number, in chunks of ten."""
    monkeypatch.setattr(reader, "CHUNK_ROWS", 10)
    numbers = [f"0912000{row:04}" for row in range(1, ROWS)]
    pending = uploads.new(1, cast.sahar, wall_ms())
    pending.list_name = "more.csv"
    uploads.save(pending, "list", "more.csv", io.BytesIO("\n".join(["number", "abc", *numbers]).encode()))
    uploads.take(pending)
    return write(lambda: list_imports.note(cast.campaign, pending, wall_ms()))


def bring_in(import_id: int, uploads: Uploads, writer=write) -> None:
    list_imports.run(import_id, uploads, "", ANYTHING, read=read, write=writer, begin=at_once, clock=wall_ms)


def outcome(import_id: int, campaign_id: int) -> dict:
    row = read(lambda: ListImport.get_by_id(import_id))
    counts = read(lambda: CampaignCounts.get_by_id(campaign_id))
    lines = read(lambda: [one.line for one in Recipient.select().where(Recipient.reason == "not_a_number")])
    return {
        "state": row.state,
        "rows": list_imports.rows_of(row),
        "added": row.added,
        "refused": dict(list_imports.refused_of(row)),
        "waiting": counts.waiting,
        "excluded": counts.excluded,
        "lines": lines,
    }


WHOLE = {
    "state": "done", "rows": ROWS, "added": 32, "refused": {"not_a_number": 1, "duplicate": 2},
    "waiting": 34, "excluded": 1, "lines": [2],
}  # fmt: skip


@pytest.mark.parametrize("after", range(1, 7))
def test_an_import_that_is_cut_goes_on_behind_the_last_chunk(noted, uploads, cast, after: int) -> None:
    left = after

    def dying(work):
        nonlocal left
        if left == 0:
            raise StoreUnavailable("The database refuses writes: gone")
        left -= 1
        return write(work)

    try:
        bring_in(noted, uploads, dying)
    except StoreUnavailable:
        assert outcome(noted, cast.campaign)["state"] in ("waiting", "running")
        assert uploads.taken_list(read(lambda: ListImport.get_by_id(noted).token)).exists()
        bring_in(noted, uploads)
    assert outcome(noted, cast.campaign) == WHOLE
    assert not list(uploads.folder.iterdir())
    bring_in(noted, uploads)  # once more changes nothing
    assert outcome(noted, cast.campaign) == WHOLE


def test_a_campaign_that_is_stopped_meanwhile_takes_no_more(noted, uploads, cast) -> None:
    calls = 0

    def stopping(work):
        nonlocal calls
        calls += 1
        if calls == 4:
            write(lambda: campaigns.stop(cast.campaign, wall_ms()))
        return write(work)

    bring_in(noted, uploads, stopping)
    row = read(lambda: ListImport.get_by_id(noted))
    assert (row.state, row.chunks) == ("failed", 1)
    assert "was stopped" in row.sentence
    assert read(lambda: CampaignCounts.get_by_id(cast.campaign).waiting) == 0 or row.added < 10


def test_a_list_is_held_by_one(noted, uploads) -> None:
    path = uploads.taken_list(read(lambda: ListImport.get_by_id(noted).token))
    with list_imports.held(path) as first, list_imports.held(path) as second:
        assert (first, second) == (True, False)
    with list_imports.held(path) as again:
        assert again


def test_a_list_over_which_the_process_ends_is_tried_three_times_and_then_given_up(
    noted, uploads, cast
) -> None:
    class ProcessEnds(BaseException):
        pass

    def ending(work):
        raise ProcessEnds

    for _ in range(list_imports.MOST_TRIES):
        with pytest.raises(ProcessEnds):
            bring_in(noted, uploads, ending)
    bring_in(noted, uploads)
    row = read(lambda: list_imports.get(noted))
    assert row.state == "failed"
    assert "is not tried again" in str(sentence_of(row.sentence))
    assert read(list_imports.unfinished) == []
