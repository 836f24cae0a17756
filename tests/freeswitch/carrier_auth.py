"""Who may register and call by the carrier: digest authentication (RFC 2617, 3261).  No sockets here."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, field

from tests.freeswitch.carrier_sip import Message

REALM = "carrier.test"
CHALLENGE = ('Proxy-Authenticate: Digest realm="carrier", nonce="1"',)  # that nobody here can answer
_WORD = re.compile(r'(\w+)=(?:"([^"]*)"|([^,\s]+))')


@dataclass
class Gate:
    """One account of the carrier; with an empty user name everybody is let in.

    ``check`` gives the refusal, status and header lines, of a request; None lets it in.
    """

    user: str
    password: str
    nonces: set[str] = field(default_factory=set)

    def check(self, request: Message) -> tuple[int, tuple[str, ...]] | None:
        """401 (REGISTER) or 407 (INVITE) with a challenge without a proof, 403 for a wrong one."""
        if not self.user:
            return None
        is_registration = request.method == "REGISTER"
        given = request.get("authorization" if is_registration else "proxy-authorization")
        words = {name: quoted or plain for name, quoted, plain in _WORD.findall(given)}
        if words.get("nonce") not in self.nonces:
            nonce = secrets.token_hex(8)
            self.nonces.add(nonce)
            status, name = (401, "WWW-Authenticate") if is_registration else (407, "Proxy-Authenticate")
            challenge = f'{name}: Digest realm="{REALM}", nonce="{nonce}", algorithm=MD5, qop="auth"'
            return status, (challenge,)
        is_right = words.get("username") == self.user and words.get("response") == self._proof(request, words)
        return None if is_right else (403, ())

    def _proof(self, request: Message, words: dict[str, str]) -> str:
        who = _md5(f"{self.user}:{REALM}:{self.password}")
        what = _md5(f"{request.method}:{words.get('uri', '')}")
        middle = ":".join(words.get(name, "") for name in ("nonce", "nc", "cnonce", "qop"))
        return _md5(f"{who}:{middle}:{what}")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()
