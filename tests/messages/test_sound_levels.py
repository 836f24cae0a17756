"""Channels and levels of files as people bring them (kinds K13, K14)."""

from __future__ import annotations

import numpy as np
import pytest

from engine.services.messages.audio import load_prompt
from tests.messages.sound_files import (
    speech,
    wav,
)
from tests.messages.whole_sounds import AT_8, assert_refused, heard

# -- K13: two channels ----------------------------------------------------------------------


def stereo(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.stack([left, right], axis=1)


@pytest.mark.parametrize("like", [1.0, 0.99, 0.97, 0.9, 0.8])
@pytest.mark.parametrize("rate", [8_000, 44_100])
def test_channels_that_cancel_are_not_mixed(like: float, rate: int) -> None:
    one = speech(3.0, rate) * 0.7
    plain = heard(wav(one, rate))
    prompt = heard(wav(stereo(one, -like * one), rate))
    assert prompt.level_dbfs == pytest.approx(plain.level_dbfs, abs=0.5)
    assert "used alone" in str(prompt.sheet.noted[0])


@pytest.mark.parametrize("silent", [0, 1])
@pytest.mark.parametrize("noise", [0.0, 0.0003])
def test_a_silent_channel_takes_nothing_from_the_other(silent: int, noise: float) -> None:
    rng = np.random.default_rng(1)
    pair = [AT_8, rng.normal(0, noise or 1e-9, len(AT_8))]
    prompt = heard(wav(stereo(*(pair if silent else pair[::-1])), 8_000))
    assert prompt.level_dbfs == pytest.approx(heard(wav(AT_8, 8_000)).level_dbfs, abs=0.3)


def test_equal_channels_are_as_loud_as_one() -> None:
    prompt = heard(wav(stereo(AT_8, AT_8), 8_000))
    assert prompt.level_dbfs == pytest.approx(heard(wav(AT_8, 8_000)).level_dbfs, abs=0.2)
    assert not any("used alone" in str(note) for note in prompt.sheet.noted)


def test_people_who_speak_on_a_channel_each_are_both_heard() -> None:
    silence = np.zeros(8_000)
    left = np.concatenate([speech(2.0, 8_000), silence, silence])
    right = np.concatenate([silence, silence, speech(2.0, 8_000, "9999")])
    prompt = heard(wav(stereo(left, right), 8_000))
    for half in (prompt.samples[2_000:14_000], prompt.samples[18_000:30_000]):
        assert np.abs(half.astype(int)).max() > 5_000


def test_channels_that_cancel_for_a_part_only_lose_nothing() -> None:
    right = np.concatenate([speech(4.0, 8_000)[:24_000], -speech(4.0, 8_000)[24_000:]])
    prompt = heard(wav(stereo(speech(4.0, 8_000), right), 8_000))
    assert np.abs(prompt.samples[24_500:31_000].astype(int)).max() > 5_000


def test_a_hum_in_phase_does_not_hide_that_the_voices_cancel() -> None:
    hum = 0.2 * np.sin(2 * np.pi * 50 * np.arange(24_000) / 8_000)
    prompt = heard(wav(stereo(0.4 * AT_8 + hum, -0.4 * AT_8 + hum), 8_000))
    assert "used alone" in str(prompt.sheet.noted[0])


def test_a_voice_in_the_centre_of_six_channels_is_not_lost() -> None:
    six = np.zeros((24_000, 6))
    six[:, 2] = AT_8
    assert heard(wav(six, 8_000)).level_dbfs == pytest.approx(heard(wav(AT_8, 8_000)).level_dbfs, abs=0.3)


def test_quiet_channels_that_cancel_are_found_too() -> None:
    prompt = heard(wav(stereo(0.03 * AT_8, -0.03 * AT_8), 8_000, "PCM_24"))
    assert prompt.sheet.loudness_lufs == pytest.approx(-20, abs=1)


# -- K14: the level ---------------------------------------------------------------------------


@pytest.mark.parametrize("db", [-8, -12, -20, -25, -30, -35])
@pytest.mark.parametrize("rate", [8_000, 44_100])
def test_quiet_speech_is_brought_to_a_telephones_level_and_it_is_said(db: int, rate: int) -> None:
    prompt = heard(wav(speech(5.0, rate) * 10 ** (db / 20), rate, "PCM_24"))
    assert prompt.sheet.loudness_lufs == pytest.approx(-20, abs=0.5)
    assert any("dB louder" in str(note) for note in prompt.sheet.noted)
    assert bool(prompt.sheet.warnings) == (prompt.sheet.gain_db >= 20)
    assert np.abs(prompt.samples.astype(int)).max() < 32_000


def with_click(samples: np.ndarray, at_s: float, length_s: float = 0.005, level: float = 0.95) -> np.ndarray:
    made = samples.copy()
    at = int(at_s * 8_000)
    made[at : at + int(length_s * 8_000)] = level
    return made


@pytest.mark.parametrize("at_s", [0.0, 0.5, 1.5, 2.98])
@pytest.mark.parametrize("length_s", [0.0005, 0.005, 0.02])
def test_a_click_does_not_decide_the_gain(at_s: float, length_s: float) -> None:
    quiet = 0.02 * AT_8
    plain = heard(wav(quiet, 8_000)).sheet
    prompt = heard(wav(with_click(quiet, at_s, length_s), 8_000))
    assert prompt.sheet.gain_db == pytest.approx(plain.gain_db, abs=1.5)
    assert any("clicks" in str(warning) for warning in prompt.sheet.warned)


def test_several_clicks_do_not_decide_it_either() -> None:
    quiet = 0.02 * speech(10.0, 8_000)
    clicked = quiet
    for at_s in (0.3, 2.2, 4.1, 4.9, 7.7, 9.4):
        clicked = with_click(clicked, at_s, 0.004, -0.9)
    expected = heard(wav(quiet, 8_000)).sheet.gain_db
    assert heard(wav(clicked, 8_000)).sheet.gain_db == pytest.approx(expected, abs=1.5)


@pytest.mark.parametrize("at_s", [0.0, 2.0, 3.99])
@pytest.mark.parametrize("clicks", [1, 3])
def test_clicks_in_silence_are_said_to_be_no_message(at_s: float, clicks: int) -> None:
    samples = np.zeros(32_000)
    for number in range(clicks):
        samples = with_click(samples, (at_s + number * 1.1) % 4)
    assert any("only clicks" in str(warning) for warning in heard(wav(samples, 8_000)).sheet.warned)


@pytest.mark.parametrize("before_s", [0, 10, 20])
def test_what_is_mostly_silence_is_said_and_the_silence_is_taken_off_on_wish(before_s: int) -> None:
    samples = np.concatenate([np.zeros(8_000 * before_s), AT_8, np.zeros(8_000 * (20 - before_s))])
    plain = heard(wav(samples, 8_000))
    assert any("mostly silence" in str(warning) for warning in plain.sheet.warned)
    trimmed = load_prompt(wav(samples, 8_000), trims=True)
    assert 2.9 <= len(trimmed.samples) / 8_000 <= 3.4
    assert not trimmed.sheet.warnings


@pytest.mark.parametrize("over", [2, 4, 10])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "ULAW"])
def test_what_was_recorded_too_loud_is_said(over: int, subtype: str) -> None:
    loud = np.clip(AT_8 * over / np.abs(AT_8).max(), -1, 1)
    assert any("too loud" in str(warning) for warning in heard(wav(loud, 8_000, subtype)).sheet.warned)


