"""CAF, W64 and AVI: played whole or refused; videos whose packets hold MPEG frames are named, never played in part."""

from __future__ import annotations

import pytest

from tests.messages.sound_files import muxed, wav
from tests.messages.whole_sounds import AT_8, ONE, assert_refused, assert_whole

MADE = {
    "caf": muxed("caf", ONE),  # coded as Apple's voice recorders do
    "pcm.caf": wav(ONE, format="CAF"),
    "ulaw.caf": wav(AT_8, 8_000, "ULAW", "CAF"),
    "w64": wav(ONE, format="W64"),
    "24.w64": wav(ONE, subtype="PCM_24", format="W64"),
    "float.w64": wav(ONE, subtype="FLOAT", format="W64"),
    "avi": muxed("avi", ONE),
}


@pytest.mark.parametrize("kind", MADE)
@pytest.mark.parametrize("name", ["", "a.wav", "a.mp3", "a.txt"])
def test_it_is_played_whole_whatever_its_name(kind: str, name: str) -> None:
    assert_whole(MADE[kind], 3.0, name)


@pytest.mark.parametrize("kind", MADE)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_it_is_never_played_in_part(kind: str, share: float) -> None:
    data = MADE[kind]
    assert_refused(data[: int(len(data) * share)], "is cut short|cannot be read as audio")


@pytest.mark.parametrize("kind", MADE)
def test_two_in_one_file_are_refused(kind: str) -> None:
    assert_refused(MADE[kind] * 2, "several files joined into one")


@pytest.mark.parametrize("kind", MADE)
@pytest.mark.parametrize("behind", [bytes(5_000), b"<html>not found</html>"])
def test_what_stands_behind_is_no_sound(kind: str, behind: bytes) -> None:
    assert_whole(MADE[kind] + behind, 3.0)


@pytest.mark.parametrize(
    ("container", "name"), [("mpeg", "MPEG video"), ("mpegts", "MPEG-TS video"), ("flv", "FLV")]
)
@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_another_container_is_named(container: str, name: str, rate: int) -> None:
    samples = ONE if rate == 16_000 else ONE.repeat(3)
    data = muxed(container, samples, 48_000 if container == "mpeg" else rate)
    assert_refused(data, f"is {name}; send WAV, MP3", "clip.mp3")
