#!/usr/bin/env python3
"""Make scripts/sample/: recipients.csv and, with --message, message.wav.

The list is what customers send: every spelling of a number, duplicates,
landlines of all provinces, numbers that do not exist. In Iran no range of
numbers is kept for examples, so none can be promised to belong to nobody. The
landlines here begin with 0000 after the area code, which no exchange gives out;
the mobiles are ordinary ones drawn by chance. The embedded switch, for which
this list is made, calls nobody: do not send it to a real one.

The same seed gives the same file, byte for byte. message.wav is kept in the
repository; to make it again, install espeak-ng (Debian) with its Persian voice.
"""

from __future__ import annotations

import argparse
import csv
import io
import random
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent / "sample"
LINES = 1_200
"""Of the file, the header included."""

MESSAGE = "سلام. این پیامِ آزمایشیِ آوانَک است. سپاسگزاریم."

FIRST = [
    "علی",
    "رضا",
    "زهرا",
    "فاطمه",
    "مریم",
    "حسین",
    "محمد",
    "سارا",
    "نرگس",
    "امیر",
    "پریسا",
    "ژاله",
    "گلناز",
    "کیوان",
    "چنگیز",
    "یاسمن",
    "بهرام",
    "شیرین",
]
LAST = [
    "رضایی",
    "محمدی",
    "احمدی",
    "کریمی",
    "پژمان",
    "چگینی",
    "گودرزی",
    "ژیان",
    "موسوی",
    "صادقی",
    "نوری",
    "کاظمی",
    "ابراهیمی",
    "یزدانی",
]
# Area code without its 0, and the capital of the province.
CITIES = {
    "11": "ساری", "13": "رشت", "17": "گرگان", "21": "تهران", "23": "سمنان", "24": "زنجان", "25": "قم",
    "26": "کرج", "28": "قزوین", "31": "اصفهان", "34": "کرمان", "35": "یزد", "38": "شهرکرد", "41": "تبریز",
    "44": "ارومیه", "45": "اردبیل", "51": "مشهد", "54": "زاهدان", "56": "بیرجند", "58": "بجنورد",
    "61": "اهواز", "66": "خرم‌آباد", "71": "شیراز", "74": "یاسوج", "76": "بندرعباس", "77": "بوشهر",
    "81": "همدان", "83": "کرمانشاه", "84": "ایلام", "86": "اراک", "87": "سنندج",
}  # fmt: skip
MOBILE_STARTS = ["910", "911", "912", "913", "914", "915", "916", "917", "918", "919", "901", "902", "903",
                 "920", "921", "922", "930", "933", "935", "936", "937", "938", "939", "990", "991"]  # fmt: skip

_PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")

# How people write the national number n (ten digits, no 0 before it).
PLAIN: list[Callable[[str], str]] = [lambda n: "0" + n]
SPELLINGS: list[Callable[[str], str]] = [
    lambda n: n,
    lambda n: "+98" + n,
    lambda n: "0098" + n,
    lambda n: "98" + n,
    lambda n: ("0" + n).translate(_PERSIAN),
    lambda n: ("0" + n).translate(_ARABIC),
    lambda n: ("+98" + n).translate(_PERSIAN),
    lambda n: f"+98 (0){n[:3]} {n[3:6]} {n[6:]}",
    lambda n: f"0{n[:3]}-{n[3:6]}-{n[6:]}",
    lambda n: f"0{n[:3]}.{n[3:6]}.{n[6:]}",
    lambda n: f"(0{n[:3]}) {n[3:6]} {n[6:]}",
    lambda n: f"[0{n[:3]}] {n[3:]}",
    lambda n: f"0{n[:3]}\u00a0{n[3:6]}\u00a0{n[6:]}",
    lambda n: f"\u200e+98{n}\u200f",
    lambda n: f"\u202a0{n[:3]} {n[3:]}\u202c",
    lambda n: f"{n[0]}.{n[1:]}E9",
    lambda n: f"{n[0]}.{n[1:]}E+09",
    lambda n: f"{n}.0",
    lambda n: f"'0{n}",
    lambda n: f'="0{n}"',
]
REFUSED = [
    "",
    "ندارد",
    "0912",
    "0912345678",
    "091234567890",
    "09503456789",
    "09881234567",
    "09423456789",
    "01234567890",
    "88881234",
    "۸۸۸۸۱۲۳۴",
    "110",
    "1818",
    "9601",
    "9099071234",
    "+4915112345678",
    "0015551234567",
    "9.12346E+09",
    "09121112222 - 09351112222",
    "0912,sofia/gateway/lab/09129999990",
    "0912|0935",
    "0912^^:0",
    "0912'0",
    "0912@evil.example",
    "0912ABC4567",
    "=1+1",
]


