"""`conf install --records-url`: what a switch on another machine is given to post its call records."""

from __future__ import annotations

import dataclasses
import subprocess
from pathlib import Path

import pytest

from engine.errors import BadInput
from engine.switch_conf.install import install
from engine.switch_conf.lint import check
from engine.switch_conf.settings import GatewaySettings, InstallSettings

SECRET = "only-this-switch-knows-7"
SETTINGS = InstallSettings(
    event_socket_password="a-long-password-of-mine",
    gateways=(GatewaySettings("shiraz", "203.0.113.9"),),
    records_url="https://avanak.example",
    records_name="far",
    records_secret=SECRET,
)


def test_the_records_of_a_far_switch_are_posted_and_the_secret_is_kept(tmp_path: Path) -> None:
    install(tmp_path, SETTINGS)
    errors = [one for one in check(tmp_path, tmp_path / "dialplan", {}) if one.severity == "error"]
    assert errors == []
    holding = [path for path in tmp_path.rglob("*") if path.is_file() and SECRET in path.read_text()]
    assert {path.name: path.stat().st_mode & 0o777 for path in holding} == {
        "json_cdr.conf.xml": 0o600, "send-records.conf": 0o600,
    }  # fmt: skip
    sender = tmp_path / "send-records"
    assert sender.stat().st_mode & 0o777 == 0o755
    assert subprocess.run(["sh", "-n", str(sender)]).returncode == 0
    assert "https://avanak.example/switch-records/far" in sender.read_text()
    assert 'module="mod_json_cdr"' in (tmp_path / "autoload_configs/modules.conf.xml").read_text()


def test_a_switch_that_is_near_again_posts_no_more(tmp_path: Path) -> None:
    install(tmp_path, SETTINGS)
    install(tmp_path, dataclasses.replace(SETTINGS, records_url="", records_name="", records_secret=""))
    assert [
        path.name for path in tmp_path.rglob("*") if "json_cdr" in path.name or "send-" in path.name
    ] == []
    assert "mod_json_cdr" not in (tmp_path / "autoload_configs/modules.conf.xml").read_text()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"records_url": ""}, "needs --records-url"),
        ({"records_url": "avanak.example"}, "must be like https://avanak.example"),
        ({"records_url": 'https://x.example/"; rm'}, "must be like https://avanak.example"),
        ({"records_url": "http://avanak.example"}, "must begin with https"),
        ({"records_name": ""}, "must be that of the switch"),
        ({"records_name": "a/../b"}, "must be that of the switch"),
        ({"records_secret": "short"}, "must have 12 characters"),
        ({"records_secret": 'a"quoted-long-secret'}, "may not hold"),
    ],
)
def test_what_cannot_be_is_refused(changed: dict[str, str], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=sentence):
        install(tmp_path, dataclasses.replace(SETTINGS, **changed))
    assert list(tmp_path.iterdir()) == []
