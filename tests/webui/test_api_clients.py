"""The clients and examples that programmers copy, against a server: curl, Python, and PHP where there is one."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from clients.python.avanak_client import Avanak, AvanakProblem
from engine.clock import wall_ms
from engine.services.messages import prompts
from engine.store.threads import write
from tests.webui.programs import token_of
from webui.server import serve

EXAMPLES = Path(__file__).resolve().parents[2] / "clients" / "examples"


@pytest.fixture
def message(cast) -> int:
    return write(lambda: prompts.add(cast.sahar, "Sale", "sale", 5_000, wall_ms()))


@pytest.fixture
def secret(app, cast) -> str:
    return token_of("owner", permissions="web_service own_voice any_hour")


@pytest.fixture
def url(app) -> Iterator[str]:
    server = serve(app, "127.0.0.1", 0)
    yield server.url
    server.stop(0)


@pytest.mark.parametrize(
    ("program", "name"),
    [("sh", "quick_send.sh"), (sys.executable, "quick_send.py"), ("php", "quick_send.php")],
)
def test_an_example_sends(url: str, secret: str, message: int, program: str, name: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"there is no {program} here")
    environment = {**os.environ, "AVANAK_URL": url, "AVANAK_TOKEN": secret}
    words = [program, str(EXAMPLES / name), str(message), "09121234567"]

    def run() -> dict:
        ended = subprocess.run(
            words, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return json.loads(ended.stdout)

    first, again = run(), run()
    assert (first["number"], first["reference"]) == ("+989121234567", "order 12")
    assert first["id"] == again["id"]


def test_the_python_client(url: str, secret: str, message: int) -> None:
    avanak = Avanak(url, secret)
    assert avanak.account()["name"] == "Sahar"
    campaign = avanak.create_campaign("Spring", message, max_tries=2)
    rows = [{"number": f"0912{n:07d}", "reference": f"r{n}"} for n in range(600)]
    lines = avanak.add_recipients(campaign["id"], [*rows, {"number": "12"}], key="list")
    assert [line.get("reason") for line in lines[-2:]] == [None, "too_short"]
    assert avanak.add_recipients(campaign["id"], [*rows, {"number": "12"}], key="list") == lines
    assert len(list(avanak.recipients(campaign["id"]))) == 600
    assert avanak.act(campaign["id"], "start")["state"] == "running"
    sent = avanak.send_in_bulk(message, rows[:5])
    assert avanak.get_quick_send(sent[0]["id"])["state"] == "pending"
    code = avanak.send_code("09121234567")
    assert avanak.check_code(code["id"], "0000") is False
    with pytest.raises(AvanakProblem) as refused:
        avanak.quick_send("hello", message)
    assert (refused.value.status, refused.value.type) == (400, "bad-input")


DOCS = Path(__file__).resolve().parents[2] / "docs" / "api"
BLOCK = re.compile(r"^( *)```(sh|python|php)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


def _blocks(page: str) -> list[tuple[str, str]]:
    """The examples of a page's first five minutes: the language and the text of each, as somebody pastes it."""
    text = (DOCS / page).read_text("utf-8").partition("\n## ")[2 if page == "rest.md" else 0]
    return [
        (kind, textwrap.dedent(block))
        for _, kind, block in BLOCK.findall(text.partition("\n## Transport")[0])
    ]


@pytest.mark.parametrize("page", ["v1.md", "rest.md"])
def test_the_first_five_minutes_as_written(url: str, secret: str, page: str, tmp_path: Path) -> None:
    blocks = _blocks(page)
    script = ["set -eu", "cd " + shlex.quote(str(DOCS.parents[1]))]
    for number, (kind, text) in enumerate(blocks):
        file = tmp_path / f"{number}.{kind}"
        file.write_text(text, "utf-8")
        program = {"python": sys.executable, "php": "php"}.get(kind)
        if program and shutil.which(program):
            script.append(f"{shlex.quote(program)} {shlex.quote(str(file))}")
        elif not program:
            text = text.replace("python3 ", f"{shlex.quote(sys.executable)} ")
            script += [
                line for line in text.splitlines() if not line.startswith("php ") or shutil.which("php")
            ]
    environment = {
        **os.environ, "AVANAK_URL": url, "AVANAK_TOKEN": secret, "BASE": f"{url}/Rest", "TOKEN": secret,
        "PYTHONPATH": os.pathsep.join([str(DOCS.parents[1] / ".venv" / "client"), os.environ.get("PYTHONPATH", "")]),
    }  # fmt: skip
    ended = subprocess.run(
        ["sh", "-c", "\n".join(script)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    told = ended.stdout + ended.stderr
    assert ended.returncode == 0, told
    assert "urn:avanak:problem" not in told
    assert not re.search(r'"(Id|QuickSendID)":-', told), told
    kinds = [kind for kind, _ in blocks]
    assert (page, kinds) in [("v1.md", ["sh"] * 4), ("rest.md", ["sh", "python", "php"])]
    if page == "v1.md":
        assert told.count('"reference":"order 12"') + told.count('"reference": "order 12"') >= 4, told
    else:
        assert told.count('"status":') >= 1, told  # GetQuickSend
        assert "sent: " in told or not shutil.which("php"), told
