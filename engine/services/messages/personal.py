"""A message for each recipient: a text with variables, spoken in advance.

Example: ``{name} عزیز، قبض شما {amount} ریال است``.  A variable is the name of a column of the list.  Its numbers are
spoken as numbers, or digit by digit with ``{code:digits}``.  Its values are limited (`messages.variables`) unless the
account needs no approval.
Recipients of such a campaign are imported with `UNPREPARED` as the earliest time of a call.  `Preparer` speaks their
messages in chunks and then makes them due.  After a crash that mark shows which are left; nothing is spoken twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from engine.errors import AvanakError, BadInput
from engine.fold import fold, to_ascii_digits
from engine.sentences import Sentence, Word
from engine.services.accounts.permissions import OWN_VOICE
from engine.services.messages.speech import Speech
from engine.services.messages.template import check_text, digits_words
from engine.services.messages.variables import MIN_FIXED, USUAL, VariableKind, fits, spoken_length
from engine.services.numbering.reasons import Reason
from engine.states import CampaignState, RecipientState
from engine.store.claims import end_waiting
from engine.store.sql import WAITING, execute, run_over_values

UNPREPARED = 1 << 52
"""`next_at` of a recipient whose message is not made yet: no clock reaches it."""
CHUNK = 50
MAX_VALUE = 200  # characters of a cell that are spoken
_VARIABLE = re.compile(r"\{([^{}]{1,60})\}")


@dataclass(frozen=True, slots=True)
class Variable:
    """A column of the list, the kind of its values, and whether digits are spoken one by one."""

    name: str
    kind: VariableKind


class MissingValue(AvanakError):
    """A recipient's cell is empty, so its message cannot be made."""


class Template:
    """A text and its variables.  Raises BadInput for a text that cannot be parsed."""

    def __init__(self, text: str) -> None:
        self.text = check_text(text)
        self._parts: list[str | Variable] = []
        end = 0
        for found in _VARIABLE.finditer(self.text):
            self._parts.append(_plain(self.text[end : found.start()]))
            name, _, form = found[1].partition(":")
            if form.strip() not in list(VariableKind):
                kinds = [Word(each) for each in VariableKind if each]
                raise BadInput(
                    "«%(variable)s»: allowed after the colon: %(kinds)s.", variable=found[0], kinds=kinds
                )
            if not name.strip():
                raise BadInput("A variable of the text has no name: write it as {name}.")
            self._parts.append(Variable(name.strip(), VariableKind(form.strip())))
            end = found.end()
        self._parts.append(_plain(self.text[end:]))

    @property
    def variables(self) -> list[str]:
        """The names of the variables in order, without duplicates."""
        return list(dict.fromkeys(part.name for part in self._parts if isinstance(part, Variable)))

    def check(self, columns: Sequence[str]) -> None:
        """Raise BadInput when the text uses a column that the list does not have."""
        known = {fold(name) for name in columns}
        missing = [name for name in self.variables if fold(name) not in known]
        if missing:
            raise BadInput(
                "The text uses %(names)s, which the list does not have; its columns are: %(have)s.",
                names=[f"{{{name}}}" for name in missing],
                have=[f"{{{name}}}" for name in columns] or Word("none"),
            )

    def check_share(self) -> None:
        """Raise BadInput when the fixed part of the text is too small for an approval to mean anything."""
        open_ = sum(USUAL[part.kind] for part in self._parts if isinstance(part, Variable))
        if self._fixed < MIN_FIXED * (self._fixed + open_):
            raise BadInput(
                "Too little of the text is fixed: at least %(share)s %% of what is spoken must be the text that"
                " staff approve, and not variables.",
                share=round(100 * MIN_FIXED),
            )

    @property
    def _fixed(self) -> int:
        return sum(spoken_length(part) for part in self._parts if isinstance(part, str))

    def render(self, values: Mapping[str, str], is_free: bool = False) -> str:
        """The text for one recipient.  Raises MissingValue for an empty cell, BadInput when it becomes too long.

        Unless `is_free`, also raises BadInput for a cell that its variable may not hold, or when the cells are most
        of the spoken text.
        """
        by_key = {fold(name): value for name, value in values.items()}
        out, open_ = [], 0
        for part in self._parts:
            if isinstance(part, str):
                out.append(part)
                continue
            value = by_key.get(fold(part.name), "").strip()[:MAX_VALUE]
            if not value:
                raise MissingValue("The cell %(name)s is empty.", name=part.name)
            if not is_free and not fits(part.kind, value):
                raise BadInput(
                    "The cell %(name)s is not a name, an amount, a date or a number.", name=part.name
                )
            open_ += spoken_length(value)
            out.append(_as_digits(value) if part.kind is VariableKind.DIGITS else value)
        if not is_free and self._fixed < MIN_FIXED * (self._fixed + open_):
            raise BadInput("The cells are most of what would be spoken.")
        return check_text("".join(out))

    def spoken(self, values: Mapping[str, str], is_free: bool = False) -> tuple[str, Sentence | None]:
        """The text for one recipient; or nothing, and why it cannot be made."""
        try:
            return self.render(values, is_free), None
        except (MissingValue, BadInput) as error:
            return "", error.sentence

    def example(self) -> str:
        """The text with the names of the variables as values, which staff hear before they approve it."""
        return self.render({name: name for name in self.variables}, is_free=True)


