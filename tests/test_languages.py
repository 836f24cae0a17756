"""The engine holds no Persian but where its work is Persian; no text is matched by a pattern that can be frozen."""

from __future__ import annotations

import ast
import importlib
import re
import time
from collections.abc import Iterator
from pathlib import Path
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]

import pytest

from engine.errors import BadInput
from engine.sentences import Sentence, kept, sentence_of
from engine.services.numbering.numbers import normalise
from engine.services.outbox.wording import in_persian

ROOT = Path(__file__).resolve().parents[1]
PERSIAN = re.compile(r"[\u0600-\u06ff]")
# Where Persian letters do the work, or are the agreement's own text; all else is translated by the catalog.
MAY_HOLD_PERSIAN = {
    "engine/agreement/calendars.py": "quotes the agreement; names of holidays are data",
    "engine/agreement/dates.py": "reads and writes Jalali dates in words, for the statement",
    "engine/agreement/months.py": "an example of what is read",
    "engine/agreement/calculation.py": "the statement's sentence of a month",
    "engine/agreement/records.py": "the statement's judgement of an exclusion",
    "engine/agreement/statement.py": "the statement",
    "engine/agreement/statement_pdf.py": "the statement",
    "engine/agreement/working_time.py": "the agreement's calculation explained, for page and API at once",
    "engine/bench/page_data.py": "a house with names as customers have them, in a bench",
    "engine/bench/pages.py": "what is looked for in that house",
    "engine/bench/large.py": "a list as customers have it",
    "engine/fold.py": "folds Arabic and Persian letters",
    "engine/services/accounts/accounts.py": "an example of what is found by a search",
    "engine/services/campaigns/gateway_trials.py": "what a call that tries a gateway says",
    "engine/services/compliance/calling_windows.py": "reads hours as people write them",
    "engine/services/lists/delimited.py": "tells encodings by their letters",
    "engine/services/lists/delimiters.py": "Persian commas",
    "engine/services/lists/footers.py": "words of totals and of notes below a list",
    "engine/services/lists/headers.py": "words before an example in a header",
    "engine/services/lists/names.py": "headers of lists",
    "engine/services/lists/prefixes.py": "headers of columns of codes",
    "engine/services/messages/personal.py": "an example of a text",
    "engine/services/messages/spoken_digits.py": "spoken prompts",
    "engine/services/messages/template.py": "numbers in words, to be spoken",
    "engine/services/messages/variables.py": "recognises names, amounts and dates in either language",
    "engine/services/numbering/numbers.py": "separators of numbers",
    "engine/services/numbering/provinces.py": "names of provinces",
    "engine/services/numbering/spelling.py": "numbers as people write them",
    "engine/services/onboarding/national_numbers.py": "names the numbers it checks",
    "engine/services/outbox/voice.py": "where a spoken notice is cut, and what is spoken then",
    "engine/services/outbox/wording.py": "Persian separators",
    "engine/services/sla/claims.py": "quotes the agreement",
}


def modules(*rooms: str) -> Iterator[Path]:
    for room in rooms:
        for path in sorted((ROOT / room).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def test_the_engine_holds_no_persian_but_where_its_work_is_persian() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for path in modules("engine")
        if PERSIAN.search(path.read_text("utf-8"))
    }
    assert found == set(MAY_HOLD_PERSIAN)


# -- patterns -------------------------------------------------------------------------------

ALPHABET = [chr(code) for code in range(1, 127)] + list("۰شی،؛\u200c\u00e9")
FUNCTIONS = {"compile", "match", "fullmatch", "search", "sub", "split", "findall", "finditer"}
# Two repeats that overlap, and why that freezes nothing.
BOUNDED = {
    "engine/bench/attacks.py": "a page of our own, in a bench",
    "engine/embedded/dialstring.py": "the engine's own originate, of bounded length",
    "engine/services/compliance/calling_windows.py": "hours of at most LONGEST characters",
    "engine/services/lists/kinds.py": "possessive, or parted by the sign before each repeat: test_other_files",
    "engine/services/messages/template.py": "a text of at most MAX_CHARS, which `check_text` holds first",
    "engine/services/numbering/numbers.py": "a cell of at most MAX_TEXT characters",
    "engine/services/numbering/spelling.py": "the same, or a cell of a list: MAX_CELL",
}


def alphabet(node: tuple) -> frozenset[str]:
    """What one parsed element can match, of a sample of letters."""
    kind, value = node
    match kind:
        case op.LITERAL:
            return frozenset({chr(value)})
        case op.NOT_LITERAL:
            return frozenset(c for c in ALPHABET if ord(c) != value)
        case op.ANY:
            return frozenset(ALPHABET)
        case op.IN:
            return frozenset(c for c in ALPHABET if _in(value, c))
        case op.BRANCH:
            return frozenset().union(*(letters(branch) for branch in value[1]))
        case op.SUBPATTERN:
            return letters(value[-1])
        case op.ATOMIC_GROUP:
            return letters(value)
        case op.MAX_REPEAT | op.MIN_REPEAT | op.POSSESSIVE_REPEAT:
            return letters(value[2])
        case op.GROUPREF:
            return frozenset(ALPHABET)
    return frozenset()


def letters(pattern: object) -> frozenset[str]:
    return frozenset().union(*(alphabet(node) for node in pattern))  # type: ignore[attr-defined]


