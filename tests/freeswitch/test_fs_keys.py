"""Keys as carriers really send them, and what is believed of a line on hold and of a recording that a full disk cut."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.store import do_not_call
from engine.store.threads import read
from tests.freeswitch.engine_lab import running_engine
from tests.freeswitch.switch import CarrierProcess, Switch
from tests.runtime.lab import Lab


@pytest.fixture
def lab(freeswitch: Switch, fs_prompts: object, tmp_path: Path) -> Iterator[Lab]:
    with running_engine(freeswitch, tmp_path) as lab:
        yield lab


def test_one_key_is_one_however_it_is_said(lab: Lab) -> None:
    """Its end is said again after 250 ms, or lost but for one packet, or INFO says it too: never an 11, never lost."""
    endings = ("0045", "0047", "0048", "0011")
    numbers = [f"09123510{place}{ending}"[:7] + ending for place, ending in enumerate(endings)]
    campaign_id = lab.campaign(numbers, gateways=["lab"], vote_keys="12", optout=True)
    lab.finish(campaign_id, 60)
    found = {}
    for number, ending in zip(numbers, endings, strict=True):
        recipient = lab.recipient(campaign_id, "+98" + number[1:])
        attempt = next(one for one in lab.attempts(campaign_id) if one.recipient_id == recipient.id)
        digits = int("98" + number[1:])
        found[ending] = (attempt.vote, bool(read(lambda: do_not_call.find([1, 0], [digits]))))
    assert found == {
        "0045": ("1", False), "0047": ("1", False), "0048": ("1", False), "0011": ("", True),
    }  # fmt: skip


def test_keys_of_before_the_answer_are_no_votes_and_keys_that_mean_nothing_take_nothing_away(
    lab: Lab, carrier: CarrierProcess
) -> None:
    """Two ones in the early media, offered a vote and the opt-out, a vote alone, or nothing; and one in the first breath."""
    for rules in ({"vote_keys": "12", "optout": True}, {"vote_keys": "12"}, {}):
        campaign_id = lab.campaign(["09190770350", "09190770367", "09123540041"], gateways=["lab"], **rules)
        assert lab.finish(campaign_id, 60).delivered == 3
        pressed = lab.recipient(campaign_id, "+989123540041")
        found = {
            (one.recipient_id == pressed.id, one.vote or one.heard_ms) for one in lab.attempts(campaign_id)
        }
        assert found == {(False, 2040), (True, "1" if rules else 2040)}, rules
    assert not read(lambda: do_not_call.find([1, 0], [989190770350, 989190770367]))


def test_keys_come_by_the_payload_that_was_asked_for(lab: Lab) -> None:
    """Whatever number the carrier takes itself; by another one FreeSWITCH hears none, and what was heard stays true."""
    endings = {"0431": ("", 2040), "0432": ("1", None), "0433": ("", 2040)}
    for ending, (vote, heard_ms) in endings.items():
        campaign_id = lab.campaign([f"0919077{ending}"], gateways=["lab"], vote_keys="1", max_tries=1)
        lab.finish(campaign_id, 60)
        (attempt,) = lab.attempts(campaign_id)
        assert (attempt.vote, heard_ms or attempt.heard_ms) == (vote, attempt.heard_ms), ending


@pytest.mark.parametrize(
    ("number", "rules"),
    [("09123520051", {}), ("09123530051", {"vote_keys": "1"}), ("09123540051", {"optout": True})],
)
def test_what_was_said_to_a_line_on_hold_was_not_heard(
    lab: Lab, carrier: CarrierProcess, number: str, rules: dict[str, Any]
) -> None:
    """Also where the call waits for keys after the message, longer than it was held."""
    campaign_id = lab.campaign([number], gateways=["lab"], **rules)
    lab.finish(campaign_id, 60)
    (attempt,) = lab.attempts(campaign_id)
    arrived = carrier.wait_for_end("98" + number[1:])
    assert arrived["reinvited"] == 200
    # The switch counts the hold from its own answer to the INVITE.
    assert 400 <= attempt.heard_ms <= arrived["voice_ms"] + 100 < 1200
