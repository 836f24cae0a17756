"""Reads a FreeSWITCH configuration tree as FreeSWITCH does: preprocessor first, then XML, with lines kept.

FreeSWITCH goes through a file line by line.  A line with ``<X-PRE-PROCESS`` is carried out (inside a comment
too!) and never becomes XML; ``$${name}`` is replaced by what was set before; a line with ``<include>`` or
``<?`` is dropped whole (src/switch_xml.c of 1.10).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from xml.parsers import expat  # the files are the operator's own, and expat expands no outside entity

Severity = Literal["error", "warning"]

# Set by FreeSWITCH itself before it reads the tree.
BUILT_IN = frozenset(
    ("hostname", "local_ip_v4", "local_mask_v4", "local_ip_v6", "base_dir", "recordings_dir", "sound_prefix",
     "sounds_dir", "conf_dir", "log_dir", "run_dir", "db_dir", "mod_dir", "htdocs_dir", "script_dir", "temp_dir",
     "grammar_dir", "fonts_dir", "images_dir", "certs_dir", "storage_dir", "cache_dir", "data_dir",
     "localstate_dir", "core_uuid", "switch_serial")
)  # fmt: skip
# Set by the engine while the switch runs; a line in vars.xml would take its word back at each reload.
BY_ENGINE = frozenset(f"avanak_refused_{line}" for line in range(1, 5))
_DIRECTIVE = re.compile(r"<x-pre-process\b(.*)", re.I)
_CMD = re.compile(r'cmd\s*=\s*"([^"]*)"', re.I)
_DATA = re.compile(r'data\s*=\s*"([^"]*)"', re.I)
_GLOBAL = re.compile(r"\$\$\{([^}]+)\}")
_COMMENT = re.compile(r"<!--.*?-->", re.S)
KNOWN_COMMANDS = frozenset(("set", "env-set", "exec-set", "stun-set", "include", "exec"))


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: where, and a sentence that a person can act on."""

    file: Path
    line: int
    sentence: str
    severity: Severity = "error"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.severity}: {self.sentence}"


@dataclass(slots=True)
class Element:
    """One XML element: where it stands, its attributes, its children and its own text."""

    tag: str
    attributes: dict[str, str]
    file: Path
    line: int
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def walk(self, *tags: str) -> Iterator[Element]:
        """This element and all below it, in order; only those with one of ``tags``, if any are given."""
        if not tags or self.tag in tags:
            yield self
        for child in self.children:
            yield from child.walk(*tags)

    def get(self, name: str) -> str:
        """An attribute, empty if it is not there."""
        return self.attributes.get(name, "")

    def params(self) -> dict[str, Element]:
        """The ``param`` elements directly below, by name."""
        return {child.get("name"): child for child in self.children if child.tag == "param"}


@dataclass(slots=True)
class Tree:
    """Everything that was read: the files with their elements, the variables, and what was wrong on the way."""

    files: dict[Path, Element] = field(default_factory=dict)
    variables: dict[str, str | None] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    includes: dict[Path, list[Path]] = field(default_factory=dict)

    def expand(self, text: str) -> str:
        """``text`` with the known global variables put in; others stay as they are."""
        return _GLOBAL.sub(lambda found: self.variables.get(found[1]) or found[0], text)

    def walk(self, *tags: str, below: Path | None = None) -> Iterator[Element]:
        """Every element with one of the tags, in the order the files were read; ``below`` limits the folder."""
        for path, root in self.files.items():
            if below is None or below in path.parents:
                yield from root.walk(*tags)


def read_tree(top: Path, environ: Mapping[str, str]) -> Tree:
    """Reads ``top`` (freeswitch.xml) and all that it includes; faults are findings, never exceptions."""
    tree = Tree()
    _read(tree, top, environ, ())
    return tree


