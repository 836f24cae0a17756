"""Who may import whom (docs/architecture.md): the imports are parsed and held to it."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BASE = (
    "engine.errors",
    "engine.sentences",
    "engine.states",
    "engine.clock",
    "engine.bounds",
    "engine.call_end",
    "engine.codecs",
    "engine.amounts",
    "engine.network",
    "engine.text",
    "engine.csv_cells",
    "engine.fold",
    "engine.atomic_file",
)
PURE_DIALING = tuple(
    f"engine.dialing.{name}"
    for name in ("pacing", "causes", "retry", "tallies", "health", "routes", "shares")
)

# The first prefix that fits a module decides: what of ours it may import.
MAY: list[tuple[str, tuple[str, ...]]] = [
    ("engine.errors", ("engine.sentences",)),
    ("engine.sentences", ("engine.clock",)),
    ("engine.network", ()),
    ("engine.csv_cells", ()),
    ("engine.amounts", ("engine.errors", "engine.sentences")),
    ("engine.states", ()),
    ("engine.clock", ()),
    ("engine.call_end", ()),
    ("engine.codecs", ("engine.errors",)),
    ("engine.patch", ()),
    ("engine.interpreter", ()),
    ("engine.wake", ("engine.clock",)),
    ("engine.loops", ("engine.clock", "engine.errors", "engine.wake")),
    ("engine.listening", ("engine.errors",)),
    ("engine.private_files", ("engine.errors",)),
    ("engine.log_file", ("engine.private_files",)),
    ("engine.network", ()),
    ("engine.sealing", ()),
    ("engine.config", ("engine.errors", "engine.amounts", "engine.sentences")),
    ("engine.dialing.pacing", BASE),
    ("engine.dialing.causes", BASE),
    ("engine.dialing.retry", (*BASE, "engine.dialing.causes")),
    ("engine.dialing.tallies", BASE),
    ("engine.dialing.health", (*BASE, "engine.dialing.tallies")),
    ("engine.dialing.routes", (*BASE, "engine.dialing.health", "engine.dialing.tallies")),
    ("engine.dialing.shares", BASE),
    ("engine.esl", (*BASE, "engine.esl", "engine.wake")),
    ("engine.embedded", (*BASE, "engine.embedded", "engine.patch", "engine.interpreter")),
    ("engine.workers", (*BASE, "engine.workers")),
    ("engine.agreement", (*BASE, "engine.agreement")),
    ("engine.switch_conf", (*BASE, "engine.switch_conf", "engine.esl.checks")),
    ("engine.store", (*BASE, "engine.config", "engine.store", "engine.agreement")),
    (
        "engine.services",
        (
            *BASE,
            *PURE_DIALING,
            "engine.config",
            "engine.sealing",
            "engine.store",
            "engine.services",
            "engine.agreement",
            "engine.workers",
        ),
    ),
    (
        "engine.dialing",
        (
            *BASE,
            "engine.config",
            "engine.loops",
            "engine.wake",
            "engine.store",
            "engine.services",
            "engine.esl",
            "engine.dialing",
        ),
    ),
    (
        "engine.support_line",
        (
            *BASE,
            "engine.config",
            "engine.loops",
            "engine.wake",
            "engine.store",
            "engine.services",
            "engine.esl",
            "engine.support_line",
        ),
    ),
    (
        "engine.monitoring",
        (
            *BASE,
            "engine.config",
            "engine.loops",
            "engine.wake",
            "engine.store",
            "engine.services",
            "engine.esl",
            "engine.dialing",
            "engine.monitoring",
        ),
    ),
    (
        "webui",
        (
            *BASE,
            "engine.config",
            "engine.listening",
            "engine.wake",
            "engine.network",
            "engine.private_files",
            "engine.store.threads",  # no tables, no SQL
            "engine.store.findings",
            "engine.store.cdr",
            "engine.store.do_not_call",
            "engine.services",
            "engine.agreement",
            "engine.sealing",
            "webui",
        ),
    ),
]
# Whoever runs things in time; pure code and services know no gevent.
GEVENT = (
    "engine.loops",
    "engine.wake",
    "engine.patch",
    "engine.esl",
    "engine.dialing",
    "engine.store.writer",
    "engine.store.threads",
    "engine.runtime",
    "engine.monitoring",
    "engine.support_line",
    "engine.logs",
    "engine.bench",
    "engine.commands",
    "webui.connections",
    "webui.server",
    "webui.request.context",
    "webui.request.checks",
)
WEB = ("webui", "engine.cli", "engine.commands")
# The contexts of the services, from the ground up: one may import those of the lines above it, and itself.
SERVICES = (
    ("numbering",),
    ("trunks",),
    ("accounts",),
    ("lists", "money"),
    ("compliance", "messages"),
    ("campaigns",),
    ("onboarding", "outbox", "reports"),
    ("sla",),
    ("tickets",),
    ("support_line", "webhooks"),
    ("notices",),
    ("overview",),
)
# The same for the web; contexts of one line do not know each other.
WEBUI = (
    ("request",),
    ("i18n",),
    ("forms",),
    ("messages",),
    (
        "accounts",
        "api",
        "campaigns",
        "compliance",
        "home",
        "money",
        "sla",
        "support",
        "support_line",
        "trunks",
    ),
)


def modules() -> Iterator[tuple[str, Path]]:
    for folder in ("engine", "webui"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                parts = path.relative_to(ROOT).with_suffix("").parts
                yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def within(name: str, prefixes: tuple[str, ...]) -> bool:
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)


def ours(name: str) -> bool:
    return within(name, ("engine", "webui")) and name != "engine.__version__"


@pytest.mark.parametrize(("name", "path"), [pytest.param(*item, id=item[0]) for item in modules()])
def test_a_room_imports_only_what_it_may(name: str, path: Path) -> None:
    found = imports(path)
    for prefix, allowed in MAY:
        if within(name, (prefix,)):
            assert {item for item in found if ours(item) and not within(item, allowed)} == set()
            break
    if not within(name, GEVENT):
        assert {item for item in found if within(item, ("gevent", "greenswitch"))} == set()
    if not within(name, WEB):
        assert {item for item in found if within(item, ("webui", "flask"))} == set()


def test_one_place_patches() -> None:
    patching = [name for name, path in modules() if "patch_all" in path.read_text("utf-8")]
    assert patching == ["engine.patch"]


def test_files_are_small() -> None:
    too_long = {
        str(path.relative_to(ROOT)): lines
        for folder in ("engine", "webui", "scripts", "dialplan", "tests")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".js", ".html", ".lua"}
        and (lines := len(path.read_text("utf-8").splitlines())) > 420
    }
    assert too_long == {}


def test_a_migration_has_a_number_of_its_own() -> None:
    """The database records migrations by their whole names and applies them in the order of these.

    Two have number 0032.  Installed databases know both, and a new name would make them run again, so they stay.
    They touch different tables, and run in the order of their names.
    """
    names = [path.stem for path in (ROOT / "engine/store/migrations").glob("*.py")]
    assert [name for name in names if not re.fullmatch(r"[0-9]{4}_[a-z0-9_]+", name)] == []
    times = Counter(name[:4] for name in names)
    assert {number for number, count in times.items() if count > 1} == {"0032"}
    assert sorted(name for name in names if name.startswith("0032")) == [
        "0032_quick_sends",
        "0032_support_line",
    ]


@pytest.mark.parametrize(("room", "lines"), [("engine.services", SERVICES), ("webui", WEBUI)])
def test_no_arrow_goes_back_up(room: str, lines: tuple[tuple[str, ...], ...]) -> None:
    """Each context of a room knows those below it only."""
    below: dict[str, set[str]] = {}
    seen: set[str] = set()
    for line in lines:
        below.update({context: {*seen, context} for context in line})
        seen.update(line)
    depth = room.count(".") + 1
    wrong, unknown = [], set()
    for name, path in modules():
        context = name.split(".")[depth] if within(name, (room,)) and name.count(".") > depth else None
        if context is None:
            continue
        if context not in below:
            unknown.add(context)
            continue
        for item in imports(path):
            if within(item, (room,)) and (of := item.split(".")[depth]) in below and of not in below[context]:
                wrong.append(f"{name} imports {item}")
    assert (wrong, unknown) == ([], set())


LAYERS = {
    "dialing": ("engine.dialing", "engine.runtime", "engine.monitoring"),
    "services": ("engine.services",),
    "store": ("engine.store",),
    "agreement": ("engine.agreement",),
    "web": ("webui",),
}
# The web's pages carry the name of the context whose pages they are.
SAME_MODULES = {
    "dialing": set(),
    "store": {"cdr", "findings", "ledger"},
    "services": set(),
    "agreement": set(),
    # The web service, of today and of existing clients, is named after the contexts too.
    "web": {"forms", "tickets", "account", "messages", "sends", "campaigns", "recordings", "do_not_call"},
}


@pytest.mark.parametrize("layer", LAYERS)
def test_a_name_means_one_thing_in_a_layer(layer: str) -> None:
    """No two public classes and no two modules of a layer share a name, but for a table beside its statements."""
    classes: dict[str, list[str]] = {}
    files: dict[str, list[str]] = {}
    for name, path in modules():
        if not within(name, LAYERS[layer]) or ".migrations" in name:
            continue
        if path.name != "__init__.py":
            files.setdefault(path.stem, []).append(name)
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                classes.setdefault(node.name, []).append(name)
    assert {name: at for name, at in classes.items() if len(at) > 1} == {}
    assert {name for name, at in files.items() if len(at) > 1} - SAME_MODULES[layer] == set()
