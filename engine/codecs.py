"""The codecs that a trunk may speak, in the order in which they are offered, and how its voice is carried.

Messages are stored in PCMA and PCMU, so that neither needs transcoding.  Other codecs are passed through: they are
offered only for a message that is stored in that codec and asks for no keys and no recording, because the switch can
neither encode nor decode them.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable

from engine.errors import BadInput

KEPT = ("PCMA", "PCMU")
PASSED = ("G729",)
KNOWN = (*KEPT, *PASSED)
TRANSPORTS = ("udp", "tcp", "tls")
SRTP = ("none", "optional", "mandatory")
# Where voice is sent: to the address in the SDP, or to where the other side's voice comes from.
VOICE_TO = ("sdp", "source")


def read(text: str) -> tuple[str, ...]:
    """Parse a list of codecs (commas, colons or blanks); BadInput for an unknown or repeated one, or if neither PCMA nor PCMU
    is among them.
    """
    found = tuple(word.upper() for word in re.split(r"[\s,:]+", text.strip()))
    if len(set(found)) != len(found) or not set(found) <= set(KNOWN) or not set(found) & set(KEPT):
        raise BadInput(
            "Codecs are some of %(known)s in their order, as in PCMA,PCMU, with PCMA or PCMU among them; "
            "not '%(given)s'.",
            known=", ".join(KNOWN),
            given=text,
        )
    return found


def offered(codecs: Iterable[str], kept: Container[str], has_keys: bool) -> tuple[str, ...]:
    """Which of a trunk's codecs are offered; `kept` are the passed-through ones that the message is stored in."""
    return tuple(codec for codec in codecs if codec in KEPT or (codec in kept and not has_keys))


def preferences(codecs: Iterable[str], ptime_ms: int, separator: str = ",") -> str:
    """In FreeSWITCH's form: ``PCMA@8000h@20i,PCMU@8000h@20i``; another separator than the comma is named in front."""
    all_of_them = [f"{codec}@8000h@{ptime_ms}i" for codec in codecs]
    front = f"^^{separator}" if separator != "," and len(all_of_them) > 1 else ""
    return front + separator.join(all_of_them)
