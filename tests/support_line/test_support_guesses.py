"""Who guesses passwords of telephones is refused for a growing time; nobody else is."""

from __future__ import annotations

import pytest

from engine.errors import AvanakError
from engine.esl import support_line as commands
from engine.support_line.guesses import (
    LONGEST_S,
    MOST,
    MOST_REFUSED,
    REMEMBERED_S,
    Guesses,
    refusable_network,
)


def guess(guesses: Guesses, address: str, now_m: float, count: int = MOST) -> list[int]:
    found = [guesses.wrong(address, now_m + n) for n in range(count)]
    return [each.seconds for each in found if each is not None]


def test_the_tenth_within_a_minute_is_refused_and_each_time_for_longer() -> None:
    guesses, now_m, waits = Guesses(), 0.0, []
    for _ in range(8):
        (seconds,) = guess(guesses, "203.0.113.7", now_m)
        waits.append(seconds)
        assert guess(guesses, "203.0.113.7", now_m + MOST, 40) == []  # refused ones are not counted
        assert guesses.refused(now_m + MOST + 1) == ["203.0.113.7/32"]
        now_m += MOST + seconds
        assert guesses.refused(now_m) == []
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, LONGEST_S]
    assert guess(guesses, "203.0.113.7", now_m + REMEMBERED_S + 1) == [60]


def test_a_telephone_with_an_old_password_is_not_refused() -> None:
    guesses = Guesses()
    assert [guesses.wrong("203.0.113.7", 30.0 * n) for n in range(200)] == [None] * 200


def test_many_addresses_do_not_grow_without_end() -> None:
    guesses = Guesses()
    for n in range(3000):
        guess(guesses, f"10.1.{n // 250}.{n % 250}", 100.0, MOST if n % 10 == 0 else 1)
    refused = guesses.refused(105.0)
    assert len(refused) == MOST_REFUSED
    frames = commands.refuse(refused)
    assert len(frames) == 5
    assert max(map(len, frames)) < 900


@pytest.mark.parametrize(
    ("address", "network"),
    [("203.0.113.7", "203.0.113.7/32"), ("2001:db8::5", "2001:db8::/64"), ("::ffff:203.0.113.7", "203.0.113.7/32"),
     ("", ""), ("x'\n", ""), ("1.2.3.4/0", ""), ("0.0.0.0/0", "")],
)  # fmt: skip
def test_an_address_is_a_network_or_nothing(address: str, network: str) -> None:
    assert refusable_network(address) == network


def test_nothing_but_networks_reaches_the_switch() -> None:
    with pytest.raises(AvanakError):
        commands.refuse(["1.2.3.4/32\n\napi shutdown"])