def recipients(seed: int = 20) -> str:
    """Return the list as CSV: number, name, city, amount in Rials; ``LINES`` lines."""
    rng = random.Random(seed)
    landlines = [
        (area, f"{area}0000{number}") for area in CITIES for number in rng.sample(range(1000, 10_000), 4)
    ]
    cells = [(rng.choice([*PLAIN * 6, *SPELLINGS[:16]])(n), city) for city, n in landlines]
    # One number in every spelling: the first is called, the others are duplicates.
    cells += [(spelling("9123456789"), "") for spelling in PLAIN + SPELLINGS]
    cells += [(text, "") for text in REFUSED * 3]
    mobiles: set[str] = set()
    while len(cells) + len(mobiles) < LINES - 1 - 60:
        mobiles.add(rng.choice(MOBILE_STARTS) + f"{rng.randrange(10**7):07}")
    cells += [(rng.choice([*PLAIN * 20, *SPELLINGS])(n), "") for n in sorted(mobiles)]
    cells += [(rng.choice(SPELLINGS)(n), "") for n in rng.sample(sorted(mobiles), 60)]
    rng.shuffle(cells)

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["شماره تلفن", "نام", "شهر", "مبلغ"])
    for number, area in cells:
        city = CITIES[area or rng.choice(list(CITIES))]
        writer.writerow(
            [number, f"{rng.choice(FIRST)} {rng.choice(LAST)}", city, rng.randrange(10, 900) * 10_000]
        )
    return out.getvalue()


def message(path: Path) -> None:
    """Write the spoken message, two soft notes before it, as WAV of 16 kHz mono."""
    import numpy as np
    import soundfile
    import soxr

    with tempfile.TemporaryDirectory() as folder:
        spoken = Path(folder) / "spoken.wav"
        subprocess.run(
            ["espeak-ng", "-v", "fa", "-s", "168", "-p", "42", "-g", "1", "-w", spoken, MESSAGE], check=True
        )
        voice, rate = soundfile.read(spoken)
    voice = soxr.resample(voice, rate, 16_000)
    loud = np.flatnonzero(np.abs(voice) > 0.01)
    voice = voice[loud[0] : loud[-1]]
    notes = [_note(659.26), _note(880.0)]
    sound = np.concatenate([*notes, np.zeros(3_200), 0.6 * voice / np.abs(voice).max(), np.zeros(3_200)])
    soundfile.write(path, sound, 16_000, subtype="PCM_16")


def _note(frequency: float):
    import numpy as np

    t = np.arange(5_600) / 16_000
    envelope = np.minimum(t / 0.01, 1) * np.exp(-7 * t) * np.minimum((t[-1] - t) / 0.03, 1)
    return 0.35 * envelope * (np.sin(2 * np.pi * frequency * t) + 0.3 * np.sin(4 * np.pi * frequency * t))


def main() -> None:
    """Write the files into scripts/sample."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--message", action="store_true", help="make message.wav too (needs espeak-ng)")
    arguments = parser.parse_args()
    HERE.mkdir(exist_ok=True)
    (HERE / "recipients.csv").write_text(recipients(), encoding="utf-8", newline="")
    if arguments.message:
        message(HERE / "message.wav")


if __name__ == "__main__":
    main()
