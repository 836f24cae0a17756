"""What the tests' carrier knows of a call."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field

from tests.freeswitch import carrier_rtp
from tests.freeswitch.carrier_endings import Ending
from tests.freeswitch.carrier_sip import Message, Offer
from tests.freeswitch.carrier_srtp import Srtp
from tests.freeswitch.carrier_wire import Peer


@dataclass(slots=True)
class Call:
    """One call, from its INVITE until the last message was acknowledged."""

    invite: Message
    peer: Peer
    ending: Ending
    number: str
    tag: str
    at: float
    offer: Offer | None = None
    rtp: socket.socket | None = None
    voice: carrier_rtp.Voice = field(default_factory=carrier_rtp.Voice)
    last_answer: bytes = b""
    final: int = 0
    acknowledged: bool = False
    over: str = ""
    answered_at: float | None = None
    during: str = ""
    after: str = ""
    keys: int = 0
    codec: str = ""
    sealed: Srtp | None = None  # what we send
    opened: Srtp | None = None  # what we hear
    inline: str = ""
    said: int = 0  # CSeq of our requests
    reinvited: int = 0  # the last answer to an INVITE of ours
    has_spoken: bool = False  # in the early media
    deaf_acks: int = 0  # ACKs that were lost
    wants_offer: bool = False  # an INVITE of ours had none

    @property
    def known_offer(self) -> Offer:
        """The offer of a call that had one."""
        assert self.offer is not None
        return self.offer
