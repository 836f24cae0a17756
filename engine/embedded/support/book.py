"""The switch's key-value store (mod_db): realm, key and value, which survive a ``kill -9`` of the switch."""

from __future__ import annotations

from pathlib import Path

from engine.embedded.records import AppendFile


class Book:
    """Values in memory and, with a path, also as lines ``+realm/key/value`` and ``-realm/key`` in a file."""

    def __init__(self, path: Path | None) -> None:
        self._kept: dict[str, str] = {}
        if path is not None and path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                self._take(line)
        self.file = AppendFile(path)

    def _take(self, line: str) -> None:
        where, _, value = line[1:].rpartition("/") if line[:1] == "+" else (line[1:], "", "")
        if line[:1] == "+":
            self._kept[where] = value
        else:
            self._kept.pop(where, None)

    def carry_out(self, words: str) -> str:
        """Run ``insert/REALM/KEY/VALUE``, ``select/REALM/KEY`` or ``delete/REALM/KEY``; returns the answer of ``api db``."""
        verb, _, rest = words.partition("/")
        if verb == "select":
            return self._kept.get(rest, "")
        if verb not in ("insert", "delete") or "\n" in rest:
            return "-ERR\n"
        line = ("+" if verb == "insert" else "-") + rest
        self._take(line)
        self.file.add(line)
        return "+OK"
