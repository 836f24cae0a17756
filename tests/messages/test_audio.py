"""What customers record becomes what a telephone plays, or is refused with the reason."""

from __future__ import annotations

import contextlib
import hashlib
import io
import subprocess
import sys
import tracemalloc

import av
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BadInput, StoreUnavailable
from engine.services.messages.audio import add_ulaw, convert, load_prompt, wav_bytes
from engine.services.messages.g711 import to_alaw, to_ulaw


def tone(seconds=2.0, rate=44_100, channels=1, level=0.5, frequency=440.0):
    wave = level * np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate)
    return np.repeat(wave[:, None], channels, axis=1)


def encoded(samples, rate=44_100, format="WAV", subtype=None):
    out = io.BytesIO()
    soundfile.write(out, samples, rate, format=format, subtype=subtype)
    return out.getvalue()


def frequency_of(samples):
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return np.argmax(spectrum) * 8_000 / len(samples)


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_wav_of_any_rate_and_channels(rate, channels):
    prompt = load_prompt(encoded(tone(rate=rate, channels=channels), rate))
    assert prompt.samples.dtype == np.int16
    assert prompt.duration_ms == 2_040
    assert len(prompt.samples) == 16_320
    assert frequency_of(prompt.samples) == pytest.approx(440, abs=1)
    assert np.abs(prompt.samples).max() == pytest.approx(16_384, rel=0.05), "the level is left alone"
    assert prompt.level_dbfs == pytest.approx(-6, abs=0.2)


@pytest.mark.parametrize(
    ("format", "subtype", "rate"),
    [
        ("WAV", "PCM_U8", 8_000),
        ("WAV", "PCM_24", 48_000),
        ("WAV", "FLOAT", 44_100),
        ("WAV", "ALAW", 8_000),
        ("WAV", "ULAW", 8_000),
        ("WAVEX", "PCM_16", 44_100),
        ("MP3", "MPEG_LAYER_III", 44_100),
        ("MP3", "MPEG_LAYER_III", 16_000),
        ("OGG", "VORBIS", 44_100),
        ("OGG", "OPUS", 48_000),
        ("FLAC", "PCM_16", 44_100),
        ("FLAC", "PCM_24", 96_000),
    ],
)
def test_formats(format, subtype, rate):
    data = encoded(tone(rate=rate, channels=2), rate, format, subtype)
    prompt = load_prompt(data)
    assert prompt.duration_ms == pytest.approx(2_000, abs=60)
    assert frequency_of(prompt.samples[4_000:12_000]) == pytest.approx(440, abs=2)
    cut = data[: len(data) * 2 // 3]
    with pytest.raises(BadInput, match=r"cut short|damaged|cannot be read"):
        load_prompt(cut, name="half")


def muxed(container, codec, rate, channels=2):
    """Two seconds of the tone, written by FFmpeg as a browser, a telephone or a Windows machine would."""
    out = io.BytesIO()
    with av.open(out, "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate, layout="mono" if channels == 1 else "stereo")
        stream.bit_rate = 12_200 if "amr" in codec else 64_000
        samples = np.ascontiguousarray(
            (tone(rate=rate, channels=channels) * 32_767).astype(np.int16).reshape(1, -1)
        )
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout=stream.layout)
        frame.sample_rate = rate
        fit = av.AudioResampler(stream.format, stream.layout, rate, frame_size=stream.frame_size)
        for piece in [*fit.resample(frame), *fit.resample(None)]:
            file.mux(stream.encode(piece))
        file.mux(stream.encode(None))
    return out.getvalue()


@pytest.mark.parametrize(
    ("container", "codec", "rate", "channels"),
    [
        ("webm", "libopus", 48_000, 2),
        ("mp4", "aac", 44_100, 2),
        ("mp4", "alac", 44_100, 2),
        ("3gp", "libopencore_amrnb", 8_000, 1),
        ("amr", "libopencore_amrnb", 8_000, 1),
        ("adts", "aac", 44_100, 2),
        ("asf", "wmav2", 44_100, 2),
        ("aiff", "pcm_s16be", 44_100, 2),
        ("gsm", "gsm", 8_000, 1),
        ("opus", "libopus", 48_000, 2),
    ],
)
def test_formats_that_telephones_and_browsers_record(container, codec, rate, channels):
    # FFmpeg's encoder of GSM is not in the wheel; libsndfile writes the same frames.
    bare = encoded(tone(rate=rate), rate, "RAW", "GSM610") if codec == "gsm" else b""
    data = bare or muxed(container, codec, rate, channels)
    prompt = load_prompt(data, name=f"m.{container}")
    assert prompt.duration_ms == pytest.approx(2_000, abs=160)  # padded by the encoder, then to packets
    assert frequency_of(prompt.samples[4_000:12_000]) == pytest.approx(440, abs=2)
    assert prompt.level_dbfs == pytest.approx(-6, abs=1.5), "two channels are not louder than one"
    for part in (0.9, 0.5, 0.1):
        with pytest.raises(BadInput, match=r"half.* (cut short|damaged|cannot be read|no sound|lasts)"):
            load_prompt(data[: int(len(data) * part) // 33 * 33 + 5], name=f"half.{container}")


def test_the_last_page_of_an_ogg_file_is_whole():
    data = encoded(tone(), format="OGG")
    assert load_prompt(data).duration_ms == 2_040
    with pytest.raises(BadInput, match="its last page is missing"):
        load_prompt(data[:-100])


def test_messages_are_filled_up_to_whole_packets():
    prompt = load_prompt(encoded(tone(1.507, 8_000), 8_000))
    assert len(prompt.samples) % 160 == 0
    assert prompt.duration_ms == 1_560
    assert not prompt.samples[12_060:].any()


def test_only_what_would_clip_is_made_quieter():
    loud = load_prompt(encoded(tone(level=3.0), subtype="FLOAT"))
    assert np.abs(loud.samples).max() == pytest.approx(32_767 * 10 ** (-1 / 20), rel=0.01)
    plain = load_prompt(encoded(tone(level=0.2)))
    assert np.abs(plain.samples).max() == pytest.approx(6_554, rel=0.05)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "m.wav is empty"),
        (b"number,name\n09123456789,Ali\n", "m.wav is not a sound in a known format; send WAV, MP3, M4A"),
        (b"RIFF\x00\x00\x00\x00WAVE", "m.wav cannot be read as audio"),
        (b"\xff\xd8\xff\xe0JFIF" + bytes(5_000), "m.wav is not a sound in a known format"),
        (encoded(tone(), format="AU"), "m.wav is AU; send WAV, MP3, M4A, OGG, WebM, WMA, AMR or FLAC"),
        (encoded(tone(0.5)), "m.wav lasts 0.50 s; a message lasts at least 1 s"),
        (encoded(tone(11 * 60, 8_000), 8_000), "m.wav lasts over 11.0 minutes; a message lasts 10 at most"),
        (encoded(np.zeros(16_000), 8_000), "m.wav is silence: nothing at all, at least -50 dBFS"),
        (encoded(np.full(16_000, 0.3), 8_000), "m.wav is silence: nothing at all"),
        (encoded(tone(level=0.001)), "m.wav is silence: -60 dBFS at its loudest"),
        (encoded(np.full((16_000, 1), np.nan), 8_000, subtype="FLOAT"), "m.wav is silence"),
        (encoded(tone(rate=1_000), 1_000), "m.wav has 1 channels of 1,000 samples a second"),
        (encoded(tone(channels=12)), "m.wav has 12 channels"),
    ],
)
def test_refused_with_a_reason(data, sentence):
    with pytest.raises(BadInput) as refused:
        load_prompt(data, name="m.wav")
    assert sentence in str(refused.value)


