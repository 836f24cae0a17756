"""`avanakctl check-config`: every setting with its value, default and meaning."""

from __future__ import annotations

from typing import Any

import click
from pydantic import SecretStr

from engine.commands import common
from engine.config import Settings, load_settings
from engine.text import without_passwords

HIDDEN = "(set, not shown)"


@click.command("check-config")
@common.json_option
def check_config(as_json: bool) -> None:
    """Print all settings with value, default and meaning, without secrets.  Exit status 2 if one is wrong."""
    settings = load_settings()
    document = [
        {
            "name": "AVANAK_" + name.upper(),
            "value": _shown(getattr(settings, name)),
            "default": _shown(field.default),
            "is_default": getattr(settings, name) == field.default,
            "meaning": field.description,
        }
        for name, field in Settings.model_fields.items()
    ]

    def text() -> None:
        for one in document:
            mark = " " if one["is_default"] else "*"
            default = "" if one["is_default"] else f"   (default {_words(one['default'])})"
            click.echo(f"{mark} {one['name']}={_words(one['value'])}{default}")
            click.echo(f"      {one['meaning']}")
        click.echo("\n* differs from its default.  A secret can be given as AVANAK_NAME_FILE=/path.")

    common.answer(document, as_json, text)


def _shown(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return HIDDEN if value.get_secret_value() else ""
    return value if isinstance(value, int | float | bool) else without_passwords(str(value))


def _words(value: Any) -> str:
    return str(value) if value != "" else "(empty)"
