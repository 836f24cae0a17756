"""How a gateway's carrier wants numbers to be dialled: the form of the number, and digits in front of it.  Pure."""

from __future__ import annotations

from engine.errors import BadInput

# With the number 02188776655 as example: 982188776655, +982188776655, 00982188776655, 02188776655.
FORMATS = ("98", "+98", "0098", "0")
DEFAULT = "98"
MAX_PREFIX = 10  # digits


def check(number_format: str, prefix: str) -> None:
    """Raise BadInput for a format that is none of `FORMATS`, or a prefix that cannot stand in front of it."""
    if number_format not in FORMATS:
        raise BadInput(
            "The form of numbers is one of %(known)s, not %(given)s.",
            known=", ".join(FORMATS),
            given=number_format,
        )
    if prefix and not (prefix.isascii() and prefix.isdigit() and len(prefix) <= MAX_PREFIX):
        raise BadInput(
            "What is dialled in front of numbers is at most %(most)s digits, not '%(given)s'.",
            most=MAX_PREFIX,
            given=prefix,
        )
    if prefix and number_format.startswith("+"):
        raise BadInput("Nothing can be dialled in front of a number that begins with +.")


def dialled(digits: str, number_format: str = DEFAULT, prefix: str = "") -> str:
    """What is dialled for a number (E.164 without its plus): digits, perhaps behind one plus.

    Numbers abroad begin with their country's code, behind 00 where Iran's begin with 0 or 0098.
    """
    if number_format == DEFAULT:
        return prefix + digits
    if number_format == "+98":
        return "+" + digits
    if number_format == "0" and digits.startswith("98"):
        return f"{prefix}0{digits[2:]}"
    return f"{prefix}00{digits}"