def is_template(text: str) -> bool:
    """Whether a text has variables."""
    return bool(_VARIABLE.search(text))


def _plain(text: str) -> str:
    if "{" in text or "}" in text:
        at = min(at for at in (text.find("{"), text.find("}")) if at >= 0)
        raise BadInput(
            "A brace in the text has no partner: «%(text)s»; write variables as {name}.",
            text=text[at : at + 20],
        )
    return text


def _as_digits(value: str) -> str:
    return re.sub(r"\d+", lambda found: digits_words(found[0]), to_ascii_digits(value), flags=re.ASCII)


# -- making them in advance -------------------------------------------------------------


class Preparer:
    """Speaks the messages of campaigns with variables, chunk by chunk.

    `read` and `write` are those of the store; `apart` runs long computations where nobody waits.
    """

    def __init__(
        self,
        speech: Speech,
        prompts_dir: Path,
        read: Callable[[Callable[[], Any]], Any],
        write: Callable[[Callable[[], Any]], Any],
        apart: Callable[[Callable[[], Any]], Any],
    ) -> None:
        self.speech = speech
        self.prompts_dir = prompts_dir
        self.left: dict[int, int] = {}  # campaign -> recipients without a message, as last counted
        self._read = read
        self._write = write
        self._apart = apart
        self._templates: dict[str, Template] = {}

    def step(self, now: int) -> bool:
        """Speak one chunk for each campaign that lacks messages; whether there was anything to do.

        Raises SpeechUnavailable or StoreUnavailable; nothing is lost, the next step continues.
        """
        campaigns = self._read(_personal_campaigns)
        self.left = {}
        for campaign_id, text, voice, columns, longest_s, is_free in campaigns:
            rows, left = self._read(partial(_unprepared, campaign_id))
            if not rows:
                continue
            self.left[campaign_id] = left
            made, failed = self._apart(
                partial(self._make, rows, text, voice, json.loads(columns), longest_s, is_free)
            )
            self._write(partial(_let_go, campaign_id, made, failed, now))
        return bool(self.left)

    def _make(
        self,
        rows: Sequence[tuple[int, str]],
        text: str,
        voice: str,
        names: list[str],
        longest_s: int,
        is_free: bool,
    ) -> tuple[list[tuple[int, str]], list[int]]:
        """Speak a chunk; returns ``(recipient id, prompt)`` of those that were made, and the ids of those that cannot be.

        A message longer than the longest call cannot be made either, as it would be cut off.
        """
        template = self._templates.get(text)
        if template is None:
            self._templates = {text: Template(text)}
            template = self._templates[text]
        made: list[tuple[int, str]] = []
        failed: list[int] = []
        for recipient_id, variables in rows:
            values = dict(zip(names, json.loads(variables) if variables else [], strict=False))
            try:
                spoken = self.speech.make(template.render(values, is_free), self.prompts_dir, voice or "male")
            except (MissingValue, BadInput):
                failed.append(recipient_id)
            else:
                if spoken.duration_ms > longest_s * 1000:
                    failed.append(recipient_id)
                else:
                    made.append((recipient_id, spoken.prompt))
        return made, failed


def _personal_campaigns() -> list[tuple[int, str, str, str, int, bool]]:
    """Active campaigns with variables: id, text, voice, columns, longest call (s), whether values are unlimited."""
    rows = execute(
        "SELECT c.id, c.text, c.voice, c.columns, c.max_length_s, a.is_house, a.permissions FROM campaign c"
        " JOIN account a ON a.id = c.account_id WHERE c.text <> '' AND c.state IN (?, ?) ORDER BY c.id",
        [CampaignState.RUNNING.value, CampaignState.SCHEDULED.value],
    )
    return [
        (int(row[0]), row[1], row[2], row[3], int(row[4]), bool(row[5]) or OWN_VOICE in row[6].split())
        for row in rows
    ]


def _unprepared(campaign_id: int) -> tuple[list[tuple[int, str]], int]:
    """The next chunk, ``(recipient id, variables)``, and how many recipients are left in all."""
    condition = f" FROM recipient WHERE campaign_id = ? AND state IN {WAITING} AND next_at = ?"
    rows = execute(
        f"SELECT id, variables{condition} ORDER BY id LIMIT {CHUNK}",
        [campaign_id, UNPREPARED],
    )
    left = execute("SELECT COUNT(*)" + condition, [campaign_id, UNPREPARED])[0][0] if rows else 0
    return [(int(row[0]), row[1]) for row in rows], int(left)


def _let_go(campaign_id: int, made: list[tuple[int, str]], failed: list[int], now: int) -> None:
    """Give recipients their messages and make them due; set aside those without one.  Inside a transaction."""
    run_over_values(
        ("id", "prompt"),
        made,
        f"UPDATE recipient SET prompt = CAST(v.prompt AS TEXT), next_at = 0 FROM v"  # noqa: S608 - constants
        f" WHERE recipient.id = CAST(v.id AS BIGINT) AND recipient.next_at = {UNPREPARED}"
        f" AND recipient.state IN {WAITING} RETURNING recipient.id",
    )
    reasons = dict.fromkeys(failed, Reason.NO_MESSAGE.value)
    end_waiting(campaign_id, reasons, RecipientState.EXCLUDED, now)
