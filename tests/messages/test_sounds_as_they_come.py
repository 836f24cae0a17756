"""Files as people bring them (kinds K11, K12, K16, K17): played whole, or refused with one sentence; never in part."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.services.messages.audio import load_prompt
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
    riff,
    speech,
    wav,
    with_xing,
    without_xing,
    xing_of,
)
from tests.messages.whole_sounds import AT_8, BARE, ONE, assert_refused, assert_whole, heard, rated

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


def test_of_several_tracks_the_first_is_played_and_the_others_are_told() -> None:
    prompt = heard(muxed("mp4", ONE, tracks=2))
    assert any('"tracks": 2' in str(note) or "2 sound tracks" in str(note) for note in prompt.found["notes"])


@pytest.mark.parametrize("behind", [bytes(500), bytes(100_000), ID3V1 + bytes(50_000), bytes(50_000) + ID3V1,
                                    ape() + bytes(50_000), ape() + ID3V1])  # fmt: skip
@pytest.mark.parametrize("make", [mp3, lambda samples: without_xing(mp3(samples))], ids=["xing", "bare"])
def test_zeros_and_labels_behind_an_mp3_are_no_sound(make, behind: bytes) -> None:
    prompt = assert_whole(make(ONE) + behind, 3.0)
    assert any("After its stated end" in warning.id for warning in prompt.sheet.warned) == (
        behind.count(0) > 10_000
    )


def test_an_mp3_of_which_only_zeros_follow_is_cut_short() -> None:
    data = mp3(speech(20.0))
    assert_refused(data[: len(data) // 2] + bytes(len(data) // 2), "cut short")


@pytest.mark.parametrize(
    "behind", [bytes(1), bytes(500), bytes(100_000), b"\xff" * 40, ID3V1, b"trailer of a telephone"]
)
def test_what_stands_behind_an_amr_file_is_no_sound(behind: bytes) -> None:
    assert_whole(muxed("amr", AT_8, 8_000) + behind, 3.0)
