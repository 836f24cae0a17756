"""Recordings in the web UI: asking for them, listening, and who may."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.clock import wall_ms
from engine.runtime.list_importer import Importer
from engine.services.accounts import accounts, audit_log
from engine.store.tables.core import Attempt, Campaign, Recipient, User
from engine.store.threads import read, write
from tests.webui.wizard import (
    base_of,
    begin,
    importer,
    newest,
    rule,
    settings,
    take_hello,
    whole,
)

__all__ = ["importer", "settings"]  # fixtures

UUID = "01a21aa9-6472-75a7-8c5b-175eafbc6600"
SAMPLE = Path(__file__).resolve().parents[2] / "scripts/sample/message.wav"
FIELD = 'name="record_s"'


def add_attempt(campaign_id: int, uuid: str = UUID, record_ms: int = 61_000, ended_at: int = 0) -> int:
    now = wall_ms()

    def work() -> int:
        row = Recipient.get(Recipient.campaign_id == campaign_id)
        return Attempt.create(
            uuid=uuid, recipient_id=row.id, campaign_id=campaign_id, switch_id=1, gateway_id=1, core_uuid="",
            state="ended", try_no=1, created_at=now, answered_at=now, ended_at=ended_at or now,
            disposition="answered", record_ms=record_ms,
        ).id  # fmt: skip

    return write(work)


@pytest.fixture
def recorded(app, settings, cast) -> str:
    """Address of a recording of Sahar's campaign."""
    settings.recordings_folder.mkdir()
    shutil.copyfile(SAMPLE, settings.recordings_folder / f"{UUID}.wav")
    return f"/campaigns/{cast.campaign}/recordings/{add_attempt(cast.campaign)}.wav"


def listened(app) -> list[tuple[str, str]]:
    rows = read(lambda: [row for row in audit_log.entries() if row.action == "recording.listen"])
    names = read(lambda: {row.id: row.username for row in User.select()})
    return [(names[row.person_id], row.subject) for row in rows]


def test_a_customer_with_the_permission_asks_for_recordings(owner, cast, importer: Importer) -> None:
    write(lambda: accounts.grant(cast.sahar, ["recording"], None, wall_ms()))
    base = base_of(begin(owner, cast.sahar))
    assert FIELD in owner.get(f"{base}/rules").text
    take_hello(owner, base)
    assert rule(owner, base, record_s="۲۰").location == base
    assert "Recording</dt><dd>at most 20 s" in owner.get(base).text
    owner.post(base, {"action": "keep"}, page=base)
    importer.loop()
    importer.wait()
    row = read(lambda: Campaign.get_by_id(newest()))
    assert row.record_s == 20
    page = owner.get(f"/campaigns/{row.id}").text
    assert "Recording</dt>" in page
    assert f"/campaigns/{row.id}/recordings" in page


def test_a_customer_without_it_is_not_offered_it_and_is_refused(owner, cast) -> None:
    base = base_of(begin(owner, cast.sahar))
    assert FIELD not in owner.get(f"{base}/rules").text
    answer = rule(owner, base, record_s="20")
    assert answer.status_code == 400
    assert "The account has no permission: recording what is answered." in answer.text
    owner.post("/language", {"language": "fa"})
    assert "حساب این مجوز را ندارد: ضبط صدای مخاطب." in rule(owner, base, record_s="20").text
    assert whole(owner, cast.sahar)


def test_a_length_that_is_none_is_said_beside_it(operator, cast) -> None:
    base = base_of(begin(operator, 1))
    for text in ("-1", "x", "99999"):
        answer = rule(operator, base, record_s=text)
        assert answer.status_code == 400
        assert "is-invalid" in answer.text


def test_owner_and_colleague_listen_and_take(app, owner, recorded, cast) -> None:
    page = owner.get(f"/campaigns/{cast.campaign}/recordings").text
    assert recorded in page
    assert "Recorded calls: 1" in page
    answer = owner.get(recorded)
    assert (answer.status_code, answer.mimetype) == (200, "audio/wav")
    assert answer.data == SAMPLE.read_bytes()
    taken = owner.get(f"{recorded}?take=1")
    assert taken.headers["Content-Disposition"].startswith("attachment; filename=avanak-recording-")
    part = owner.get(recorded, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.data) == (206, SAMPLE.read_bytes()[100:200])
    assert listened(app) == []  # what customers do with their own data is theirs


def test_an_outsider_finds_nothing(outsider, anyone, recorded, cast) -> None:
    for path in (recorded, f"/campaigns/{cast.campaign}/recordings"):
        assert outsider.get(path).status_code == 404
        assert anyone.get(path).location.startswith("/login")


def test_a_recording_is_found_by_its_own_campaign_alone(operator, recorded, cast) -> None:
    other = recorded.replace(f"/campaigns/{cast.campaign}/", f"/campaigns/{cast.campaign + 1}/")
    assert operator.get(other).status_code == 404
    silent = add_attempt(cast.campaign, UUID[:-1] + "1", record_ms=0)
    assert operator.get(f"/campaigns/{cast.campaign}/recordings/{silent}.wav").status_code == 404


def test_what_staff_listen_to_is_written_down_once(app, operator, quality, recorded, cast) -> None:
    for browser in (operator, operator, quality):
        assert browser.get(recorded).status_code == 200
    operator.get(recorded, headers={"Range": "bytes=1-"})
    subject = f"recording {cast.campaign}/{recorded.rpartition('/')[2].removesuffix('.wav')}"
    assert sorted(listened(app)) == [("operator", subject), ("quality", subject)]
    assert "Recording listened to" in quality.get("/accounts/audit").text


def test_what_was_deleted_is_said_in_one_sentence(owner, settings, recorded, cast) -> None:
    (settings.recordings_folder / f"{UUID}.wav").unlink()
    answer = owner.get(recorded)
    assert answer.status_code == 404
    assert "is not in the folder of recordings." in answer.text
    write(lambda: Attempt.update(ended_at=wall_ms() - 91 * 86_400_000).execute())
    assert "was deleted: recordings are kept for 90 days." in owner.get(recorded).text
    page = owner.get(f"/campaigns/{cast.campaign}/recordings").text
    assert "The file is not here any more." in page
    assert recorded not in page
    owner.post("/language", {"language": "fa"})
    assert "پاک شده است: صداها ۹۰ روز نگه داشته می‌شوند." in owner.get(recorded).text


def test_a_link_out_of_the_folder_is_not_followed(owner, settings, recorded) -> None:
    secret = settings.data_dir / "secret.key"
    secret.write_text("not for anybody")
    file = settings.recordings_folder / f"{UUID}.wav"
    file.unlink()
    file.symlink_to(secret)
    answer = owner.get(recorded)
    assert answer.status_code == 404
    assert "not for anybody" not in answer.text


def test_a_uuid_that_is_none_opens_no_path(owner, settings, recorded, cast) -> None:
    write(lambda: Attempt.update(uuid="../secret").execute())
    (settings.data_dir / "secret.wav").write_text("not for anybody")
    answer = owner.get(recorded)
    assert answer.status_code == 404
    assert "not for anybody" not in answer.text
    assert owner.get(f"/campaigns/{cast.campaign}/recordings").status_code == 200
