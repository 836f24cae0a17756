"""Every sentence that a service refuses with has its Persian: read from the source, so that none is forgotten.

A sentence is written where it is raised, as a string or an f-string, or in a function of the same module that
returns it.  What only an operator at a terminal meets is named in `NOT_FOR_PAGES`.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import engine.errors
from engine.services.money.ledger import NoCredit
from webui.i18n.sentences import FILE, form_of, in_persian

ROOT = Path(__file__).parents[2]
ROOMS = ("engine/services", "engine/agreement", "engine/store", "webui")
# Said before there is a page, or to a machine.
NOT_FOR_PAGES = {
    "engine/agreement/documents.py": "`avanakctl sla reckon` alone reads such files",
    "engine/services/zone.py": "settings are checked at the start",
    "engine/services/outbox/email.py": "settings are checked at the start",
    "engine/services/outbox/messengers.py": "settings are checked at the start",
    "engine/store/database.py": "said at the start, before there is a page",
    "webui/server.py": "said at the start, before there is a page",
    "webui/request/security.py": "said at the start, before there is a page",
    "webui/trunks/cdr_posts.py": "said to switches",
    "webui/api/__init__.py": "said to programs, in English",
    "webui/api/tickets.py": "said to programs, in English",
}
# Errors that say themselves in both languages: what they are made from is no sentence.
SAY_THEMSELVES = {"SendingRefused", "NoCredit"}
LATIN = re.compile(r"[A-Za-z]{2,}")
# Names that stay Latin in Persian text.
NAMES = re.compile(
    r"UTF-8|UTF-16|Windows-1256|XLSX|XML|CSV|csv|xlsx|PDF|JPEG|PNG|WAV|MP3|M4A|OGG|WebM|FLAC|DOCX|AnyDesk|TeamViewer"
    r"|digits|null|4h|90m|3d|T09"
)


class Raised(Exception):
    """A sentence that cannot be read from the source."""


def our_errors() -> set[str]:
    """The names of our errors, those that services define for themselves included."""
    names = {name for name, kind in vars(engine.errors).items() if isinstance(kind, type)}
    grown = True
    trees = [ast.parse(path.read_text("utf-8")) for path in sources(("engine", "webui"))]
    while grown:
        found = {
            node.name
            for tree in trees
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef)
            and any(isinstance(base, ast.Name) and base.id in names for base in node.bases)
        }
        grown = not found <= names
        names |= found
    return names


def sources(rooms: tuple[str, ...] = ROOMS) -> Iterator[Path]:
    for room in rooms:
        for path in sorted((ROOT / room).rglob("*.py")):
            if "migrations" not in path.parts and path.relative_to(ROOT).as_posix() not in NOT_FOR_PAGES:
                yield path


def sentences(node: ast.expr, tree: ast.Module) -> list[str]:
    """What an expression can say, with a mark for each value; raises Raised when that cannot be seen."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=parts):
            return [
                "".join(
                    str(p.value) if isinstance(p, ast.Constant) else f"⟦{n}⟧" for n, p in enumerate(parts)
                )
            ]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return [a + b for a in joined(left, tree) for b in joined(right, tree)]
        case ast.IfExp(body=body, orelse=other):
            return sentences(body, tree) + sentences(other, tree)
        case ast.Call(func=ast.Name(id="_" | "str")) | ast.Call(func=ast.Attribute(attr="sentence")):
            return []  # translated where it is said, or handed on
        case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)):
            return returned(name, tree)
        case ast.Name(id=name):
            return assigned(name, tree)
    raise Raised(ast.unparse(node))


def joined(node: ast.expr, tree: ast.Module) -> list[str]:
    try:
        return sentences(node, tree)
    except Raised:
        return ["⟦0⟧"]


def returned(name: str, tree: ast.Module) -> list[str]:
    """What a function of the module returns; those of other modules are read there."""
    found = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == name]
    if not found:
        raise Raised(f"{name}()")
    answers = [n.value for n in ast.walk(found[0]) if isinstance(n, ast.Return) and n.value]
    return [text for answer in answers for text in sentences(answer, tree) if text]