def test_a_missing_file(tmp_path):
    with pytest.raises(BadInput, match=r"none\.wav cannot be opened: No such file"):
        load_prompt(tmp_path / "none.wav")


def test_the_length_of_a_stream_may_be_open():
    data = bytearray(encoded(tone(rate=8_000), 8_000))
    at = data.index(b"data") + 4
    data[at : at + 4] = b"\xff\xff\xff\xff"
    data[4:8] = b"\xff\xff\xff\xff"
    assert load_prompt(bytes(data)).duration_ms == 2_040


def test_a_long_file_is_refused_before_it_is_decoded():
    data = encoded(np.zeros(8_000 * 3_600 * 3, np.int16), 8_000, "FLAC")
    assert len(data) < 1_000_000
    tracemalloc.start()
    try:
        with pytest.raises(BadInput, match=r"180\.0 minutes"):
            load_prompt(data)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_header_that_lies_about_the_length_is_found_while_decoding():
    data = bytearray(encoded(tone(700, 8_000), 8_000, "FLAC"))
    # STREAMINFO: the 36 bits of «total samples» end 18 bytes into it; 8 bytes of magic and header before.
    data[8 + 14 : 8 + 18] = (0).to_bytes(4, "big")
    with pytest.raises(BadInput, match=r"minutes|damaged|cannot be read"):
        load_prompt(bytes(data))


@given(st.binary(max_size=300), st.sampled_from(["WAV", "FLAC", "OGG", "MP3"]), st.integers(0, 5_000))
def test_damaged_anywhere_is_played_or_refused(noise, format, position):
    data = bytearray(SHORT[format])
    position %= len(data)
    data[position : position + len(noise)] = noise
    with contextlib.suppress(BadInput):
        assert load_prompt(bytes(data)).duration_ms <= 600_000


SHORT = {format: encoded(tone(1.1, 8_000), 8_000, format) for format in ("WAV", "FLAC", "OGG", "MP3")}


