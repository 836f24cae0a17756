"""No password of any address is printed, wherever it stands in it."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from engine.commands.settings import check_config
from engine.config import Settings
from engine.errors import BadInput
from engine.store.database import build_database

SECRET = "hunter2"
ADDRESSES = [
    f"postgresql://avanak:{SECRET}@db.example/avanak",
    f"postgresql://avanak:x/{SECRET}@db.example/avanak",
    f"postgresql://avanak:x@{SECRET}@db.example/avanak",
    f"postgresql://avanak:%2F{SECRET}%40@db.example/avanak",
    f"postgresql:///avanak?host=/run&user=a&password={SECRET}",
    f"postgresql://db.example/avanak?PASSWORD={SECRET}&x=1",
    f"https://{SECRET}@panel.example/",
    f"https://panel.example/?token={SECRET}",
]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("as_json", [False, True])
def test_no_setting_shows_it(monkeypatch: pytest.MonkeyPatch, address: str, as_json: bool) -> None:
    plain = [
        name
        for name, field in Settings.model_fields.items()
        if field.annotation is str and not field.metadata
    ]
    assert {"database_url", "sla_web_url", "zarinpal_url"} <= set(plain)
    for name in ("database_url", "sla_web_url", "zarinpal_url"):
        monkeypatch.setenv(f"AVANAK_{name.upper()}", address)
    printed = CliRunner().invoke(check_config, ["--json"] if as_json else [])
    assert printed.exit_code == 0
    assert SECRET not in printed.output
    assert "…" in printed.output or "\\u2026" in printed.output


def test_nor_does_the_error_of_an_address_that_is_none() -> None:
    with pytest.raises(BadInput) as refused:
        build_database(f"mysql://avanak:x/{SECRET}@db.example/avanak")
    assert SECRET not in str(refused.value)