def assigned(name: str, tree: ast.Module) -> list[str]:
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Assign)]
    values = [
        node.value for node in found if any(isinstance(t, ast.Name) and t.id == name for t in node.targets)
    ]
    if not values:
        raise Raised(name)
    return [text for value in values for text in sentences(value, tree) if text]


def spoken(call: ast.Call, tree: ast.Module) -> list[str]:
    """What an error is raised with; some of ours carry a code or a number beside their sentence."""
    found, unread = [], []
    for argument in call.args:
        try:
            found.append([text for text in sentences(argument, tree) if " " in text])
        except Raised as error:
            unread.append(str(error))
    if not found:
        raise Raised(f"line {call.lineno}: write the sentence where it is raised, not {', '.join(unread)}")
    return [text for texts in found for text in texts]


def raised() -> Iterator[tuple[str, str]]:
    """Where, and with which sentence, services and pages refuse."""
    errors = our_errors()
    for path in sources():
        tree = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name | ast.Attribute):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            # What is not there is said by one page of its own (webui/errors.py).
            if (
                name not in errors
                or name in SAY_THEMSELVES | {"NotFound"}
                or hasattr(builtins, name)
                or not node.args
            ):
                continue
            where = f"{path.relative_to(ROOT)}:{node.lineno}"
            for text in spoken(node, tree):
                yield where, text


# A setting that is wrong is said at the start, to who starts the engine.
# What is raised with named values is looked up in the catalog.
with (ROOT / "webui/translations/fa/LC_MESSAGES/messages.po").open("rb") as _file:
    CATALOG = {str(message.id) for message in read_po(_file) if message.string}
CASES = sorted(
    {
        (text, where.split(":")[0])
        for where, text in raised()
        if not text.startswith("AVANAK_") and text not in CATALOG
    }
)


def test_the_sentences_are_found_at_all() -> None:
    assert len(CASES) > 100


@pytest.mark.parametrize(("sentence", "where"), CASES)
def test_a_refusal_has_its_persian(sentence: str, where: str) -> None:
    found = form_of(sentence)
    assert found is not None, f"{where}: «{sentence}» has no Persian; add it to {FILE.name}"
    skeleton = tuple(re.split(r"⟦\d+⟧", sentence))
    assert found.words == skeleton, f"{where}: «{sentence}» is taken for «{found.english}»"


@pytest.mark.parametrize("sentence", sorted({text for text, _ in CASES}))
def test_the_persian_of_a_refusal_holds_no_english(sentence: str) -> None:
    persian = in_persian(sentence)
    assert persian, sentence
    assert not LATIN.search(NAMES.sub("", persian)), persian


@pytest.mark.parametrize(
    ("sentence", "persian"),
    [
        ("Account 7 is suspended and cannot become expired.", "حساب «معلق» است و «پایان‌یافته» نمی‌شود."),
        ("Another version takes effect at 1405-08-30 09:00.", "نسخهٔ دیگری در ۱۴۰۵/۰۸/۳۰ ۰۹:۰۰ اجرا می‌شود."),
        (str(NoCredit(1_200, 0)), "اعتبار کافی نیست: ۱٬۲۰۰ ریال لازم است و ۰ ریال موجود است."),
        ("x has 1,234,567 bytes; a message may have 1.5.", "«x» ۱٬۲۳۴٬۵۶۷ بایت است؛ پیام حداکثر ۱٫۵ بایت."),
        ("The mobile cannot be used: The number has too few digits.", "این شمارهٔ همراه پذیرفته نیست: رقم‌های شماره کم است."),
        ("12 7.csv is empty.", "«12 7.csv» خالی است."),
        ("Tries must be from 1 to 20, not 21.", "تعداد تلاش باید از ۱ تا ۲۰ باشد، نه ۲۱."),
    ],
)  # fmt: skip
def test_values_are_said_in_persian_too(app, sentence: str, persian: str) -> None:
    with app.test_request_context("/", headers={"Accept-Language": "fa"}):
        assert in_persian(sentence) == persian
