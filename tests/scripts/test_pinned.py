"""What is installed is named with its version and its hashes; the unit of systemd shuts the service in."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "scripts" / "systemd" / "avanak.service"


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(*sections: str) -> dict[str, str]:
    """Version by name of what `scripts/pinned` prints; each must have a hash."""
    text = subprocess.run(
        [ROOT / "scripts" / "pinned", *sections], capture_output=True, text=True, check=True
    ).stdout
    found = {}
    for block in re.split(r"\n(?=[A-Za-z0-9])", text.strip()):
        head = block.split("\\")[0]
        name, version = re.fullmatch(
            r"([A-Za-z0-9_.-]+)(?:\[[^]]*\])?==([^\s;]+)\s*(?:;.*)?", head.strip()
        ).groups()
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), f"{name} has no hash"
        assert canonical(name) not in found, f"{name} stands there twice"
        found[canonical(name)] = version
    return found


@pytest.mark.parametrize("extra", ["always", "postgres", "test", "piper", "esl"])
def test_everything_that_setup_asks_for_is_pinned(extra: str) -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    asked = (
        setup["options"]["install_requires"] if extra == "always" else setup["options.extras_require"][extra]
    )
    names = {canonical(re.split(r"[\[<>=;]", line)[0]) for line in asked.split()}
    assert names <= set(pinned("always", extra))


def test_what_is_installed_here_is_what_is_pinned() -> None:
    wanted = pinned("build", "always", "postgres", "test")
    found = {canonical(each.metadata["Name"]): each.version for each in metadata.distributions()}
    both = wanted.keys() & found.keys()
    assert len(both) > 60
    assert {name: found[name] for name in both} == {name: wanted[name] for name in both}


def test_hashes_are_required() -> None:
    made = (ROOT / "scripts" / "make-venv").read_text()
    for text in (made, (ROOT / "Dockerfile").read_text()):
        assert "--require-hashes" in text
        assert not re.search(r"install (?!.*(--require-hashes|--no-deps)).*", text.replace("\\\n", " "))


def test_the_unit_exposes_little() -> None:
    text = UNIT.read_text()
    for line in ("NoNewPrivileges=yes", "CapabilityBoundingSet=", "ProtectSystem=strict", "UMask=0077"):
        assert f"\n{line}\n" in text
    if shutil.which("systemd-analyze") is None:
        return
    said = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", str(UNIT)],
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", said.stdout)
    if found is None:  # an older systemd, which looks at running units only
        return
    assert float(found[1]) <= 3.0
