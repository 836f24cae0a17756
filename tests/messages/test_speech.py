"""Texts become messages, codes are spoken from clips, recipients hear their own."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.clock import wall_ms
from engine.config import load_settings
from engine.errors import BadInput
from engine.services.campaigns import campaigns
from engine.services.campaigns.rules import CampaignRules
from engine.services.messages import library, otp_prompt
from engine.services.messages.audio import load_prompt
from engine.services.messages.otp_prompt import prompt_for_code
from engine.services.messages.speech import Speech, SpeechUnavailable, job_of, length_of
from engine.services.messages.spoken_digits import WORDS, clip, code_samples
from engine.states import RecipientState
from engine.store.tables.core import Campaign, Recipient
from engine.store.threads import read, write
from engine.workers import pool
from engine.workers.job import Job
from tests.policies import ANYTHING
from tests.runtime.lab import Lab
from tests.waits import wait_for

OPEN = {"hours_service": "", "hours_advertising": ""}


@pytest.fixture(scope="module")
def speech() -> Iterator[Speech]:
    speech = Speech()
    yield speech
    speech.close()


def test_a_text_is_spoken_once_and_kept_by_its_content(speech: Speech, tmp_path: Path) -> None:
    first = speech.make("قبض شما ۲۵۰٬۰۰۰ ريال است", tmp_path)
    assert (tmp_path / f"{first.prompt}.wav").exists()
    assert length_of(first.prompt) == first.duration_ms
    assert load_prompt(tmp_path / f"{first.prompt}.wav").duration_ms == first.duration_ms
    assert (tmp_path / f"{first.prompt}.PCMA").stat().st_size == first.duration_ms * 8
    made_at = (tmp_path / f"{first.prompt}.wav").stat().st_mtime_ns
    same = speech.make(" قبض شما 250,000 ریال  است ", tmp_path)
    assert same.prompt == first.prompt
    assert (tmp_path / f"{first.prompt}.wav").stat().st_mtime_ns == made_at
    assert speech.make("قبض شما", tmp_path).prompt != first.prompt
    assert speech.make("قبض شما ۲۵۰٬۰۰۰ ريال است", tmp_path, "female").prompt != first.prompt


def test_a_message_that_a_power_cut_left_short_is_made_again(speech: Speech, tmp_path: Path) -> None:
    made = speech.make("سلام بر همه", tmp_path)
    (tmp_path / f"{made.prompt}.PCMA").write_bytes(b"")
    assert speech.make("سلام بر همه", tmp_path) == made
    assert (tmp_path / f"{made.prompt}.PCMA").stat().st_size == made.duration_ms * 8


@pytest.mark.parametrize("text", ["", "؟؟", "ا" * 1001])
def test_what_cannot_be_spoken_is_refused(speech: Speech, tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput):
        speech.make(text, tmp_path)


def test_an_unknown_voice_and_a_missing_model_are_refused(speech: Speech, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no voice"):
        speech.samples("سلام", "../x")
    with pytest.raises(BadInput, match="AVANAK_PIPER_MODEL"):
        Speech.of_settings(load_settings(piper_model=str(tmp_path / "none.onnx")))


def test_markup_is_spoken_and_not_obeyed(speech: Speech, tmp_path: Path) -> None:
    made = speech.make('<audio src="/etc/passwd"/> سلام', tmp_path)
    assert made.duration_ms < 15_000


def test_a_text_that_ends_the_worker_costs_only_itself(
    speech: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = speech._job
    monkeypatch.setattr(speech, "_job", Job("tests.workers.jobs:abort", kept.limits, kept.lane))
    with pytest.raises(SpeechUnavailable, match="change its wording"):
        speech.samples("سلام")
    monkeypatch.setattr(speech, "_job", kept)
    assert len(speech.samples("سلام"))


def test_a_code_is_made_of_clips_twice_in_private(tmp_path: Path) -> None:
    name, length = prompt_for_code("405172", prompts_dir=tmp_path)
    assert length_of(name) == length
    assert "405172" not in name
    assert load_prompt(tmp_path / f"{name}.wav").duration_ms == length
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o007 == 0
    assert prompt_for_code("405172", prompts_dir=tmp_path)[0] != name
    samples = code_samples("44444444")
    four = clip("fa", "4")
    found = [at for at in range(len(samples) - len(four)) if np.array_equal(samples[at : at + 20], four[:20])]
    assert len([at for at in found if np.array_equal(samples[at : at + len(four)], four)]) == 16
    assert otp_prompt.forget_old(tmp_path, wall_ms()) == 0
    assert otp_prompt.forget_old(tmp_path, wall_ms() + otp_prompt.KEEP_MS + 5_000) == 6  # three files of each
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("code", ["", "123", "123456789", "12a4", "۱۲۳۴", "12 4"])
def test_what_is_no_code(code: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        prompt_for_code(code, prompts_dir=tmp_path)
    with pytest.raises(BadInput):
        prompt_for_code("1234", "../x", prompts_dir=tmp_path)


def test_every_clip_is_there_and_can_be_heard() -> None:
    for language, words in WORDS.items():
        for word in words:
            samples = clip(language, word)
            assert 0.15 <= len(samples) / 8000 <= 2.0
            assert np.abs(samples.astype(int)).max() > 3_000


def test_each_recipient_hears_a_message_of_their_own(start_lab: Callable[..., Lab], speech: Speech) -> None:
    lab = start_lab(settings=OPEN)
    prompts = lab.engine.settings.prompts_dir
    add = library.speak(1, "قبض", "{نام} عزیز، قبض شما {مبلغ} ریال است", "male", speech, prompts)
    message = write(lambda: add(wall_ms()))
    rules = CampaignRules(name="bills", gateways=["embedded"])
    campaign_id = write(lambda: campaigns.create(1, rules, message.id, wall_ms(), ANYTHING))
    lab.add(campaign_id, ["شماره,نام,مبلغ", "09123450000,علی,1200", "09123460000,علی,1200",
                          "09123470000,مریم,99", "09123480000,,5", f"09123490000,{'7' * 90},1"])  # fmt: skip
    write(lambda: campaigns.start(campaign_id, wall_ms(), ANYTHING))
    counts = lab.finish(campaign_id)
    assert (counts.delivered, counts.excluded) == (3, 2)
    rows = read(
        lambda: list(Recipient.select().where(Recipient.campaign_id == campaign_id).order_by(Recipient.line))
    )
    names = [row.prompt for row in rows]
    assert names[0] == names[1] != names[2]
    for row in rows[3:]:  # an empty cell, and one so long that the call would end before the message
        assert (row.state, row.reason) == (RecipientState.EXCLUDED, "no_message")
    for attempt in lab.attempts(campaign_id):
        recipient = next(row for row in rows if row.id == attempt.recipient_id)
        assert abs(attempt.heard_ms - (length_of(recipient.prompt) or 0)) < 700


def test_an_unknown_variable_is_told_before_the_start(start_lab: Callable[..., Lab], speech: Speech) -> None:
    lab = start_lab(settings=OPEN)
    add = library.speak(1, "x", "{amont} ریال", "male", speech, lab.engine.settings.prompts_dir)
    message = write(lambda: add(wall_ms()))
    rules = CampaignRules(name="bills", gateways=["embedded"])
    campaign_id = write(lambda: campaigns.create(1, rules, message.id, wall_ms(), ANYTHING))
    lab.add(campaign_id, ["number,amount", "09123450000,1200"])
    with pytest.raises(BadInput, match=r"uses \{amont\}"):
        write(lambda: campaigns.start(campaign_id, wall_ms(), ANYTHING))
    assert read(lambda: Campaign.get_by_id(campaign_id)).state == "draft"
    wait_for(lambda: not lab.engine.preparer.left, "nothing to be made")


def test_a_voice_that_cannot_be_loaded_is_said_and_its_path_is_not(tmp_path: Path) -> None:
    """The process that speaks lives on and answers; without the package piper-tts it is the package that lacks."""
    model = tmp_path / "voice.onnx"
    model.write_bytes(b"this is no model")
    for _ in range(2):
        rate, said = pool.run(job_of(str(model)), "hello", "en", 150)
        assert rate == 0
        shown, _, detail = said.decode().partition("\n")
        assert shown == "the voice cannot be loaded"
        assert detail
