"""The support line's figures of a month; a statement shows them, and its hash includes them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LineFigures:
    """Calls that joined the queue in support hours; offered = answered + abandoned + called_back."""

    offered: int
    answered: int
    within_20_s: int
    within_80_s: int
    abandoned: int
    called_back: int  # hung up and asked for a call-back
    longest_wait_s: int
    mean_wait_s: int


@dataclass(frozen=True, slots=True)
class LineMonth:
    """The figures of all callers, and of the statement's account if it called."""

    everybody: LineFigures
    own: LineFigures | None = None
