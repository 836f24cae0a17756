"""Pre-flight: counts with reasons, and until when, with the limit that binds."""

from __future__ import annotations

import io
import json
from collections.abc import Collection

import pytest

from engine.clock import TEHRAN
from engine.errors import BadInput
from engine.services.campaigns.estimate import Limits
from engine.services.campaigns.preflight import (
    BINDINGS,
    Ground,
    Preflight,
    count_list,
    estimate_end,
    limits_of_switches,
)
from engine.services.campaigns.rules import CampaignRules
from engine.services.lists.reader import open_list
from engine.services.numbering.reasons import Reason
from engine.services.outbox.wording import in_persian
from engine.store.tables.core import Gateway, Switch

NOW = 1_700_000_000_000  # 2023-11-15 01:43 in Tehran
MESSY = (
    "number,نام\n09123456789,علی\n02122334455,سارا\n+98 (0)912 345 6789,علی\n12,x\nabc,y\n"
    "0912000000,z\n00442071234567,w\n"
)


def run(
    text: str = MESSY,
    *,
    gateways: tuple[Gateway, ...] = (Gateway(name="lab", cps=10, channels=100),),
    switch_limits: Limits | None = None,
    **rules: object,
) -> Preflight:
    with open_list(io.BytesIO(text.encode()), filename="list.csv") as reader:
        found = count_list(reader)
    estimate_end(
        found, CampaignRules(name="x", **rules), 10_000, Ground(gateways, switch_limits), NOW, TEHRAN
    )  # type: ignore[arg-type]
    return found


def many(count: int) -> str:
    return "number\n" + "\n".join(f"0912{1_000_000 + n:07d}" for n in range(count))


def test_counts_reasons_and_examples() -> None:
    found = run()
    assert (found.valid, found.mobiles, found.duplicates, found.refused_total) == (2, 1, 1, 4)
    assert found.total == 7
    assert found.refused[Reason.ABROAD] == 1
    twice = next(example for example in found.examples if example.reason is Reason.DUPLICATE)
    assert (twice.line, twice.first_line, twice.raw) == (4, 2, "+98 (0)912 345 6789")
    assert found.columns == ["نام"]
    assert found.number_column == "number"


def test_numbers_on_a_do_not_call_list_are_set_aside() -> None:
    text = "09123456789 09123456780\n09123456781 09123456782\n"  # several in a line
    asked: list[set[int]] = []

    def listed(numbers: Collection[int]) -> set[int]:
        asked.append(set(numbers))
        return {989123456780}

    with open_list(io.BytesIO(text.replace(" ", ",").encode()), filename="list.csv") as reader:
        found = count_list(reader, listed)
    assert (found.valid, found.refused[Reason.DO_NOT_CALL]) == (3, 1)
    assert len(asked[0]) == 4


def test_it_survives_being_kept_as_json() -> None:
    found = run()
    assert Preflight.of_dict(json.loads(json.dumps(found.as_dict()))) == found


def test_at_most_three_examples_of_a_reason() -> None:
    found = run("number\n09123456789\n" + "abc\n" * 10)
    assert found.refused[Reason.NOT_A_NUMBER] == 10
    assert len(found.examples) == 3


def test_a_list_without_a_number_is_refused() -> None:
    with pytest.raises(BadInput, match="No number"):
        run("number\nabc\n12\n")


def test_gateways_bind_by_rate_then_by_channels() -> None:
    by_rate = run(many(1_000), gateways=(Gateway(name="lab", cps=2, channels=1_000),))
    assert by_rate.binding == "cps"
    assert by_rate.ends_at is not None
    # 1,000 calls at 2 a second, one call's length more.
    assert 500 <= (by_rate.ends_at - NOW) / 1000 <= 530
    assert run(many(1_000), gateways=(Gateway(name="lab", cps=100, channels=5),)).binding == "channels"


def test_the_switch_and_own_limits_bind() -> None:
    gateways = (Gateway(name="lab", cps=100, channels=5_000),)
    assert run(many(100), gateways=gateways, switch_limits=Limits(26, 900)).binding == "switch_cps"
    assert run(many(100), gateways=gateways, switch_limits=Limits(26, 900), cps=1.0).binding == "own_cps"
    assert run(many(100), gateways=gateways, channels=2).binding == "own_channels"


def test_no_usable_gateway_has_no_end() -> None:
    drained = Gateway(name="lab", cps=10, channels=100, is_draining=True)
    found = run(gateways=(drained,))
    assert (found.ends_at, found.binding) == (None, "no_gateway")


def test_a_closed_window_is_named() -> None:
    found = run(many(10), windows="09:30-14:00")
    assert found.binding == "window"
    assert found.ends_at is not None
    assert found.ends_at - NOW > 7 * 3_600_000


def test_every_binding_has_words_in_both_languages() -> None:
    assert all(in_persian(said) != str(said) for said in BINDINGS.values())


def test_switches_that_are_down_carry_nothing() -> None:
    up = Switch(name="a", state="up", sessions_per_second=31, max_sessions=1_001)
    down = Switch(name="b", state="down", sessions_per_second=31, max_sessions=1_001)
    assert limits_of_switches([up, down], 0.1) == Limits(27, 900)
    assert limits_of_switches([down], 0.1) is None
