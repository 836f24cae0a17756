"""Files as people bring them (kinds K11 to K17): played whole, or refused with one sentence; never a part of them alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.errors import BadInput
from engine.services.messages.audio import Prompt, load_prompt
from tests.messages.sound_files import (
    ID3V1,
    LYRICS,
    ape,
    chunk,
    data_chunk,
    flac,
    fmt,
    id3,
    mp3,
    muxed,
    ogg,
    pcm,
    riff,
    speech,
    wav,
    with_xing,
    without_xing,
    xing_of,
)

ONE = speech(3.0)
AT_8 = speech(3.0, 8_000)
BARE = pcm(AT_8)


def heard(data: bytes, name: str = "") -> Prompt:
    return load_prompt(data, name=name or None)


def assert_whole(data: bytes, seconds: float, name: str = "") -> Prompt:
    """It lasts so long (encoders add some frames, packets are filled up), and its last half second is speech."""
    prompt = heard(data, name)
    assert seconds - 0.02 <= len(prompt.samples) / 8_000 <= seconds + 0.32
    end = int(seconds * 8_000)
    assert np.abs(prompt.samples[end - 4_000 : end].astype(int)).max() > 1_000
    return prompt


def assert_refused(
    data: bytes, words: str = r"cut short|damaged|joined|cannot be read", name: str = ""
) -> None:
    with pytest.raises(BadInput, match=words):
        heard(data, name)


def rated(rate: int, channels: int = 1) -> np.ndarray:
    made = speech(3.0, rate)
    return made if channels == 1 else np.repeat(made[:, None], channels, axis=1)


# -- K11: no length, or a false one ------------------------------------------------------


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_mp3_without_a_length(rate: int, channels: int) -> None:
    assert_whole(without_xing(mp3(rated(rate, channels), rate)), 3.0)


def test_mp3_that_begins_with_silence_and_has_no_length() -> None:
    silent = np.concatenate([np.zeros(48_000), ONE])
    prompt = assert_whole(without_xing(mp3(silent)), 6.0)
    assert np.abs(prompt.samples[:20_000].astype(int)).max() < 400


def test_mp3_of_one_bitrate_without_a_length() -> None:
    assert_whole(muxed("mp3", ONE), 3.0)
    assert_whole(without_xing(mp3(ONE, mode="CONSTANT")), 3.0)


@pytest.mark.parametrize("frames", [0, 1, 20, 60, 82, 84, 100, 1_000, 2**32 - 1])
def test_mp3_whose_header_tells_a_false_number_of_frames(frames: int) -> None:
    data = mp3(ONE)
    assert_whole(with_xing(data, frames, xing_of(data)[1]), 3.0)


@pytest.mark.parametrize("size", [None, 10**6])
def test_mp3_that_has_fewer_frames_than_it_tells_is_cut_short(size: int | None) -> None:
    data = mp3(ONE)
    assert_refused(with_xing(data, 200, size))


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.75, 0.9, 0.97])
def test_mp3_that_was_cut(share: float) -> None:
    data = mp3(ONE)
    assert_refused(data[: int(len(data) * share)], "cut short|lasts")
    bare = without_xing(data)
    assert_refused(bare[: int(len(bare) * share)], "cut short|lasts")


def test_mp3_of_which_a_part_of_the_last_frame_is_missing_is_whole() -> None:
    assert_whole(mp3(ONE)[:-10], 3.0)


def test_mp3_inside_a_wav_file_and_bare_aac() -> None:
    inside = without_xing(mp3(ONE))
    assert_whole(riff(fmt(16_000, 1, 0, 0x55), data_chunk(inside)), 3.0)
    assert_whole(muxed("adts", ONE), 3.0)


def test_mp3_with_a_hole() -> None:
    data = without_xing(mp3(speech(20.0)))
    middle = len(data) // 2
    assert_refused(data[:middle] + bytes(10_000) + data[middle + 10_000 :])


# -- K12: several files in one -------------------------------------------------------------


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("make", [mp3, ogg, flac, wav], ids=["mp3", "ogg", "flac", "wav"])
def test_files_that_were_joined_are_played_one_behind_the_other(make, count: int) -> None:
    assert_whole(make(ONE) * count, 3.0 * count)


@pytest.mark.parametrize(
    "parts",
    [
        [mp3(ONE), mp3(rated(44_100, 2), 44_100)],
        [mp3(rated(44_100, 2), 44_100), without_xing(mp3(ONE))],
        [without_xing(mp3(ONE)), mp3(ONE)],
        [without_xing(mp3(ONE)), without_xing(mp3(ONE, mode="CONSTANT"))],
        [mp3(ONE), ID3V1, id3(), mp3(ONE)],
        [id3(), mp3(ONE), ape(), ID3V1, id3(), id3(30_000, b"\xff\xfb\x90\x64"), mp3(ONE)],
        [mp3(ONE), bytes(500), mp3(ONE)],
        [ogg(ONE), ogg(rated(44_100, 2), 44_100)],
        [ogg(rated(48_000), 48_000, "OPUS"), ogg(rated(48_000), 48_000, "OPUS")],
        [ogg(ONE), ogg(rated(48_000), 48_000, "OPUS")],
        [ogg(ONE), ID3V1, ogg(ONE)],
        [wav(ONE), wav(rated(44_100, 2), 44_100, "PCM_24")],
        [wav(AT_8, 8_000, "ALAW"), wav(AT_8, 8_000)],
        [riff(fmt(), data_chunk(BARE, 0), size=0), riff(fmt(), data_chunk(BARE, 0), size=0)],
        [riff(fmt(), data_chunk(BARE, 2**32 - 1)), riff(fmt(), data_chunk(BARE))],
        [wav(ONE), chunk(b"LIST", b"INFOISFT\x04\0\0\0abc\0"), wav(ONE)],
    ],
)
def test_two_files_of_one_kind_that_differ(parts: list[bytes]) -> None:
    assert_whole(b"".join(parts), 6.0)


@pytest.mark.parametrize("container", ["mp4", "webm", "aiff", "amr", "asf"])
def test_joined_files_that_cannot_be_told_apart_are_refused(container: str) -> None:
    rate = 8_000 if container == "amr" else 16_000
    data = muxed(container, speech(3.0, rate), rate)
    assert_whole(data, 3.0)
    assert_refused(data + data, "joined")


@pytest.mark.parametrize("make", [mp3, ogg, flac, wav], ids=["mp3", "ogg", "flac", "wav"])
@pytest.mark.parametrize("share", [0.4, 0.8])
def test_joined_files_of_which_one_was_cut(make, share: float) -> None:
    data = make(ONE)
    cut = data[: int(len(data) * share)]
    assert_refused(data + cut)
    if make is not wav:  # of which the second one then is the rest of the first
        assert_refused(cut + data)


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
    assert any("but clicks" in str(warning) for warning in heard(wav(samples, 8_000)).sheet.warned)


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


# -- K15: sizes in the header of a WAV file -------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        riff(fmt(), data_chunk(BARE, 0), size=0),
        riff(fmt(), data_chunk(BARE, 0)),
        riff(fmt(), data_chunk(BARE), size=0),
        riff(fmt(), data_chunk(BARE), size=2**32 - 1),
        riff(fmt(), data_chunk(BARE), size=100),
        riff(fmt(), data_chunk(BARE, 2**32 - 1), size=2**32 - 1),
        riff(fmt(), data_chunk(BARE, 0x7FFF_F000), size=0x7FFF_F024),
        riff(fmt(), data_chunk(BARE, 2**31)),
        riff(fmt(), data_chunk(BARE, len(BARE) + 1)),
        riff(fmt(), data_chunk(BARE, len(BARE) + 8)),
        riff(fmt(), data_chunk(BARE, len(BARE) + 44)),
        riff(fmt(), data_chunk(BARE, len(BARE) + 600)),
        riff(fmt(), data_chunk(BARE, len(BARE) // 2)),
        riff(fmt(), data_chunk(BARE, 2), size=38),
        riff(fmt(), data_chunk(BARE, len(BARE) - 44)),
        riff(fmt(), chunk(b"LIST", b"INFOodd", pads=True), data_chunk(BARE)),
        riff(fmt(), chunk(b"LIST", b"INFOodd", pads=False), data_chunk(BARE)),
        riff(chunk(b"JUNK", bytes(27), pads=False), fmt(), chunk(b"bext", b"x" * 603, pads=False), data_chunk(BARE)),
        riff(fmt(), data_chunk(BARE + b"\x01"), chunk(b"LIST", b"INFOISFT\x04\0\0\0abc\0")),
        riff(fmt(), data_chunk(BARE, 0), chunk(b"LIST", b"INFOISFT\x04\0\0\0abc\0"), size=0),
        riff(fmt(), data_chunk(BARE), b"\0" * 4_096),
        riff(fmt(), data_chunk(BARE)) + id3() + ID3V1,
        id3(2_000) + riff(fmt(), data_chunk(BARE)),
        riff(chunk(b"ds64", np.array([len(BARE) + 72, len(BARE), 24_000], "<u8").tobytes() + bytes(4)), fmt(),
             data_chunk(BARE, 2**32 - 1), size=2**32 - 1, name=b"RF64"),
        riff(chunk(b"ds64", bytes(28)), fmt(), data_chunk(BARE, 2**32 - 1), size=2**32 - 1, name=b"RF64"),
        riff(chunk(b"ds64", np.array([len(BARE) + 72, len(BARE), 24_000], "<u8").tobytes() + bytes(4)), fmt(),
             data_chunk(BARE, 2**32 - 1), size=2**32 - 1, name=b"BW64"),
        wav(AT_8, 8_000, format="RF64"),
        wav(AT_8, 8_000, format="WAVEX"),
        wav(AT_8, 8_000, "IMA_ADPCM"),
        wav(AT_8, 8_000, "GSM610"),
    ],
)  # fmt: skip
def test_wav_with_any_sizes_is_played_whole(data: bytes) -> None:
    assert_whole(data, 3.0)


@pytest.mark.parametrize(
    "data",
    [
        riff(fmt(), data_chunk(BARE)),
        riff(fmt(), data_chunk(BARE), chunk(b"LIST", b"INFOISFT\x04\0\0\0abc\0")),
        wav(AT_8, 8_000, "PCM_24"),
        wav(AT_8, 8_000, "FLOAT"),
        wav(AT_8, 8_000, "ALAW"),
        wav(AT_8, 8_000, "ULAW"),
    ],
)
def test_noise_behind_the_end_of_a_wav_is_not_played_and_it_is_said(data: bytes) -> None:
    noise = pcm(np.random.default_rng(1).normal(0, 0.3, 16_000).clip(-1, 1))
    clean, noisy = heard(data), heard(data + noise)
    assert len(noisy.samples) == len(clean.samples)
    assert np.abs(noisy.samples.astype(int) - clean.samples).max() <= 1
    assert any("bytes more" in str(warning) for warning in noisy.sheet.warnings)
    assert not any("bytes more" in str(warning) for warning in clean.sheet.warnings)


def _locked_m4a() -> bytes:
    return muxed("mp4", ONE).replace(b"mp4a", b"drms", 1)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"#!AMR\n" + b"\x7c" * 3_000, "is damaged, or coded in a way"),
        (riff(fmt(code=0x1234), data_chunk(BARE)), "is damaged, or coded in a way"),
        (_locked_m4a(), "DRM"),
    ],
)
def test_what_no_decoder_reads_is_told_in_our_words(data: bytes, said: str) -> None:
    assert_refused(data, said)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.95])
@pytest.mark.parametrize("name", [b"RIFF", b"RF64"])
def test_wav_that_was_cut(share: float, name: bytes) -> None:
    data = riff(fmt(), data_chunk(BARE))
    if name == b"RF64":
        data = wav(AT_8, 8_000, format="RF64")
    assert_refused(data[: int(len(data) * share)], "cut short")


@pytest.mark.parametrize(
    "data",
    [
        riff(),
        riff(fmt()),
        riff(data_chunk(BARE)),
        riff(fmt(), data_chunk(b"")),
        riff(fmt(), data_chunk(b""), chunk(b"LIST", b"INFOISFT\x04\0\0\0abc\0")),
        riff(b"fmt \xff\xff\xff\x7f", data_chunk(BARE)),
        riff(fmt(0), data_chunk(BARE)),
        riff(fmt(8_000, 0), data_chunk(BARE)),
        riff(fmt(code=0x1234), data_chunk(BARE)),
    ],
)
def test_wav_without_a_sound_is_refused(data: bytes) -> None:
    assert_refused(data, "cannot be read|lasts|has 0 channels|channels of")


# -- K16: the content decides, not the name ---------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["m.raw", "m.mp3", "m", "m.ogg", "m.gsm", "m.vox", "m.al", "m.RAW", ".wav", "m.xlsx"]
)
@pytest.mark.parametrize("make", [wav, mp3, ogg, flac], ids=["wav", "mp3", "ogg", "flac"])
def test_a_file_under_any_name(tmp_path: Path, name: str, make) -> None:
    path = tmp_path / name
    path.write_bytes(make(ONE))
    prompt = load_prompt(path)
    assert len(prompt.samples) / 8_000 == pytest.approx(3.0, abs=0.15)


# -- K17: labels ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        ([id3(), id3()], []),
        ([id3(60_000), id3(), id3(5)], []),
        ([id3(300, version=4, footer=True), id3(version=2)], []),
        ([id3(), bytes(1_000), id3(), bytes(77)], []),
        ([id3(50_000, b"\xff\xfb\x90\x64"), id3(50_000, b"\xff\xf3\x48\xc4\0")], []),
        ([id3(3_000, b"RIFF\x24\0\0\0WAVEfmt ")], []),
        ([ape()], []),
        ([ape(), id3()], [ape(), ID3V1]),
        ([id3(), ape()], [LYRICS, ID3V1]),
        ([], [ID3V1]),
        ([id3(), id3()], [ape(200), LYRICS, ID3V1]),
        ([], [id3(version=4, footer=True)]),
        ([], [ID3V1, ID3V1]),
    ],
)
@pytest.mark.parametrize(
    "make", [mp3, lambda one: without_xing(mp3(one)), flac], ids=["mp3", "bare mp3", "flac"]
)
def test_labels_are_passed_over(before: list[bytes], behind: list[bytes], make) -> None:
    assert_whole(b"".join(before) + make(ONE) + b"".join(behind), 3.0)


@pytest.mark.parametrize("make", [wav, ogg, lambda one: muxed("adts", one)], ids=["wav", "ogg", "aac"])
def test_labels_before_other_formats(make) -> None:
    assert_whole(id3() + id3(500) + make(ONE), 3.0)


def test_a_label_that_is_longer_or_shorter_than_it_says() -> None:
    data = without_xing(mp3(ONE))
    assert_whole(id3(500)[:10] + bytes(700) + data, 3.0)
    with_sound = heard(id3(1_000) + data).samples
    assert (heard(id3(1_000, b"x" * 1_000)[:10] + b"y" * 1_000 + data).samples == with_sound).all()


# -- what a worker's reading may take ------------------------------------------------------------------


def test_ten_minutes_of_any_format_are_read_within_the_limits() -> None:
    assert len(heard(ogg(speech(599.0))).samples) / 8_000 == pytest.approx(599, abs=0.4)
    many = np.repeat(speech(599.0, 8_000)[:, None], 8, axis=1)
    assert len(heard(wav(many, 8_000)).samples) / 8_000 == pytest.approx(599, abs=0.4)
    assert_refused(flac(speech(301.0, 8_000), 8_000) * 2, "lasts over 10.0 minutes")
