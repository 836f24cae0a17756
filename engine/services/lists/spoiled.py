"""Persian that was saved in a wrong encoding before it came here, as in «Ø¹Ù„ÛŒ».

A program read UTF-8 as Windows-1252 or Windows-1256 and saved the result.  Persian letters have two bytes, the first
D8 to DB, so spoiled text can be recognised with certainty and restored exactly.
"""

from __future__ import annotations

import re

from engine.sentences import Amount, Sentence

_FIRST = bytes(range(0xD8, 0xDC))
_SECOND = bytes(range(0x80, 0xC0))


def _bytes_of(encoding: str) -> dict[str, int]:
    """The byte of each character in `encoding`; a byte without a character is shown as Latin-1."""
    found = {chr(byte): byte for byte in _SECOND}
    return found | {
        char: byte for byte in (*_FIRST, 0xE2, *_SECOND) if (char := bytes([byte]).decode(encoding, "ignore"))
    }


class _WrongEncoding:
    """How Persian looks in one wrong encoding."""

    def __init__(self, encoding: str) -> None:
        self._bytes = _bytes_of(encoding)
        first = _FIRST.decode(encoding)
        second = "".join(char for char, byte in self._bytes.items() if byte in _SECOND)
        sign = "".join(
            char
            for char in second
            if not "\u0600" <= char <= "\u06ff" and char.isprintable() and char not in "«»"
        )
        joiner = "".join(char for char, byte in self._bytes.items() if byte == 0xE2)
        pair = f"[{first}][{re.escape(second)}]"
        # Among two pairs there must be a sign that occurs in no word, as letters alone may be one.
        self.is_sure = re.compile(
            f"[{first}][{re.escape(sign)}]{pair}|{pair}[{first}][{re.escape(sign)}]"
        ).search
        joint = f"[{joiner}][{re.escape(self._chars(0x80))}][{re.escape(self._chars(0x8C, 0x8F))}]"
        self._spoiled = re.compile(f"(?:{pair}|{joint})+")

    def _chars(self, first: int, last: int = 0) -> str:
        return "".join(char for char, byte in self._bytes.items() if first <= byte <= (last or first))

    def mended(self, text: str) -> str:
        return self._spoiled.sub(lambda found: bytes(map(self._bytes.__getitem__, found[0])).decode(), text)


_WRONG = (_WrongEncoding("cp1252"), _WrongEncoding("cp1256"))


class Mender:
    """Restores lines one by one, and counts the restored lines and those whose letters are lost."""

    def __init__(self) -> None:
        self._mended = self._lost = 0

    def mend(self, line: str) -> str:
        """The line as it was before it was spoiled."""
        if line.isascii():
            return line
        self._lost += "\ufffd" in line
        for wrong in _WRONG:
            if wrong.is_sure(line):
                self._mended += 1
                return wrong.mended(line)
        return line

    def notes(self) -> list[Sentence]:
        """The remarks about the lines so far."""
        found = []
        if self._mended:
            found.append(
                Sentence(
                    "In %(count)s lines the letters had been saved in a wrong encoding, as in «Ø¹Ù„ÛŒ»; they were restored.",
                    count=Amount(self._mended),
                )
            )
        if self._lost:
            found.append(
                Sentence(
                    "In %(count)s lines letters were lost before the file was saved (they are «\ufffd» now), so the texts"
                    " in them are wrong. Export the list again, as UTF-8.",
                    count=Amount(self._lost),
                )
            )
        return found
