"""Secrets in the database that must be readable again: sealed with a key that does not lie in the database.

A key is derived (HKDF, RFC 5869) from the installation's secret key for each purpose, so what was sealed for
one purpose does not open for another.  `use` is called once in a process that serves people.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_keys: list[str] = []


def use(keys: Sequence[str]) -> None:
    """From now on the first key seals, and each of them opens."""
    _keys[:] = [key for key in dict.fromkeys(keys) if key]


def seal(text: str, purpose: str) -> str:
    """The text for nobody but who has the key and knows what it was sealed for."""
    return _box(purpose, _keys[:1]).encrypt(text.encode()).decode("ascii")


def unseal(sealed: str, purpose: str) -> str | None:
    """The text again; None when none of the keys opens it."""
    try:
        return _box(purpose, _keys).decrypt(sealed.encode()).decode()
    except InvalidToken:
        return None


def is_by_first_key(sealed: str, purpose: str) -> bool:
    """Whether the key that seals now has sealed it."""
    try:
        _box(purpose, _keys[:1]).decrypt(sealed.encode())
    except InvalidToken:
        return False
    return True


def _box(purpose: str, keys: Sequence[str]) -> MultiFernet:
    if not keys:
        raise RuntimeError("sealing.use was not called in this process")
    return MultiFernet([Fernet(_derived(key, purpose)) for key in keys])


def _derived(key: str, purpose: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"avanak {purpose}".encode())
    return base64.urlsafe_b64encode(derived.derive(key.encode()))