def test_good_speech_is_left_as_it_is_and_nothing_is_said() -> None:
    good = AT_8 * 0.9 / np.abs(AT_8).max()
    prompt = heard(wav(good, 8_000))
    assert prompt.sheet.gain_db == 0
    assert prompt.sheet.warnings == prompt.sheet.notes == ()
    assert np.abs(prompt.samples[: len(good)] - np.rint(good * 32_767)).max() <= 40  # of a constant offset


def test_a_constant_offset_takes_no_room() -> None:
    prompt = heard(wav(0.02 * AT_8 + 0.5, 8_000, "PCM_24"))
    assert prompt.sheet.loudness_lufs == pytest.approx(-20, abs=1)
    assert abs(float(prompt.samples.mean())) < 100


@pytest.mark.parametrize(("pitch", "is_told"), [(100, True), (3_800, True), (250, False), (1_000, False)])
def test_a_tone_that_no_telephone_plays_is_told(pitch: int, is_told: bool) -> None:
    tone = 0.5 * np.sin(2 * np.pi * pitch * np.arange(3 * 16_000) / 16_000)
    prompt = heard(wav(tone))
    assert any("too low or too high" in warning.id for warning in prompt.sheet.warned) == is_told


_TIMES = np.arange(5 * 16_000) / 16_000


@pytest.mark.parametrize(
    "samples",
    [
        np.full(5 * 16_000, 0.3),  # the offset of a microphone without a voice
        np.linspace(-0.8, 0.8, 5 * 16_000),
        *(0.5 * np.sin(2 * np.pi * pitch * _TIMES) for pitch in (1, 5, 20, 50)),
        0.3 + 0.5 * np.sin(2 * np.pi * 3 * _TIMES),
    ],
)
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
def test_an_offset_or_a_drift_is_silence(samples: np.ndarray, subtype: str) -> None:
    assert_refused(wav(samples, subtype=subtype), "is silence")


@pytest.mark.parametrize("level", [1.0, 0.05])
def test_a_voice_on_a_drift_is_heard(level: float) -> None:
    drift = 0.4 + 0.3 * np.sin(2 * np.pi * 2 * np.arange(3 * 8_000) / 8_000)
    heard(wav(0.25 * level * AT_8 + drift, 8_000, "PCM_24"))


def test_speech_is_no_tone() -> None:
    prompt = heard(wav(speech()))
    assert not any("too low or too high" in warning.id for warning in prompt.sheet.warned)
