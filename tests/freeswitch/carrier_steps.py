"""What a callee who follows a script can do: answers and requests, written as some carrier writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from tests.freeswitch import carrier_sip
from tests.freeswitch.carrier_sip import Message, Offer


@dataclass(frozen=True, slots=True)
class Step:
    """One answer, or with status 0 a request (`method`), `at_ms` after the INVITE.

    `sdp`: empty for none, else how it is written (`body`).  `tag` is added to the tag of the call.  `edits` are patterns
    and what stands in their place in the whole message, `sdp_edits` the same in its body before it is counted.  {host},
    {port} and {rtp} are the carrier's.
    """

    at_ms: int
    status: int
    sdp: str = ""
    extra: tuple[str, ...] = ()
    tag: str = ""
    branch: str = ""  # instead of the INVITE's
    raw: bytes = b""  # instead of all
    contact: bool = True
    method: str = "BYE"
    edits: tuple[tuple[str, str], ...] = ()
    sdp_edits: tuple[tuple[str, str], ...] = ()
    is_lost: bool = False  # on its way; it comes when it is sent again
    by_tcp: bool = False  # what was asked by UDP


@dataclass(frozen=True, slots=True)
class Script:
    """All that one callee does; `on_cancel` instead of 200 and 487: ``answers``, ``refuses``, ``is_busy`` (486),
    ``is_late`` (487, and a 200 behind it) or ``is_silent``.  `on_bye` instead of 200: ``refuses`` (481), ``challenges`` (407),
    ``fails`` (500) or ``is_silent``.  `on_invite` is the answer to our later INVITEs.

    `early` are keys that are pressed in the early media, behind a voice of `early_voice_ms`; `voice` is what it says after
    the answer (carrier_rtp.spoken).  So many ACKs (`deaf_acks`) get lost.  Its own ACK of an INVITE without an offer holds
    no answer with `has_no_answer`.
    """

    steps: tuple[Step, ...] = field(default=())
    on_cancel: str = ""
    on_bye: str = ""
    on_invite: int = 200
    voice: str = ""
    early: str = ""
    early_voice_ms: int = 0
    deaf_acks: int = 0
    has_no_answer: bool = False


def then(*steps: Step, **how: Any) -> Script:
    """A script that begins with 100."""
    return Script((Step(0, 100), *steps), **how)


RINGS = Step(50, 180)
ANSWERS = Step(300, 200, "plain")
LATER = ("Retry-After: 3600 (maintenance);duration=60",)


def q850(cause: object) -> tuple[str, ...]:
    """A header that gives the reason as a cause of the telephone network."""
    return (f'Reason: Q.850;cause={cause};text="x"',)


def answer(**how: Any) -> Script:
    """Rings and answers in one shape."""
    return then(RINGS, Step(300, 200, "plain", **how))


def sdp_of(*edits: tuple[str, str]) -> Script:
    """Rings and answers with its SDP edited."""
    return answer(sdp_edits=edits)


def contact_of(text: str) -> Script:
    """Rings and answers with this Contact."""
    return answer(edits=(("^Contact: .*(?=\r)", f"Contact: {text}"),))


def message(
    step: Step, invite: Message, tag: str, offer: Offer, here: tuple[str, int], rtp_port: int
) -> bytes:
    """The bytes of an answer; `here` is the carrier's address."""
    if step.raw:
        return step.raw
    if step.branch:
        headers = [
            (name, f"{value.partition(';branch=')[0]};branch={step.branch}" if name == "via" else value)
            for name, value in invite.headers
        ]
        invite = Message(invite.start, headers, invite.body)
    contact = (f"Contact: <sip:carrier@{here[0]}:{here[1]}>",) if step.status > 100 and step.contact else ()
    names = {"host": here[0], "port": str(here[1]), "rtp": str(rtp_port)}
    sdp = edited(body(step.sdp, offer, here[0], rtp_port), step.sdp_edits, names) if step.sdp else ""
    extra = tuple(edited(line, (), names) for line in step.extra)
    data = carrier_sip.answer(invite, step.status, tag + step.tag, (*contact, *extra), sdp)
    return edited(data.decode(), step.edits, names).encode()


def with_lines(data: bytes, extra: tuple[str, ...], here: tuple[str, int]) -> bytes:
    """A request with more header lines."""
    lines = "".join(f"{line}\r\n" for line in extra)
    named = edited(lines, (), {"host": here[0], "port": str(here[1])})
    return data.replace(b"Content-Length", named.encode() + b"Content-Length", 1)


def edited(text: str, edits: tuple[tuple[str, str], ...], names: dict[str, str]) -> str:
    """The text with each pattern replaced; then each `{name}` by what it stands for."""
    for pattern, place in edits:
        text = re.sub(pattern, lambda _, place=place: place, text, flags=re.M)  # type: ignore[misc]
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def body(kind: str, offer: Offer, host: str, port: int) -> str:
    """An SDP as some carrier writes it."""
    plain = carrier_sip.write_answer(offer, host, port)
    head, mark, audio = plain.partition("m=audio")
    video = "m=video {} RTP/AVP 99\r\na=rtpmap:99 H264/90000\r\n"
    return {
        "plain": plain,
        "sendonly": plain.replace("a=sendrecv", "a=sendonly"),
        "inactive": plain.replace("a=sendrecv", "a=inactive"),
        "zero": plain.replace(f"c=IN IP4 {host}", "c=IN IP4 0.0.0.0"),
        "with_video": plain + video.format(0),
        "video": head + mark + audio.replace(f" {port} ", " 0 ", 1) + video.format(port),
        "fax": head + f"m=image {port} udptl t38\r\na=T38FaxVersion:0\r\n",
        "other_payload": plain.replace(f" {offer.key_payload}\r\n", " 96\r\n").replace(
            f":{offer.key_payload} ", ":96 "
        ),
        "odd_lines": plain.replace("s=-", "s= ").replace(
            "t=0 0", "b=AS:64\r\nt=0 0\r\na=x-odd:\r\na=candidate:1 1 x"
        ),
    }[kind]
