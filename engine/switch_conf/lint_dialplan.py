"""What `conf check` says of the dialplan: applications, functions, targets, files, and our own variables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from engine.switch_conf.contract import BY_NAME, DIALPLAN, ENGINE, VARIABLES
from engine.switch_conf.tree import BY_ENGINE, Element, Finding, Tree

# What the dialplan may use, and the module that brings it.
APPLICATIONS = dict.fromkeys(
    ("answer", "bind_digit_action", "bridge", "echo", "event", "execute_extension", "flush_dtmf", "hangup", "log",
     "mkdir", "multiset", "park", "endless_playback", "play_and_get_digits", "playback", "record", "respond",
     "ring_ready", "sched_hangup", "set", "sleep", "start_dtmf", "transfer", "unset",
     "wait_for_answer", "wait_for_silence"),
    "mod_dptools",
) | {"callcenter": "mod_callcenter", "db": "mod_db"}  # fmt: skip
FUNCTIONS = {
    "cond": "mod_commands",
    "strepoch": "mod_commands",
    "expr": "mod_expr",
    "regex": "mod_commands",
    "hash": "mod_hash",
}
STREAMS = {
    "tone_stream": "mod_tone_stream",
    "silence_stream": "mod_tone_stream",
    "local_stream": "mod_local_stream",
}
_VARIABLE = re.compile(r"\$\{(avanak_\w+)\}")
_TARGET = re.compile(r"^(\S+) XML (\S+)$")


def rules_of_file(read: Tree, root: Element, modules: set[str]) -> Iterator[Finding]:
    """What is wrong in one file of the dialplan, whose tree is `root`, when `modules` are loaded."""
    contexts = list(read.walk("context"))
    for action in root.walk("action", "anti-action"):
        application, data = action.get("application"), action.get("data")
        module = APPLICATIONS.get(application)
        if module is None:
            yield Finding(
                action.file,
                action.line,
                f"no loaded module is known to bring the application '{application}'",
            )
        elif module not in modules:
            yield Finding(action.file, action.line, f"'{application}' needs {module}, which is not loaded")
        for table, pattern, kind in (
            (FUNCTIONS, r"\$\{(\w+)\(", "function"),
            (STREAMS, r"(\w+_stream)://", "stream"),
        ):
            for name in re.findall(pattern, data):
                if table.get(name) not in modules:
                    brings = table.get(name, "no module that is known")
                    yield Finding(
                        action.file, action.line, f"the {kind} '{name}' needs {brings}, which is not loaded"
                    )
        target = _TARGET.match(data) if application in ("transfer", "execute_extension") else None
        if target and not any(_reaches(read, one, target[1], target[2]) for one in contexts):
            yield Finding(action.file, action.line, f"'{data}' leads nowhere: no extension takes it")
        if (
            application == "playback"
            and data.startswith("/")
            and "${" not in data
            and not Path(data).exists()
        ):
            yield Finding(action.file, action.line, f"there is no file {data}")
    for condition in root.walk("condition"):
        try:
            re.compile(re.sub(r"\$\{\w+\}", "x", condition.get("expression")))
        except re.error as error:
            yield Finding(condition.file, condition.line, f"this is not a valid regular expression: {error}")


def _reaches(read: Tree, context: Element, number: str, name: str) -> bool:
    """Whether an extension of the context takes the number; its files are those that the context includes."""
    if context.get("name") != name:
        return False
    roots = [
        context,
        *(read.files[path] for path in read.includes.get(context.file, []) if path in read.files),
    ]
    return any(_takes(one, number) for root in roots for one in root.walk("extension"))


def _takes(extension: Element, number: str) -> bool:
    """Whether an extension names a number, and takes this one by all that it says of it."""
    wanted = [one for one in extension.walk("condition") if one.get("field") == "destination_number"]
    try:
        return bool(wanted) and all(re.search(one.get("expression"), number) for one in wanted)
    except re.error:
        return False  # reported elsewhere


def rules_of_contract(read: Tree, included: list[Path]) -> Iterator[Finding]:
    """Our variables, both ways: nothing unknown is used or set, nothing known is forgotten."""
    used: set[str] = set()
    set_here: set[str] = set()
    for path, root in read.files.items():
        for element in root.walk():
            texts = (*element.attributes.values(), element.text)
            for name in (name for text in texts for name in _VARIABLE.findall(text)):
                used.add(name)
                if name not in BY_NAME and name not in read.variables and name not in BY_ENGINE:
                    yield Finding(
                        element.file, element.line, f"{name} is not in the contract (dialplan/README.md)"
                    )
            if path in included and element.tag in ("action", "anti-action"):
                for name in _names_set(element):
                    set_here.add(name)
                    if name not in BY_NAME:
                        yield Finding(
                            element.file, element.line, f"{name} is not in the contract (dialplan/README.md)"
                        )
                    elif BY_NAME[name].set_by == ENGINE:
                        yield Finding(
                            element.file, element.line, f"{name} is the engine's; the dialplan may not set it"
                        )
    if not included:
        return
    place = included[0]
    for variable in VARIABLES:
        if variable.set_by == DIALPLAN and variable.name not in set_here:
            yield Finding(place, 1, f"{variable.name} is in the contract, and nothing here sets it")
        if variable.set_by == ENGINE and variable.used and variable.name not in used:
            yield Finding(place, 1, f"{variable.name} is in the contract, and nothing here looks at it")


def _names_set(action: Element) -> Iterator[str]:
    """Our variables that an action sets."""
    application, data = action.get("application"), action.get("data")
    if application in ("set", "multiset", "unset"):
        for part in re.split(r"^\^\^(.)", data)[2].split(data[2]) if data.startswith("^^") else [data]:
            name = part.partition("=")[0].strip()
            if name.startswith("avanak_"):
                yield name
    elif application == "play_and_get_digits":
        for name in re.findall(r" (avanak_\w+) ", data):
            yield name
            if BY_NAME.get(f"{name}_invalid"):
                yield f"{name}_invalid"
