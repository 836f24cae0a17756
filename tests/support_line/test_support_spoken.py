"""Numbers by their clips, as a Persian and an English caller hear them."""

from __future__ import annotations

import pytest

from engine.services.messages.template import spoken
from engine.services.support_line import voice_prompts
from engine.services.support_line.expectation import Expectation
from engine.support_line.spoken import Clips, number


def test_persian_numbers_are_said_as_they_are_written_in_words() -> None:
    texts = voice_prompts.manifest()["fa"]
    for value in range(10_000):
        said = " ".join(spoken(texts[name]) for name in number("fa", value))
        assert said == spoken(str(value)), value


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (0, ["n_0"]),
        (121, ["n_100", "n_20", "n_1"]),
        (1000, ["n_1", "thousand"]),
        (2019, ["n_2", "thousand", "n_19"]),
        (9999, ["n_9", "thousand", "n_900", "n_90", "n_9"]),
    ],
)
def test_english_numbers(value: int, names: list[str]) -> None:
    assert number("en", value) == names
    assert set(names) <= voice_prompts.manifest()["en"].keys()


def test_a_place_above_a_hundred_is_the_true_one() -> None:
    said = Clips("/p").place("fa", Expectation(137, None))
    assert [part.rsplit("/", 1)[1] for part in said.split("!")] == [
        "place.wav", "n_100.wav", "and.wav", "n_30.wav", "and.wav", "n_7.wav",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="0 to 9999"):
        number("fa", 10_000)
