"""Numbers, places and waits as lists of clips: ``file_string://A.wav!B.wav``.  Pure."""

from __future__ import annotations

from datetime import datetime

from engine.clock import TEHRAN
from engine.services.support_line.expectation import MOST_S, Expectation

STEP_MIN = 5  # a wait of more than ten minutes is announced in steps of five

MOST_NUMBER = 9_999  # the largest number that the clips can say


class Clips:
    """Paths of clips as the switch sees them."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def path(self, language: str, name: str) -> str:
        """One clip."""
        return f"{self.folder}/support/{language}/{name}.wav"

    def joined(self, language: str, names: list[str]) -> str:
        """Several clips, one after the other."""
        return "file_string://" + "!".join(self.path(language, name) for name in names)

    def digits(self, language: str, digits: str) -> str:
        """«We call you back at …», digit by digit with a pause after each fourth, and how to confirm it."""
        names = ["read_back"]
        for at, digit in enumerate(digits):
            if at and at % 4 == 0:
                names.append("pause")
            names.append(f"digit_{digit}")
        return self.joined(language, [*names, "confirm"])

    def place(self, language: str, told: Expectation) -> str:
        """«You are number … The wait is about … minutes.»  An unknown wait is left out."""
        names = (
            ["place", *number(language, min(told.place, MOST_NUMBER))] if told.place > 1 else ["place_next"]
        )
        if told.wait_s is not None and told.place > 1:
            minutes = max(1, round(told.wait_s / 60))
            if told.wait_s > MOST_S:
                names += ["wait_more_than", *number(language, MOST_S // 60), "minutes"]
            else:
                minutes = minutes if minutes <= 10 else -(-minutes // STEP_MIN) * STEP_MIN
                names += ["wait_about", *number(language, minutes), "minutes"]
        return self.joined(language, names)

    def opens(self, language: str, opens_at: int, now: int) -> str:
        """«Support is closed. It opens today/tomorrow/on … at …»"""
        opens, today = (datetime.fromtimestamp(at / 1000, TEHRAN) for at in (opens_at, now))
        days = (opens.date() - today.date()).days
        day = "today" if days == 0 else "tomorrow" if days == 1 else f"weekday_{opens.isoweekday()}"
        names = ["closed_opens", day, "at_hour", *number(language, opens.hour)]
        if opens.minute:
            minutes = number(language, opens.minute)
            names += ["and", *minutes, "minutes"] if language == "fa" else minutes
        return self.joined(language, names)


def number(language: str, value: int) -> list[str]:
    """A number from 0 to 9,999 by its clips; Persian has an «and» between its parts (sad-o bist-o yek)."""
    if not 0 <= value <= MOST_NUMBER:
        raise ValueError(f"clips say 0 to {MOST_NUMBER}, not {value}")
    parts: list[list[str]] = []
    thousands, below = divmod(value, 1000)
    if thousands:  # Persian says «thousand», English «one thousand»
        parts.append(["thousand"] if language == "fa" and thousands == 1 else [f"n_{thousands}", "thousand"])
    hundreds, below = below // 100 * 100, below % 100
    if hundreds:
        parts.append([f"n_{hundreds}"])
    tens = below // 10 * 10 if below > 20 else 0
    if tens:
        parts.append([f"n_{tens}"])
    if below - tens or not parts:
        parts.append([f"n_{below - tens}"])
    names = list(parts[0])
    for part in parts[1:]:
        names += [*(["and"] if language == "fa" else []), *part]
    return names
