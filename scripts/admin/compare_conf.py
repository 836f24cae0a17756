#!/usr/bin/env python3
"""The running switch compared with a configuration tree: modules, profiles, gateways, variables, limits.

Exit status 0 when nothing differs, 1 when something does, 2 bad input, 3 no switch reachable.
Values of variables whose names speak of passwords are compared and not printed.
"""

from __future__ import annotations

import re
from pathlib import Path

import orjson
import session
from conf_tree import Wanted, expand, read_tree

from engine.esl import answers, commands
from engine.esl.checks import NAME

_SOFIA = re.compile(r"^\s*(\S+)\t\s*(profile|gateway)\t", re.MULTILINE)


def main() -> int:
    """Read the tree, ask the switch, print a line for each difference."""
    arguments = session.parser(__doc__.split("\n", 1)[0])
    arguments.add_argument(
        "--tree",
        type=Path,
        default=session.REPOSITORY / "freeswitch-conf",
        help="the configuration tree (default: this repository's freeswitch-conf)",
    )
    options = arguments.parse_args()
    wanted = read_tree(options.tree)
    switch = session.connect(options)
    differences = [
        *modules(switch, wanted),
        *sofia(switch, wanted),
        *variables(switch, wanted),
        *limits(switch, wanted),
    ]
    switch.close()
    for line in differences:
        print(line)
    print(
        f"{len(differences)} differences between {options.tree} and the switch" if differences else "the same"
    )
    return 1 if differences else 0


def modules(switch: session.Session, wanted: Wanted) -> list[str]:
    """Modules named but not loaded, and loaded but not named."""
    missing = [
        f"module {name}: named in the tree, not loaded"
        for name in sorted(wanted.modules)
        if not answers.read_exists(switch.ask(commands.module_exists(name)))
    ]
    rows = orjson.loads(switch.ask(commands.show_modules())).get("rows", [])
    loaded = {row["ikey"] for row in rows if row.get("ikey", "").startswith("mod_")}
    extra = [f"module {name}: loaded, not named in the tree" for name in sorted(loaded - wanted.modules)]
    return missing + extra


def sofia(switch: session.Session, wanted: Wanted) -> list[str]:
    """SIP profiles and gateways that only one of the two has."""
    running: dict[str, set[str]] = {"profile": set(), "gateway": set()}
    for name, kind in _SOFIA.findall(switch.ask(commands.sofia_status())):
        running[kind].add(name)
    return [
        f"{kind} {name}: " + ("in the tree, not running" if name in named else "running, not in the tree")
        for kind, named in (("profile", wanted.profiles), ("gateway", wanted.gateways))
        for name in sorted(named ^ running[kind])
    ]


def variables(switch: session.Session, wanted: Wanted) -> list[str]:
    """Global variables with another value than the tree's; those from the environment may differ."""
    lines = []
    for name, value in sorted(wanted.variables.items()):
        expected = expand(value, wanted.variables)
        if not NAME.fullmatch(name) or name in wanted.from_environment or "$${" in expected:
            continue
        found = switch.ask(commands.global_variable(name)).strip()
        if found != expected:
            shown = "" if "password" in name else f": {found!r} on the switch, {expected!r} in the tree"
            lines.append(f"variable {name} differs{shown}")
    return lines


def limits(switch: session.Session, wanted: Wanted) -> list[str]:
    """sessions-per-second and max-sessions as they are now (``fsctl`` changes them) and in the tree."""
    questions = {"sessions-per-second": commands.session_rate(), "max-sessions": commands.max_sessions()}
    lines = []
    for name, expected in sorted(wanted.limits.items()):
        found = answers.read_limit(switch.ask(questions[name]))
        if str(found) != expected:
            lines.append(f"limit {name}: {found} on the switch, {expected} in the tree")
    return lines


if __name__ == "__main__":
    session.run(main)
