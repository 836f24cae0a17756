"""False sizes in the header of a WAV file (kind K15)."""

from __future__ import annotations

import numpy as np
import pytest

from tests.messages.sound_files import (
    ID3V1,
    chunk,
    data_chunk,
    fmt,
    id3,
    muxed,
    pcm,
    riff,
    wav,
)
from tests.messages.whole_sounds import AT_8, BARE, ONE, assert_refused, assert_whole, heard

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
    assert any("more bytes" in str(warning) for warning in noisy.sheet.warnings)
    assert not any("more bytes" in str(warning) for warning in clean.sheet.warnings)


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


def test_sound_in_two_pieces_is_not_played_in_part() -> None:
    half = len(BARE) // 4 * 2
    assert_refused(riff(fmt(), data_chunk(BARE[:half]), data_chunk(BARE[half:])), "joined")
    assert_refused(
        riff(fmt(), data_chunk(BARE[:half]), chunk(b"note", b"ab"), data_chunk(BARE[half:])), "joined"
    )
