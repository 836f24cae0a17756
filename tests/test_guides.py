"""What the guides name in bold is what the pages show."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[1]
CATALOG = ROOT / "webui/translations/fa/LC_MESSAGES/messages.po"


def shown(language: str) -> set[str]:
    with CATALOG.open("rb") as file:
        catalog = read_po(file, locale="fa")
    return {str(one.id if language == "en" else one.string) for one in catalog if one.id}


@pytest.mark.parametrize(("language", "arrow"), [("en", "→"), ("fa", "←")])
def test_bold_words_of_the_guide_are_texts_of_the_pages(language: str, arrow: str) -> None:
    guide = (ROOT / f"docs/guide-{language}.md").read_text("utf-8")
    texts = {text.rstrip(".") for text in shown(language)}
    named = [part for bold in re.findall(r"\*\*(.+?)\*\*", guide, re.DOTALL) for part in bold.split(arrow)]
    assert len(named) > 90
    missing = {" ".join(part.split()).rstrip(".") for part in named} - texts
    assert not missing


def test_both_guides_have_the_same_chapters() -> None:
    shapes = [
        re.findall(r"^#+ |^\|---", (ROOT / f"docs/guide-{language}.md").read_text("utf-8"), re.MULTILINE)
        for language in ("en", "fa")
    ]
    assert shapes[0] == shapes[1]
