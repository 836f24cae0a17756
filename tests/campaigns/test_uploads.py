"""Uploads that wait: whose they are, how long, and that confirming twice makes one campaign."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from engine.clock import wall_ms
from engine.errors import BadInput, Conflict, NotFound
from engine.services.campaigns import launch, list_imports
from engine.services.campaigns.recipients import at_once
from engine.services.campaigns.uploads import MAX_AGE_MS, Pending, Uploads
from engine.services.messages import prompts
from engine.store.tables.core import Campaign, CampaignCounts
from engine.store.threads import read, write
from tests.policies import ANYTHING

LIST = b"number,name\n09123456789,Ali\n0912 345 6789,Ali\nabc,x\n"


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    return Uploads(tmp_path / "uploads", 1_000)


def test_an_upload_belongs_to_one_person(uploads: Uploads) -> None:
    now = wall_ms()
    made = uploads.new(1, 7, now)
    assert uploads.read(made.token, 1, now) == made
    for token, person in ((made.token, 2), ("../../etc/passwd", 1), ("x" * 32, 1), ("", 1)):
        with pytest.raises(NotFound):
            uploads.read(token, person, now)


def test_it_ends_a_month_after_its_last_change(uploads: Uploads) -> None:
    now = wall_ms()
    made = uploads.new(1, 7, now)
    with pytest.raises(NotFound):
        uploads.read(made.token, 1, now + MAX_AGE_MS + 60_000)
    old = (now - 2 * MAX_AGE_MS) / 1000
    os.utime(uploads.folder / made.token, (old, old))
    assert uploads.expire(now) == 1
    assert list(uploads.folder.iterdir()) == []


def test_a_file_that_is_too_large_leaves_nothing(uploads: Uploads) -> None:
    made = uploads.new(1, 7, wall_ms())
    with pytest.raises(BadInput, match=r"list\.csv"):
        uploads.save(made, "list", "list.csv", io.BytesIO(b"x" * 1_001))
    assert [path.name for path in (uploads.folder / made.token).iterdir()] == ["pending.json"]


@pytest.fixture
def pending(uploads: Uploads, account_id: int) -> Pending:
    made = uploads.new(1, account_id, wall_ms())
    uploads.save(made, "list", "list.csv", io.BytesIO(LIST))
    made.list_name = "list.csv"
    made.message_id = write(lambda: prompts.add(account_id, "hello", "p1", 2_000, wall_ms()))
    with uploads.pinned_list(made) as (_path, made.list_sha256):
        made.checked = None
    made.rules = {"name": "Autumn"}
    uploads.write(made)
    return made


def go(uploads: Uploads, pending: Pending) -> int:
    """Confirm an upload, and bring its list in; the campaign's id."""
    campaign_id, import_id = launch.launch(
        uploads, pending, ANYTHING, starts=False, write=write, now=wall_ms()
    )
    with list_imports.held(uploads.taken_list(pending.token)) as is_ours:
        assert is_ours
        list_imports.run(
            import_id, uploads, "", ANYTHING, read=read, write=write, begin=at_once, clock=wall_ms
        )
    return campaign_id


def test_a_confirmed_upload_becomes_a_draft_once(uploads: Uploads, pending: Pending, account_id: int) -> None:
    again = uploads.read(pending.token, 1, wall_ms())
    campaign_id = go(uploads, pending)
    campaign, counts = read(lambda: (Campaign.get_by_id(campaign_id), CampaignCounts.get_by_id(campaign_id)))
    assert (campaign.state, campaign.source_name, campaign.account_id) == ("draft", "list.csv", account_id)
    assert campaign.message_id == again.message_id
    assert (counts.total, counts.waiting, counts.excluded) == (3, 1, 2)
    assert list(uploads.folder.iterdir()) == []
    with pytest.raises(NotFound):
        go(uploads, again)
    assert read(lambda: Campaign.select().count()) == 1


def test_what_is_confirmed_is_what_was_checked(uploads: Uploads, pending: Pending) -> None:
    uploads.save(pending, "list", "list.csv", io.BytesIO(LIST + b"09121110000\n"))
    with pytest.raises(Conflict, match="not the one that was checked"):
        go(uploads, pending)
    assert read(lambda: Campaign.select().count()) == 0
    uploads.save(pending, "list", "list.csv", io.BytesIO(LIST))
    assert go(uploads, pending)


def test_a_list_that_was_changed_after_confirming_does_not_come_in(
    uploads: Uploads, pending: Pending
) -> None:
    _campaign, import_id = launch.launch(uploads, pending, ANYTHING, starts=False, write=write, now=wall_ms())
    uploads.taken_list(pending.token).write_bytes(LIST + b"09121110000\n")
    list_imports.run(import_id, uploads, "", ANYTHING, read=read, write=write, begin=at_once, clock=wall_ms)
    row = read(lambda: list_imports.get(import_id))
    assert (row.state, row.added) == ("failed", 0)
    assert "not the one that was checked" in row.sentence


def test_a_list_that_is_replaced_while_it_is_read_does_not_become_the_checked_one(
    uploads: Uploads, pending: Pending
) -> None:
    with uploads.pinned_list(pending) as (path, digest):
        uploads.save(pending, "list", "list.csv", io.BytesIO(b"number\n"))
        assert path.read_bytes() == LIST
    assert digest == pending.list_sha256
    assert not list((uploads.folder / pending.token).glob(".list*"))


def test_after_a_failure_it_can_be_confirmed_again(uploads: Uploads, pending: Pending) -> None:
    pending.rules = {"name": "Autumn", "max_tries": 99}
    with pytest.raises(BadInput, match="Tries"):
        go(uploads, pending)
    pending.rules = {"name": "Autumn"}
    assert go(uploads, pending)
