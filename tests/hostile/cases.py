"""Makes hostile uploads, each from its number: the same number makes the same file."""

from __future__ import annotations

import io
import random
import struct
import wave
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import soundfile
import xlsxwriter

NAMES = (
    "../../../../etc/cron.d/x", "/etc/passwd", "..\\..\\windows\\x.wav", "a\0b.csv", "‮vsc.exe", "con.wav",
    "x" * 5000 + ".csv", "list.csv;rm -rf ~", "$(id).csv", "`id`.wav", "\n\r.csv", "<script>.csv", "", ".", "..",
    "نام.csv", "a/b/c/d.csv", "%2e%2e%2fx.csv", "{{7*7}}.csv", "'; DROP TABLE recipient;--.csv",
)  # fmt: skip
DIGITS = (
    "0123456789", "۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩", "０１２３４５６７８９", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗", "०१२३४५६७८९",
    "OI2345678g", "oⅠ２３４５６７８９", "⓪①②③④⑤⑥⑦⑧⑨", "⁰¹²³⁴⁵⁶⁷⁸⁹",
)  # fmt: skip
POISON = (
    "0912,sofia/gateway/lab/09129999990", "0912|sofia/gateway/lab/0913", "0912^^:0", "0912'0", "0912@evil.example",
    "0912\\n\\nbgapi system id", "0912}{origination_uuid=1", "=cmd|' /C calc'!A0", "@SUM(1+9)*cmd", "9.1E99", "1e308",
    "٠٩١٢٣٤٥٦٧٨٩" * 20, "+98" + "9" * 200, "00" * 100, "-1", "NaN", "9123456789.0000001", "0912\u202e3456789",
    "09123456789\u0000", "\ud7ff0912", "𓀀" * 50, "00881612345678", "+970591234567", "09099071234",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A file and what it pretends to be: `as_list`, or a sound."""

    number: int
    family: str
    name: str
    data: bytes
    as_list: bool
    must_refuse: bool = False


def make(number: int) -> Case:
    """The case of a number."""
    rng = random.Random(number)
    # Large ones are few: they cost seconds each.
    if number % 2_500 == 1_249:
        return Case(
            number, "long_line", "l.csv", b"0912" + b"9" * 100_000_000, as_list=True, must_refuse=True
        )
    family = FAMILIES[number % len(FAMILIES)]
    data, must_refuse = family(rng)
    name = rng.choice(NAMES)
    return Case(number, family.__name__.strip("_"), name, data, family in LISTS, must_refuse)


def _damage(data: bytes, rng: random.Random) -> bytes:
    """Cut, flip, repeat or insert something."""
    how = rng.randrange(5)
    at = rng.randrange(1, max(2, len(data)))
    if how == 0:
        return data[:at]
    if how == 1:
        made = bytearray(data)
        for _ in range(rng.randrange(1, 40)):
            made[rng.randrange(len(made))] = rng.randrange(256)
        return bytes(made)
    if how == 2:
        return data[:at] + data[max(0, at - rng.randrange(2_000)) :]
    if how == 3:
        return data[:at] + rng.randbytes(rng.randrange(1, 500)) + data[at:]
    made = bytearray(data)
    place = rng.randrange(max(1, min(len(made) - 4, 100)))
    made[place : place + 4] = rng.choice(
        (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\x7f", b"\x80\0\0\0")
    )
    return bytes(made)


# -- sounds -----------------------------------------------------------------------------


@cache
def _sound(kind: str) -> bytes:
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(16_000 * 2) / 16_000)
    out = io.BytesIO()
    if kind in ("webm", "mp4", "adts", "aiff"):
        import av

        codec = {"webm": "libopus", "mp4": "aac", "adts": "aac", "aiff": "pcm_s16be"}[kind]
        rate = 48_000 if kind == "webm" else 16_000
        with av.open(out, "w", format=kind) as media:
            stream = media.add_stream(codec, rate=rate, layout="mono")
            samples = np.tile(tone.astype(np.float32), 3)[: rate * 2].reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
            frame.sample_rate = rate
            for packet in (*stream.encode(frame), *stream.encode(None)):
                media.mux(packet)
        return out.getvalue()
    format_, subtype = {
        "wav": ("WAV", "PCM_16"), "ulaw": ("WAV", "ULAW"), "adpcm": ("WAV", "IMA_ADPCM"), "gsm": ("WAV", "GSM610"),
        "flac": ("FLAC", "PCM_16"), "ogg": ("OGG", "VORBIS"), "opus": ("OGG", "OPUS"), "mp3": ("MP3", "MPEG_LAYER_III"),
    }[kind]  # fmt: skip
    soundfile.write(out, tone, 16_000 if kind != "gsm" else 8_000, format=format_, subtype=subtype)
    return out.getvalue()


_SOUNDS = ("wav", "ulaw", "adpcm", "gsm", "flac", "ogg", "opus", "mp3", "webm", "mp4", "adts", "aiff")


def _damaged_sound(rng: random.Random) -> tuple[bytes, bool]:
    data = _sound(rng.choice(_SOUNDS))
    for _ in range(rng.randrange(1, 4)):
        data = _damage(data, rng)
    return data, False


def _forged_wav(rng: random.Random) -> tuple[bytes, bool]:
    """A header that claims what is not there: a day, a thousand channels, a rate of zero."""
    channels, rate, bits = (
        rng.choice((0, 1, 2, 9, 1024, 65_535)),
        rng.choice((0, 1, 8_000, 2**31)),
        rng.choice((0, 8, 16, 64)),
    )
    fields = (rng.choice((0, 1, 3, 6, 17, 0xFFFE)), channels, rate, rng.getrandbits(32), rng.getrandbits(16))
    header = struct.pack("<4sI4s", b"RIFF", rng.getrandbits(32), b"WAVE")
    header += struct.pack("<4sIHHIIHH", b"fmt ", rng.choice((16, 18, 2**31)), *fields, bits)
    return header + b"data" + struct.pack("<I", rng.choice((0, 2**31, 2**32 - 1))) + rng.randbytes(200), True


def _false_name(rng: random.Random) -> tuple[bytes, bool]:
    """Something else under a sound's first bytes."""
    magic = rng.choice((b"\x1a\x45\xdf\xa3", b"\0\0\0\x20ftypM4A ", b"#!AMR\n", b"\xff\xf1", b"OggS\0\2", b"fLaC", b"ID3\4",
                        b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", b"FORM\0\0\0\0AIFF", b"RIFF\0\0\0\0WAVE"))  # fmt: skip
    body = rng.choice(
        (rng.randbytes(3_000), b"\0" * 3_000, b"#EXTM3U\nfile:///etc/passwd\n" * 20, b"<html>" * 300)
    )
    return magic + body, False


def _playlist(rng: random.Random) -> tuple[bytes, bool]:
    """What makes careless players open other files or addresses."""
    return rng.choice((
        b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10,\nfile:///etc/passwd\n", b"ffconcat version 1.0\nfile '/etc/passwd'\n",
        b"<?xml version='1.0'?><MPD><BaseURL>file:///etc/passwd</BaseURL></MPD>", b"[playlist]\nFile1=http://127.0.0.1/\n",
        b"#!/bin/sh\nid > /tmp/owned\n", b"",
    )), True  # fmt: skip


def _silence(rng: random.Random) -> tuple[bytes, bool]:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(b"\0\0" * rng.choice((0, 1, 100, 7_999, 80_000)))
    return out.getvalue(), True


# -- lists ------------------------------------------------------------------------------


def _poisoned_list(rng: random.Random) -> tuple[bytes, bool]:
    delimiter = rng.choice(",;\t")
    lines = [rng.choice(("number", "شماره", "=1+1", "tel\0", "")) + delimiter + "name"]
    for _ in range(rng.randrange(1, 60)):
        lines.append(rng.choice((rng.choice(POISON), _number(rng))) + delimiter + rng.choice(POISON))
    encoding = rng.choice(("utf-8", "utf-8-sig", "utf-16", "cp1256"))
    return rng.choice(("\n", "\r\n", "\r")).join(lines).encode(encoding, "replace"), False


def _look_alikes(rng: random.Random) -> tuple[bytes, bool]:
    lines = ["number"]
    for _ in range(rng.randrange(1, 80)):
        digits = rng.choice(DIGITS)
        lines.append("".join(digits[int(char)] if char.isdigit() else char for char in _number(rng)))
    return "\n".join(lines).encode("utf-8", "replace"), False


def _number(rng: random.Random) -> str:
    return f"09{rng.randrange(10**9):09}"


def _broken_text(rng: random.Random) -> tuple[bytes, bool]:
    good = ("number,نام\n" + "\n".join(f"{_number(rng)},علی" for _ in range(40))).encode()
    return _damage(_damage(good, rng), rng), False


def _quotes(rng: random.Random) -> tuple[bytes, bool]:
    return ("number,name\n" + '09123456789,"' + "a\n" * rng.choice((3, 51, 5_000))).encode(), False


def _wide(rng: random.Random) -> tuple[bytes, bool]:
    return ("09123456789," * rng.choice((2, 600, 20_000))).encode(), False


def _noise(rng: random.Random) -> tuple[bytes, bool]:
    return rng.choice((b"", b"PK\3\4", b"\xff\xd8\xff", b"%PDF", b"\xd0\xcf\x11\xe0")) + rng.randbytes(
        rng.randrange(2_000)
    ), False


@cache
def _book() -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet()
    for row in range(30):
        sheet.write_string(row, 0, f"0912345{row:04}")
        sheet.write_number(row, 1, 9123456000 + row)
    book.close()
    return out.getvalue()


def _repacked(changes: dict[str, bytes], extra: dict[str, bytes] | None = None) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(_book())) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, changes.get(name, old.read(name)))
        for name, data in (extra or {}).items():
            new.writestr(name, data)
    return out.getvalue()


_SHEET = "xl/worksheets/sheet1.xml"
_HEAD = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
_TAIL = b"</sheetData></worksheet>"


@cache
def _zeros() -> bytes:
    return _repacked({_SHEET: _HEAD + b" " * 450_000_000 + _TAIL})


def _bomb(rng: random.Random) -> tuple[bytes, bool]:
    """Little that unpacks to much, or one cell in the last corner."""
    if rng.randrange(40) == 0:
        return _zeros(), True
    if rng.randrange(2):
        cell = b'<row r="1048576"><c r="XFD1048576" t="n"><v>1</v></c></row>'
        return _repacked({_SHEET: _HEAD + b'<row r="1"><c r="A1"><v>1</v></c></row>' + cell + _TAIL}), True
    return _repacked({}, {f"xl/media/{n}.bin": b"" for n in range(2_100)}), True


def _entities(rng: random.Random) -> tuple[bytes, bool]:
    levels = "".join(
        f'<!ENTITY a{n} "{"&a" + str(n - 1) + ";" if n else "x"}{"&a" + str(n - 1) + ";" if n else "x"}">'
        for n in range(20)
    )
    doctype = rng.choice((f"<!DOCTYPE x [{levels}]>", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
                          '<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd">'))  # fmt: skip
    part = rng.choice((_SHEET, "xl/workbook.xml", "xl/sharedStrings.xml", "[Content_Types].xml"))
    return _repacked({part: b'<?xml version="1.0"?>' + doctype.encode() + b"<a>&a19;&e;</a>"}), True


def _damaged_book(rng: random.Random) -> tuple[bytes, bool]:
    return _damage(_book(), rng), False


def _escaping_book(rng: random.Random) -> tuple[bytes, bool]:
    """Names of parts that would be written elsewhere, were they unpacked."""
    return _repacked({}, {rng.choice(("../../../tmp/owned", "/etc/owned", "..\\owned")): b"owned"}), False


SOUNDS: tuple[Callable[[random.Random], tuple[bytes, bool]], ...] = (
    _damaged_sound, _damaged_sound, _damaged_sound, _forged_wav, _false_name, _playlist, _silence,
)  # fmt: skip
LISTS: tuple[Callable[[random.Random], tuple[bytes, bool]], ...] = (
    _poisoned_list, _poisoned_list, _look_alikes, _broken_text, _quotes, _wide, _noise, _bomb, _entities,
    _damaged_book, _escaping_book,
)  # fmt: skip
FAMILIES = (*SOUNDS, *LISTS)
