"""The people of the support line: callers with their keys and their patience, agents' telephones.  Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.errors import BadInput

KEY_MS = 400  # from a prompt to the first key
APART_MS = 120  # between two keys
TALK_S = 8.0


@dataclass(slots=True)
class Caller:
    """A caller of the support line.  `keys` has, for each prompt (by file name), the keys to press when it is heard: the
    first of the list the first time, and so on; the last is repeated."""

    patience_s: float = 600.0  # how long the caller waits for an agent
    talk_s: float = 0.0  # hangs up so long after an agent answered; 0: the agent hangs up
    speak_s: float = 6.0  # how long the caller speaks for a message
    keys: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def parse(cls, words: list[str]) -> Caller:
        """From ``patience=30 talk=5 speak=3 offer=* confirm=1 key_number=110#|02188776655#``."""
        made = cls()
        for word in words:
            name, equals, value = word.partition("=")
            if name in ("patience", "talk", "speak"):
                try:
                    setattr(made, f"{name}_s", float(value))
                except ValueError:
                    raise BadInput("%(word)s: seconds are a number.", word=word) from None
            elif equals and all(keys.strip("0123456789*#") == "" for keys in value.split("|")):
                made.keys[name] = value.split("|")
            else:
                raise BadInput("%(word)s: give patience=, talk=, speak= or PROMPT=KEYS.", word=word)
        return made

    def hears(self, path: str) -> str:
        """The keys that the caller presses at a prompt, or at several in a row; empty for none."""
        for part in path.removeprefix("file_string://").split("!"):
            listed = self.keys.get(part.rpartition("/")[2].removesuffix(".wav"))
            if listed:
                return listed.pop(0) if len(listed) > 1 else listed[0]
        return ""


@dataclass(slots=True)
class Telephone:
    """An agent's telephone: `does` is answer, busy, reject, silent (rings out) or away (not registered)."""

    does: str = "answer"
    ring_s: float = 1.0
    talk_s: float = TALK_S

    def change(self, words: list[str]) -> None:
        """Set it from ``busy``, ``answer ring=2 talk=30`` and the like.  Raises BadInput."""
        for word in words:
            name, _, value = word.partition("=")
            if word in ("answer", "busy", "reject", "silent", "away"):
                self.does = word
            elif name in ("ring", "talk") and value.replace(".", "", 1).isdigit():
                setattr(self, f"{name}_s", float(value))
            else:
                raise BadInput(
                    "%(word)s: a telephone does answer, busy, reject, silent or away; ring= and talk= are seconds.",
                    word=word,
                )
