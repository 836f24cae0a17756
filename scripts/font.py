#!/usr/bin/env python3
"""Makes webui/static/vendor/Vazirmatn-wght.woff2, half as large, of the font of the npm package vazirmatn.

    pip install fonttools brotli
    python scripts/font.py package/fonts/webfonts/Vazirmatn[wght].woff2

Kept: the weights 400 to 800, Persian, Arabic and Latin letters, their digits and marks, and what joins and places
them.  Dropped: small capitals, old digits, other scripts and the masters of thin and black.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

INTO = Path(__file__).resolve().parents[1] / "webui/static/vendor/Vazirmatn-wght.woff2"
WEIGHTS = "wght=400:800"
LETTERS = (
    "U+0020-007E,U+00A0-00FF,U+2010-2015,U+2018-201E,U+2020-2022,U+2026,U+2030,U+2039-203A,U+20AC,U+2122,"
    "U+2190-2193,U+2212,U+2248,U+2260,U+2264-2265,U+25B4,U+25BE,U+25CC,U+200B-200F,U+2028-202E,U+2066-2069,U+FEFF,"
    "U+060C,U+061B,U+061F,U+0621-063A,U+0640-0656,U+0660-066D,U+0670-0671,U+067E,U+0686,U+0698,U+06A9,U+06AF,"
    "U+06C0-06C3,U+06CC,U+06D4-06D5,U+06F0-06F9,U+FDFC"
)
FEATURES = "ccmp,locl,init,medi,fina,isol,rlig,liga,calt,mark,mkmk,kern,curs,tnum"


def main(whole: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        part = str(Path(folder) / "part.ttf")
        subprocess.run(["fonttools", "varLib.instancer", whole, WEIGHTS, "-o", part], check=True)
        subprocess.run(
            ["pyftsubset", part, f"--output-file={INTO}", "--flavor=woff2", "--no-hinting",
             f"--layout-features={FEATURES}", f"--unicodes={LETTERS}"], check=True,
        )  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
