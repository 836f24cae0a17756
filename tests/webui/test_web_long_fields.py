"""A text that is longer than its field takes is refused for that, and nothing looks for a pattern in it.

A quarter of a megabyte of blanks in «Calling hours» kept the web process busy for half an hour.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from wtforms import StringField, ValidationError
from wtforms.validators import Length, Regexp

from engine.errors import BadInput
from engine.services.compliance import calling_windows
from engine.services.compliance.calling_windows import parse_windows
from webui.campaigns import forms
from webui.forms.pages import PageForm

ROOT = Path(__file__).resolve().parents[2]


class Form(PageForm):
    """One field with every kind of check behind the length."""

    looked_at: list[str] = []  # noqa: RUF012 - emptied by each test

    text = StringField(
        "Text", [Length(max=10), Regexp(r"a+$"), lambda form, field: form.looked_at.append("listed")]
    )

    def validate_text(self, field: StringField) -> None:
        self.looked_at.append("inline")
        raise ValidationError("no")


@pytest.mark.parametrize(
    ("text", "looked_at"), [("a" * 11, []), ("b" * 300_000, []), ("aaa", ["listed", "inline"])]
)
def test_nothing_looks_at_a_text_that_is_too_long(app: Flask, text: str, looked_at: list[str]) -> None:
    Form.looked_at.clear()
    with app.test_request_context("/", method="POST", data={"text": text}):
        form = Form(meta={"csrf": False})
        assert not form.validate()
        assert len(form.text.errors) == 1
    assert Form.looked_at == looked_at


def test_calling_hours_are_not_looked_at_when_they_are_too_long(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        forms, "parse_windows", lambda text: pytest.fail(f"{len(text)} characters were parsed")
    )
    found = [
        each for each in vars(forms).values() if isinstance(each, type) and hasattr(each, "validate_windows")
    ]
    assert found
    for form in found:
        with app.test_request_context("/", method="POST", data={"windows": "09:00" + " " * 200_000 + "x"}):
            assert not form(meta={"csrf": False}).validate()


@pytest.mark.parametrize("space", [" ", "\u2028", "\u200c ", "\t", "\u3000", "\n"])
def test_windows_have_a_longest_text(space: str) -> None:
    with pytest.raises(BadInput, match=f"at most {calling_windows.LONGEST}"):
        parse_windows("09:00" + space * 250_000 + "x")


@pytest.mark.parametrize(
    "text",
    [
        "9-14 and 16-20",
        "9-14\n16-20",
        "9-14  \tand \n 16-20",
        "9-14 و 16-20",
        "9-14\r\n16-20",
        "9-14\u00a0and\u00a016-20",
    ],
)
def test_blanks_between_windows_are_as_they_were(text: str) -> None:
    assert parse_windows(text).spans == ((9 * 60, 14 * 60), (16 * 60, 20 * 60))


def test_every_form_is_such_a_form() -> None:
    direct = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "webui").rglob("*.py")
        if re.search(r"^class \w+\((?:FlaskForm|Form)\)", path.read_text("utf-8"), re.MULTILINE)
    }
    assert direct == {"webui/forms/base.py"}
