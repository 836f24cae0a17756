#!/usr/bin/env python3
"""Writes constraints.txt: the exact version and the hashes of everything, by what it is needed for.

    python3 -m venv .venv/lock && .venv/lock/bin/pip install uv
    .venv/lock/bin/python scripts/lock.py             versions stay as they are, as far as setup.cfg lets them
    .venv/lock/bin/python scripts/lock.py --upgrade   the newest of everything

The package index is whichever pip is configured with.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "constraints.txt"
EXTRAS = ("postgres", "test", "piper", "esl")
BUILD = "setuptools>=77"
PYTHON = "3.11"
HEAD = """\
# Exact versions and hashes of everything that an installation and its tests have, by what needs it.
# Written by scripts/lock.py; scripts/pinned gives the lines of some sections.
"""


def compiled(arguments: list[str], pins: Path | None) -> dict[str, str]:
    """What uv resolves, as ``{name: its line with the hashes}``."""
    words = [
        "uv",
        "pip",
        "compile",
        "--quiet",
        "--universal",
        "--python-version",
        PYTHON,
        "--generate-hashes",
    ]
    words += ["--no-header", "--no-annotate", *(["--constraint", str(pins)] if pins else []), *arguments]
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(done.stderr)
    found = {}
    for block in re.split(r"\n(?=[A-Za-z0-9])", done.stdout.strip()):
        name = re.split(r"[=\s;\[]", block, maxsplit=1)[0].lower()
        found[name] = block
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        pins = None
        if "--upgrade" not in sys.argv[1:] and FILE.exists():
            pins = Path(folder) / "pins"
            plain = re.findall(r"^([A-Za-z0-9_.-]+==[^\s;\\]+)", FILE.read_text("utf-8"), re.MULTILINE)
            pins.write_text("\n".join(plain) + "\n")
        build = Path(folder) / "build.in"
        build.write_text(BUILD + "\n")
        sections = {"build": compiled([str(build)], pins), "always": compiled(["setup.cfg"], pins)}
        for extra in EXTRAS:
            sections[extra] = compiled(["setup.cfg", "--extra", extra], pins)
    lines = [HEAD]
    for name, found in sections.items():
        lines.append(f"# -- {name}")
        lines += [found[key] for key in sorted(found) if name == "always" or key not in sections["always"]]
        lines.append("")
    FILE.write_text("\n".join(lines), "utf-8")


main()
