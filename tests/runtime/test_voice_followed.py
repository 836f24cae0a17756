"""A call whose voice moved with its answer: the switch is told once to agree on it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from engine.esl import commands
from engine.esl.link import Link
from engine.runtime import switchboard
from tests.runtime.conftest import start_lab
from tests.runtime.lab import Lab

__all__ = ["start_lab"]


@pytest.mark.parametrize("moves", [True, False])
def test_the_switch_is_told_once_for_a_call_whose_voice_moved(
    start_lab: Callable[..., Lab], monkeypatch: pytest.MonkeyPatch, moves: bool
) -> None:
    posted: list[bytes] = []
    post = Link.post

    def noting(link: Link, frames: Sequence[bytes], *how: Any) -> None:
        posted.extend(frames)
        post(link, frames, *how)

    monkeypatch.setattr(Link, "post", noting)
    monkeypatch.setattr(switchboard, "has_moved", lambda _event: moves)
    lab = start_lab()
    campaign_id = lab.campaign(["09120000000", "09120000001"])
    lab.finish(campaign_id, 30)
    answered = [one.uuid for one in lab.attempts(campaign_id) if one.answered_at]
    assert len(answered) == 1
    told = [frame for frame in posted if b"uuid_media_reneg" in frame]
    assert told == ([commands.renegotiate(answered[0])] if moves else [])