def _in(items: list, char: str) -> bool:
    negated, found = False, False
    for kind, value in items:
        match kind:
            case op.NEGATE:
                negated = True
            case op.LITERAL:
                found = found or ord(char) == value
            case op.RANGE:
                found = found or value[0] <= ord(char) <= value[1]
            case op.CATEGORY:
                found = found or re.fullmatch(_CATEGORIES[value], char) is not None
    return found != negated


_CATEGORIES = {
    op.CATEGORY_DIGIT: r"\d",
    op.CATEGORY_NOT_DIGIT: r"\D",
    op.CATEGORY_SPACE: r"\s",
    op.CATEGORY_NOT_SPACE: r"\S",
    op.CATEGORY_WORD: r"\w",
    op.CATEGORY_NOT_WORD: r"\W",
}


def elements(pattern: object) -> list[tuple[bool, bool, frozenset[str]]]:
    """The pattern as a row of (is an unbounded repeat, may be left out, letters)."""
    row: list[tuple[bool, bool, frozenset[str]]] = []
    for kind, value in pattern:  # type: ignore[attr-defined]
        if kind is op.SUBPATTERN:
            row += elements(value[-1])
        elif kind is op.ATOMIC_GROUP:
            row += elements(value)
        elif kind is op.BRANCH:
            parts = [elements(branch) for branch in value[1]]
            reps = [one for part in parts for one in part if one[0]]
            row += reps[:1] if reps else [(False, True, alphabet((kind, value)))]
        elif kind in (op.MAX_REPEAT, op.MIN_REPEAT):
            least, most, body = value
            inner = elements(body)
            if most == op.MAXREPEAT:
                simple = len(inner) == 1 and not inner[0][0]
                row += [(True, False, letters(body))] if simple else [*inner, *inner]
                if not simple and not any(one[0] for one in inner):
                    row.append((True, False, letters(body)))
            else:
                row += [(rep, least == 0 or out, chars) for rep, out, chars in inner]
        elif kind in (op.AT, op.ASSERT, op.ASSERT_NOT, op.POSSESSIVE_REPEAT):
            continue
        else:
            row.append((False, False, alphabet((kind, value))))
    return row


def can_freeze(pattern: str) -> bool:
    """Whether two unbounded repeats can both take the same letters, with nothing between that parts them."""
    row = elements(_parser.parse(pattern))
    for first, (is_rep, _, chars) in enumerate(row):
        if not is_rep:
            continue
        for second in range(first + 1, len(row)):
            other_rep, _, others = row[second]
            if other_rep and chars & others:
                between = [part for _, out, part in row[first + 1 : second] if not out]
                if all(part & chars and part & others for part in between):
                    return True
    return False


def compiled(value: object, deep: int = 4) -> Iterator[re.Pattern]:
    """The patterns within a value."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict) and deep:
        yield from compiled([*value, *value.values()], deep - 1)
    elif isinstance(value, list | tuple | set | frozenset) and deep:
        for each in value:
            yield from compiled(each, deep - 1)


@pytest.mark.parametrize(
    ("pattern", "freezes"),
    [
        (r"a.+?b.+?c", True),
        (r"(a+)+b", True),
        (r"(?P<x>.+?) of (?P<y>.+?)", True),
        (r"\d+,\d+", False),
        (r"[a-z]+\s+\d+", False),
        (r"\s*\S+\s*", False),
        (r".*", False),
    ],
)
def test_a_pattern_that_can_freeze_is_known(pattern: str, freezes: bool) -> None:
    assert can_freeze(pattern) is freezes


def patterns() -> Iterator[tuple[str, str]]:
    """Those that are written where they are used, and all that modules hold, however they were put together."""
    for path in modules("engine", "webui"):
        if "re.compile" in path.read_text("utf-8") and path.stem != "__main__":
            place = path.relative_to(ROOT)
            module = importlib.import_module(".".join(place.with_suffix("").parts))
            for pattern in compiled(
                [value for name, value in vars(module).items() if not name.startswith("__")]
            ):
                text = pattern.pattern
                yield place.as_posix(), text if isinstance(text, str) else text.decode("latin-1")
    for path in modules("engine", "webui"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in FUNCTIONS
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "re"
                and node.args
                and isinstance(node.args[0], ast.Constant)
                and isinstance(node.args[0].value, str)
            ):
                yield path.relative_to(ROOT).as_posix(), node.args[0].value


def test_no_text_is_matched_by_a_pattern_that_can_freeze() -> None:
    found = list(patterns())
    assert len(found) > 200
    assert {where for where, pattern in found if can_freeze(pattern)} == set(BOUNDED)


LONG = ["a of " * 300, "%(a)s" * 300, "{" * 1500, '{"id": ' * 200, "1,1," * 400, " : " * 500, "«" * 1500]


@pytest.mark.parametrize("text", [" " * 1500 + "x", "(" * 1500 + "x", "( " * 750 + "1", "1 " * 750 + "x"])
def test_a_long_cell_takes_no_time_worth_mentioning(text: str) -> None:
    began = time.process_time()
    normalise(text)
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize("text", LONG)
def test_a_long_text_takes_no_time_worth_mentioning(text: str) -> None:
    began = time.process_time()
    error = BadInput("%(what)s of %(why)s", what=text, why=Sentence(text, a=1))
    for said in (str(error), in_persian(error.sentence), kept(text, a=text), str(sentence_of(text))):
        assert said
    assert time.process_time() - began < 1.0  # it was a minute
