"""A campaign that records, whole: the engine asks, FreeSWITCH records, the web gives what the callee said."""

from __future__ import annotations

import io
import subprocess
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy
import pytest

from engine.sentences import sentence_of
from engine.store.tables.core import Attempt, Campaign, User
from engine.store.threads import read
from tests.freeswitch.engine_lab import running_engine
from tests.freeswitch.switch import Switch
from tests.runtime.lab import Lab
from tests.waits import wait_for
from tests.webui.conftest import logged_in
from webui import create_app

HUM_HZ, HUM_MS = 250, 1500  # what the carrier's 0024 says
LOUD = 1000


@pytest.fixture
def lab(freeswitch: Switch, fs_prompts: object, tmp_path: Path) -> Iterator[Lab]:
    """An engine that sees the folder in which the switch records."""
    with running_engine(freeswitch, tmp_path, recordings_dir=str(freeswitch.folder / "recordings")) as lab:
        yield lab


def last_of(lab: Lab, campaign_id: int, number: str) -> Attempt:
    recipient = lab.recipient(campaign_id, number)
    return next(one for one in lab.attempts(campaign_id) if one.recipient_id == recipient.id)


def samples_of(sound: bytes) -> numpy.ndarray:
    with wave.open(io.BytesIO(sound)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
        return numpy.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)


def test_what_the_callee_said_is_on_disk_and_comes_through_the_web(lab: Lab, freeswitch: Switch) -> None:
    campaign_id = lab.campaign(["09123490024", "09123490001", "09123490007"], gateways=["lab"], record_s=9)
    lab.finish(campaign_id, 60)
    spoke = last_of(lab, campaign_id, "+989123490024")
    assert (spoke.disposition, spoke.settled_by) == ("answered", "event")
    assert spoke.heard_ms >= 1_900
    # Who was busy, and who hung up while the message played, were not recorded.
    others = [last_of(lab, campaign_id, f"+98912349{ending}") for ending in ("0001", "0007")]
    assert [one.record_ms for one in others] == [0, 0]
    folder = freeswitch.folder / "recordings"
    assert [(folder / f"{one.uuid}.wav").exists() for one in others] == [False, False]

    sound = (folder / f"{spoke.uuid}.wav").read_bytes()
    heard = samples_of(sound)
    assert abs(len(heard) / 8 - spoke.record_ms) <= 100
    packets = heard[: len(heard) // 160 * 160].reshape(-1, 160)
    loud = packets[numpy.abs(packets).mean(axis=1) > LOUD]
    assert HUM_MS - 300 <= 20 * len(loud) <= HUM_MS + 40
    spectrum = numpy.abs(numpy.fft.rfft(loud.ravel()))
    assert abs(numpy.argmax(spectrum) * 8000 / loud.size - HUM_HZ) <= 10

    browser = logged_in(
        create_app(lab.engine.settings.model_copy(update={"test_payments": True})),
        read(lambda: User.select().first()).username,
    )
    page = browser.get(f"/campaigns/{campaign_id}/recordings").text
    path = f"/campaigns/{campaign_id}/recordings/{spoke.id}.wav"
    assert page.count("<audio") == 1
    assert path in page
    assert browser.get(path).data == sound


def test_without_asking_nothing_is_recorded(lab: Lab, freeswitch: Switch) -> None:
    campaign_id = lab.campaign(["09123500024"], gateways=["lab"])
    lab.finish(campaign_id, 60)
    attempt = last_of(lab, campaign_id, "+989123500024")
    assert (attempt.disposition, attempt.record_ms) == ("answered", 0)
    assert not (freeswitch.folder / "recordings" / f"{attempt.uuid}.wav").exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk that is full after half a second of recording."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8k", "none", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("may not mount a small disk here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_recordings_that_a_full_disk_cuts_are_said_so_and_pause_the_campaign(
    lab: Lab, freeswitch: Switch, small_disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The first has room for half a second, the others cannot be begun; the message was heard all the same."""
    numbers = [f"091235{place}0024" for place in range(3)]
    campaign_id = lab.campaign([*numbers, "09123550002"], gateways=["lab"], record_s=9)
    wait_for(lambda: len(lab.attempts(campaign_id)) == 4, "the calls")
    cut = [last_of(lab, campaign_id, "+98" + number[1:]) for number in numbers]
    places = [small_disk / "one.wav", Path("/dev/full"), Path("/dev/full")]
    for attempt, place in zip(cut, places, strict=True):
        (freeswitch.folder / "recordings" / f"{attempt.uuid}.wav").symlink_to(place)
    wait_for(lambda: lab.state(campaign_id) == "paused", "the pause")
    said = [one.getMessage() for one in caplog.records if "action=recording_cut" in one.getMessage()]
    assert len(said) == 3
    reason = read(lambda: Campaign.get_by_id(campaign_id).state_reason)
    assert str(sentence_of(reason)) == (
        "Switch real cuts recordings short (its disk may be full); paused so that nobody speaks in vain."
    )
    first, *others = (last_of(lab, campaign_id, "+98" + number[1:]) for number in numbers)
    assert 0 < first.record_ms < 1_000
    assert [one.record_ms for one in others] == [0, 0]
    assert {one.disposition for one in (first, *others)} == {"answered"}
    assert min(one.heard_ms for one in (first, *others)) >= 1_900
