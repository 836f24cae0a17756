"""Encryption of secrets in the database that must be readable again; the key is not in the database.

A key is derived (HKDF, RFC 5869) from the installation's secret key for each purpose, so what was sealed for
one purpose does not open for another.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class SecretBox:
    """Seals with the first of its keys; each of them opens."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = [key for key in dict.fromkeys(keys) if key]
        if not self._keys:
            raise ValueError("a secret box without a key")

    def seal(self, text: str, purpose: str) -> str:
        """Seal a text: only who has the key and knows the purpose can open it."""
        return _fernet(purpose, self._keys[:1]).encrypt(text.encode()).decode("ascii")

    def unseal(self, sealed: str, purpose: str) -> str | None:
        """Open a sealed text; None when none of the keys opens it."""
        return _opened(sealed, purpose, self._keys)

    def sealed_anew(self, kept: str, purpose: str, is_plain: Callable[[str], bool]) -> str | None:
        """The value to store instead of `kept`, so that it is sealed with the first key.

        `kept` may be sealed with any key, or plain.  It is returned unchanged when the first key sealed it; None when it is
        sealed and no key opens it.
        """
        if _opened(kept, purpose, self._keys[:1]) is not None:
            return kept
        plain = kept if is_plain(kept) else self.unseal(kept, purpose)
        return None if plain is None else self.seal(plain, purpose)


def _opened(sealed: str, purpose: str, keys: Sequence[str]) -> str | None:
    try:
        return _fernet(purpose, keys).decrypt(sealed.encode()).decode()
    except InvalidToken:
        return None


def _fernet(purpose: str, keys: Sequence[str]) -> MultiFernet:
    return MultiFernet([Fernet(_derived(key, purpose)) for key in keys])


def _derived(key: str, purpose: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"avanak {purpose}".encode())
    return base64.urlsafe_b64encode(derived.derive(key.encode()))