def test_convert_writes_a_file_of_each_kind(tmp_path):
    source = tmp_path / "پیام.mp3"
    source.write_bytes(encoded(tone(), format="MP3"))
    made = convert(source, tmp_path, "m1")
    wav, rate = soundfile.read(made.wav, dtype="int16")
    assert (rate, made.wav.name, made.pcma.name) == (8_000, "m1.wav", "m1.PCMA")
    assert soundfile.info(made.wav).subtype == "PCM_16"
    assert made.sha256 == hashlib.sha256(made.wav.read_bytes()).hexdigest()
    assert made.duration_ms == len(wav) * 1000 // 8_000 == len(made.pcma.read_bytes()) // 8
    heard, _ = soundfile.read(
        made.pcma, format="RAW", samplerate=8_000, channels=1, subtype="ALAW", dtype="int16", endian="FILE"
    )
    assert np.abs(heard.astype(int) - wav).max() <= 16_384 // 32
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m1.PCMA", "m1.PCMU", "m1.wav", "پیام.mp3"]
    assert convert(source, tmp_path, "m2").sha256 == made.sha256


def test_convert_into_a_folder_that_is_not_there(tmp_path):
    source = tmp_path / "a.wav"
    source.write_bytes(encoded(tone()))
    with pytest.raises(StoreUnavailable, match=r"cannot be written to .*none: No such file"):
        convert(source, tmp_path / "none", "m")


FULL_DISK = """
import resource, signal, sys
from engine.errors import StoreUnavailable
from engine.services.messages.audio import convert
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    convert(sys.argv[1], sys.argv[2], "m")
except StoreUnavailable as error:
    print(error)
"""


def test_no_half_file_is_left_when_writing_fails(tmp_path):
    source, dest = tmp_path / "a.wav", tmp_path / "dest"
    dest.mkdir()
    source.write_bytes(encoded(tone()))
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, source, dest], capture_output=True, text=True, check=True
    )
    assert "cannot be written to" in done.stdout
    assert list(dest.iterdir()) == []


# G.711, table 1 (A-law, positive values): the value at the decoder's output for the first code of
# each segment, in units of a 13-bit sample, and the code with its even bits inverted.
DECODED = [
    (1, 0xD5),
    (33, 0xC5),
    (66, 0xF5),
    (132, 0xE5),
    (264, 0x95),
    (528, 0x85),
    (1056, 0xB5),
    (2112, 0xA5),
]


@pytest.mark.parametrize(("value", "code"), DECODED)
def test_alaw_of_the_recommendation(value, code):
    assert to_alaw(np.array([value * 8], np.int16)) == bytes([code])
    assert to_alaw(np.array([-value * 8], np.int16)) == bytes([code ^ 0x80])


def test_alaw_at_its_ends():
    assert to_alaw(np.array([0, 32_767, -1, -32_768], np.int16)) == bytes([0xD5, 0xAA, 0x55, 0x2A])


def every_code(subtype: str):
    """All 256 codes of a companding law, and what libsndfile makes of them."""
    codes = bytes(range(256))
    table, _ = soundfile.read(
        io.BytesIO(codes),
        format="RAW",
        samplerate=8_000,
        channels=1,
        subtype=subtype,
        dtype="int16",
        endian="FILE",
    )
    return codes, table


def test_alaw_against_another_decoder():
    """libsndfile decodes; what we encode comes back within half a step."""
    codes, table = every_code("ALAW")
    assert to_alaw(table) == codes
    every = np.arange(-32_768, 32_768).astype(np.int16)
    chosen = table[np.frombuffer(to_alaw(every), np.uint8)].astype(int)
    # Steps of 16 up to 512, then a sixteenth of each power of two.
    step = 2 ** np.maximum(np.floor(np.log2(np.maximum(np.abs(every.astype(float)), 1))) - 4, 4)
    assert (np.abs(every - chosen) <= step / 2).all()


def test_ulaw_against_another_decoder():
    codes, table = every_code("ULAW")
    assert to_ulaw(table) == codes.replace(b"\x7f", b"\xff")  # it has two zeros
    every = np.arange(-32_768, 32_768).astype(np.int16)
    chosen = table[np.frombuffer(to_ulaw(every), np.uint8)].astype(int)
    step = 2 ** np.maximum(np.floor(np.log2(np.abs(every.astype(float)) + 132)) - 4, 3)
    heard = np.abs(every.astype(int)) < 32_124  # above it is cut
    assert (np.abs(every - chosen)[heard] <= step[heard] + 4).all()  # two bits are cut off first


def test_a_message_of_an_earlier_version_is_given_its_ulaw(tmp_path):
    made = convert(encoded(tone()), tmp_path, "m")
    whole = (tmp_path / "m.PCMU").read_bytes()
    assert len(whole) == made.duration_ms * 8
    (tmp_path / "m.PCMU").unlink()
    assert add_ulaw(tmp_path, "m")
    assert (tmp_path / "m.PCMU").read_bytes() == whole
    assert not add_ulaw(tmp_path, "m")


def test_wav_bytes_round_trip():
    samples = np.arange(-800, 800).astype(np.int16)
    read, rate = soundfile.read(io.BytesIO(wav_bytes(samples)), dtype="int16")
    assert rate == 8_000
    assert (read == samples).all()
