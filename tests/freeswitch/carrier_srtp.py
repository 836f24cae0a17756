"""SRTP as a carrier needs it (RFC 3711, 4568): AES_CM_128_HMAC_SHA1_80, by the libcrypto that Python itself uses."""

from __future__ import annotations

import base64
import ctypes
import ctypes.util
import hashlib
import hmac
import secrets
import struct

SUITE = "AES_CM_128_HMAC_SHA1_80"
_TAG = 10
_CRYPTO = ctypes.CDLL(ctypes.util.find_library("crypto"))
for _name in ("EVP_CIPHER_CTX_new", "EVP_aes_128_ctr"):
    getattr(_CRYPTO, _name).restype = ctypes.c_void_p
_CRYPTO.EVP_EncryptInit_ex.argtypes = [ctypes.c_void_p] * 3 + [ctypes.c_char_p] * 2
_CRYPTO.EVP_EncryptUpdate.argtypes = [
    ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_int), ctypes.c_char_p, ctypes.c_int,
]  # fmt: skip
_CRYPTO.EVP_CIPHER_CTX_free.argtypes = [ctypes.c_void_p]


def _counter_mode(key: bytes, start: int, data: bytes) -> bytes:
    context = _CRYPTO.EVP_CIPHER_CTX_new()
    try:
        _CRYPTO.EVP_EncryptInit_ex(context, _CRYPTO.EVP_aes_128_ctr(), None, key, start.to_bytes(16, "big"))
        out, length = ctypes.create_string_buffer(len(data) + 16), ctypes.c_int()
        _CRYPTO.EVP_EncryptUpdate(context, out, ctypes.byref(length), data, len(data))
        return out.raw[: length.value]
    finally:
        _CRYPTO.EVP_CIPHER_CTX_free(context)


class Srtp:
    """One direction of a call; `key` is the 30 bytes of ``inline:``."""

    def __init__(self, key: bytes) -> None:
        master, self.salt = key[:16], int.from_bytes(key[16:30], "big")

        def derive(label: int, length: int) -> bytes:
            return _counter_mode(master, (self.salt ^ label << 48) << 16, bytes(length))

        self._key, self._mac, salt = derive(0, 16), derive(1, 20), derive(2, 14)
        self._salt = int.from_bytes(salt, "big")
        self._rollover = 0
        self._last: int | None = None

    @classmethod
    def of_inline(cls, text: str) -> Srtp:
        """Of ``inline:KEY``, with what may follow the key."""
        return cls(base64.b64decode(text.removeprefix("inline:").partition("|")[0]))

    def open(self, packet: bytes) -> bytes:
        """The RTP packet; empty for one that is not authentic."""
        body, tag = packet[:-_TAG], packet[-_TAG:]
        (sequence,) = struct.unpack_from("!H", packet, 2)
        if self._last is not None and sequence < 1000 and self._last > 64_000:
            self._rollover += 1
        self._last = sequence
        if not hmac.compare_digest(self._tag(body), tag):
            return b""
        return body[:12] + self._crypt(body)

    def seal(self, packet: bytes) -> bytes:
        """An RTP packet as it is sent."""
        body = packet[:12] + self._crypt(packet)
        return body + self._tag(body)

    def _tag(self, body: bytes) -> bytes:
        return hmac.new(self._mac, body + struct.pack("!I", self._rollover), hashlib.sha1).digest()[:_TAG]

    def _crypt(self, packet: bytes) -> bytes:
        sequence, _, ssrc = struct.unpack_from("!HII", packet, 2)
        index = self._rollover << 16 | sequence
        return _counter_mode(self._key, (self._salt << 16) ^ (ssrc << 64) ^ (index << 16), packet[12:])


def new_inline() -> str:
    """A key of our own for the answer."""
    return "inline:" + base64.b64encode(secrets.token_bytes(30)).decode()
