#!/usr/bin/env python3
"""Brings the Persian catalog up to date: extracts all texts, updates messages.po, compiles messages.mo.

Texts are what `_`, `_l`, `pgettext`, ``{% trans %}``, `Sentence` and our error classes are given as their
first argument.  New texts get an empty msgstr, unused ones are removed; those without Persian are listed
and the exit status is 1.  After a merge conflict in the .mo file, run it and add the file.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
PO = ROOT / "webui" / "translations" / "fa" / "LC_MESSAGES" / "messages.po"
ROOMS = ("engine", "webui")
# What is said at a terminal, at the start or to a machine, in English; so is a setting that is wrong (AVANAK_…).
TERMINAL = (
    "engine/agreement/documents.py",
    "engine/bench",
    "engine/cli.py",
    "engine/commands",
    "engine/config.py",
    "engine/embedded",
    "engine/esl",
    "engine/listening.py",
    "engine/logs.py",
    "engine/private_files.py",
    "engine/runtime",
    "engine/store/database.py",
    "engine/switch_conf",
    "webui/request/security.py",
    "webui/server.py",
    "webui/trunks/cdr_posts.py",
)
METHODS = [("**.py", "python"), ("**.html", "jinja2")]
OPTIONS = {"**.html": {"silent": "false"}}


def sources() -> Iterator[tuple[Path, ast.Module]]:
    """All modules of ours but migrations."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path, ast.parse(path.read_text("utf-8"))


def error_classes() -> dict[str, ast.ClassDef]:
    """Our errors by name: `AvanakError` and whatever is made from it."""
    classes = {
        node.name: node for _, tree in sources() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
    }
    names = {"AvanakError"}
    while True:
        more = {
            name
            for name, node in classes.items()
            if any(isinstance(base, ast.Name) and base.id in names for base in node.bases)
        }
        if more <= names:
            return {name: classes[name] for name in sorted(names)}
        names |= more


def template() -> Catalog:
    """All texts, without translations."""
    keywords: dict[str, Any] = {
        **DEFAULT_KEYWORDS,
        "_l": None,
        "Sentence": None,
        "kept": None,
        **dict.fromkeys(error_classes()),
    }
    found = Catalog()
    for room in ROOMS:
        for path, _, text, _, context in extract_from_dir(ROOT / room, METHODS, OPTIONS, keywords):
            is_ours = not f"{room}/{path}".startswith(TERMINAL)
            if text and is_ours and not str(text).startswith("AVANAK_"):
                found.add(text, context=context)
    return found


def missing(catalog: Catalog) -> list[str]:
    """Texts without a translation."""
    return [str(message.id) for message in catalog if message.id and not message.string]


def main() -> int:
    with PO.open("rb") as file:
        catalog = read_po(file, locale="fa")
    made_at = catalog.creation_date
    catalog.update(template(), no_fuzzy_matching=True, update_creation_date=False)
    catalog.creation_date = made_at
    with PO.open("wb") as file:
        write_po(
            file,
            catalog,
            omit_header=False,
            sort_output=True,
            no_location=True,
            ignore_obsolete=True,
            width=0,
        )
    with PO.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalog)
    left = missing(catalog)
    print(f"{len(catalog)} texts, {len(left)} without Persian", *left, sep="\n")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
