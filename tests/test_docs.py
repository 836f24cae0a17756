"""Commands, options, settings, links and paths that the documents name exist."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import click
import pytest

from engine.cli import cli
from engine.config import Settings

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("README.md", "docs/**/*.md", "*/README.md", "engine/embedded/README.md")
    for path in ROOT.glob(pattern)
)
SETTINGS = {f"AVANAK_{name.upper()}" for name in Settings.model_fields}
COMMAND = re.compile(r"avanakctl ((?:\\\n|[^`\n|])*)")


def wrong_commands(text: str) -> set[str]:
    """Commands of `avanakctl` in a text that do not exist, or have an option that does not."""
    wrong = set()
    for written in COMMAND.findall(text):
        words = written.replace("\\\n", " ").split()
        command: click.Command | None = cli
        for place, word in enumerate(words):
            if not isinstance(command, click.Group) or word.startswith(("-", "…")):
                break
            command = command.get_command(click.Context(command), word.strip(".,;:)»*"))
            if command is None:
                wrong.add(" ".join(words[: place + 1]))
        if command is not None and not isinstance(command, click.Group):
            known = {"--help", "--json"} | {one for param in command.params for one in param.opts}
            asked = {one for word in words for one in re.findall(r"^\[?(--[a-z][a-z-]+)", word)}
            wrong |= {f"{command.name} {option}" for option in asked - known}
    return wrong


@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_a_document_names_exists(document: str) -> None:
    text = (ROOT / document).read_text("utf-8")
    assert wrong_commands(text) == set()
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
    assert {link for link in links if not (ROOT / document).parent.joinpath(link).exists()} == set()
    paths = re.findall(r"`((?:engine|webui|tests|scripts|docs|clients|dialplan)/[\w./-]+)`", text)
    assert {
        path for path in paths if not (ROOT / path).exists() and not (ROOT / f"{path}.py").exists()
    } == set()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_settings_of_a_document_exist(document: str) -> None:
    named = set(re.findall(r"AVANAK_[A-Z_]*[A-Z]", (ROOT / document).read_text("utf-8")))
    used = {name for name in named if name.removesuffix("_FILE") not in SETTINGS}
    assert {name for name in used if name not in sources()} == set()


@cache
def sources() -> str:
    """Where variables that are no settings are read: tests, scripts, the switch and the containers."""
    files = [ROOT / ".ci/run", ROOT / "compose.yaml", *ROOT.glob("Dockerfile*"), *ROOT.glob("scripts/*")]
    trees = [path for tree in ("engine", "tests", "freeswitch-conf") for path in (ROOT / tree).rglob("*")]
    read = [
        path for path in [*files, *trees] if path.is_file() and path.suffix in {"", ".py", ".xml", ".yaml"}
    ]
    return "\n".join(path.read_text("utf-8", "replace") for path in read)