def _read(tree: Tree, path: Path, environ: Mapping[str, str], above: tuple[Path, ...]) -> None:
    if path in above:
        tree.findings.append(Finding(path, 1, "this file includes itself"))
        return
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        tree.findings.append(Finding(path, 1, f"this file cannot be read: {error}"))
        return
    root = _parse(tree, path, text)
    if root is not None:
        tree.files[path] = root
    commented = _commented_lines(text)
    for number, line in enumerate(text.splitlines(), 1):
        for name in _GLOBAL.findall(line):
            if name not in {*tree.variables, *BUILT_IN, *BY_ENGINE} and number not in commented:
                tree.findings.append(Finding(path, number, f"$${{{name}}} is not set anywhere above"))
        if number in commented and re.search(r"<include>|</include>|<\?", line):
            tree.findings.append(
                Finding(
                    path,
                    number,
                    "FreeSWITCH drops this whole line of a comment: do not write <include> or <? here",
                )
            )
        found = _DIRECTIVE.search(line)
        if found:
            if number in commented:
                tree.findings.append(
                    Finding(
                        path,
                        number,
                        "this directive is inside a comment, and FreeSWITCH carries it out all the same",
                    )
                )
            _carry_out(tree, path, number, found[1], environ, above)


def _carry_out(
    tree: Tree, path: Path, line: int, rest: str, environ: Mapping[str, str], above: tuple[Path, ...]
) -> None:
    """One directive: sets a variable, or reads what it includes."""
    command, data = _CMD.search(rest), _DATA.search(rest)
    if command is None or data is None or command[1].lower() not in KNOWN_COMMANDS:
        tree.findings.append(
            Finding(path, line, "FreeSWITCH does not know this directive and passes over it")
        )
        return
    word, text = command[1].lower(), data[1]
    name, equals, value = text.partition("=")
    if word == "include":
        _include(tree, path, line, tree.expand(text), environ, above)
    elif word != "exec" and not equals:
        tree.findings.append(Finding(path, line, f"{word} needs NAME=VALUE"))
    elif word == "set":
        tree.variables[name.strip()] = tree.expand(value.strip())
    elif word == "env-set":
        if not value.startswith("$"):
            tree.findings.append(Finding(path, line, "env-set needs NAME=$ENVIRONMENT_NAME"))
        elif value[1:] in environ:
            tree.variables[name] = environ[value[1:]]
    elif word in ("exec-set", "stun-set"):
        tree.variables[name.strip()] = None  # known only while the switch runs


def _include(
    tree: Tree, path: Path, line: int, pattern: str, environ: Mapping[str, str], above: tuple[Path, ...]
) -> None:
    folder = Path(pattern).parent if Path(pattern).is_absolute() else (path.parent / pattern).parent
    # Not resolved: the path is shown to a person as it is reached.  glob sorts as FreeSWITCH's does.
    found = sorted(folder.glob(Path(pattern).name)) if folder.is_dir() else []
    tree.includes.setdefault(path, []).extend(found)
    if not found:
        wild = any(character in pattern for character in "*?[")
        # A folder without gateways is a switch in the making; a file that is named must be there.
        severity: Severity = "warning" if wild and folder.is_dir() else "error"
        tree.findings.append(Finding(path, line, f"nothing is included: there is no {pattern}", severity))
    for one in found:
        _read(tree, one, environ, (*above, path))


def _commented_lines(text: str) -> set[int]:
    """Numbers of the lines on which a comment stands, whole or in part of several lines."""
    lines: set[int] = set()
    for found in _COMMENT.finditer(text):
        first = text.count("\n", 0, found.start()) + 1
        lines.update(range(first, first + found[0].count("\n") + 1))
    # A line that has something beside its comment is not one.
    return {number for number in lines if not _has_more(text.splitlines()[number - 1])}


def _has_more(line: str) -> bool:
    return bool(re.search(r"<[A-Za-z/]", _COMMENT.sub("", line))) and "-->" in line


def _parse(tree: Tree, path: Path, text: str) -> Element | None:
    """The root element of a file; None, and a finding, when it is not well-formed."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    stack: list[Element] = []
    roots: list[Element] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        element = Element(tag, attributes, path, parser.CurrentLineNumber)
        (stack[-1].children if stack else roots).append(element)
        stack.append(element)

    def end(_tag: str) -> None:
        stack.pop()

    def data(chunk: str) -> None:
        if stack:
            stack[-1].text += chunk

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, data
    try:
        parser.Parse(text.encode(), True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        line = min(error.lineno, len(text.splitlines()) or 1)
        tree.findings.append(Finding(path, line, f"this is not well-formed XML: {reason}"))
        return None
    return roots[0]
