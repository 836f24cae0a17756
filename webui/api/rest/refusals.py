"""The codes of the Avanak web service: numbers and words that existing programs compare with.

An error has a negative code and, if the answer has a `Status`, a word.  The contract defines the words of the codes that all
methods share; those of single methods are ours (docs/api/rest.md).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.errors import AvanakError, BadInput, NotAllowed, StoreUnavailable, SwitchUnavailable
from engine.services.accounts.accounts import Refusal, SendingRefused
from engine.services.accounts.token_use import TokenRefusal, TokenRefused
from engine.services.campaigns.start_checks import HourNotAllowed, NotApproved
from engine.services.compliance.traffic_caps import CapReached
from engine.services.money.ledger import NoCredit

SUCCESS = "Success"
WRONG_USER, NOT_VERIFIED, DISABLED, EXPIRED, BANNED = -1, -102, -103, -104, -105
NO_WEB_SERVICE, METHOD_NOT_ALLOWED, HTTP_NOT_ALLOWED = -106, -108, -109
NO_TOKEN, WRONG_TOKEN, TOKEN_DISABLED, TOKEN_EXPIRED, TOKEN_IP, TOKEN_METHOD = (
    -201, -202, -203, -204, -207, -208,
)  # fmt: skip
SYSTEM_DISABLED, SERVER_ERROR, UNKNOWN_ERROR = -300, -500, -20
# Of sending methods.
OFF, WRONG_NUMBER, NO_CREDIT, HOUR, WRONG_MESSAGE = -25, -2, -3, -6, -8
RECORD_LENGTH, NO_RECORDING = -71, -72
EMPTY_TEXT, NOT_SPOKEN, SPEECH_FAILED = -10, -7, -9  # of a text that is sent at once

WORDS: dict[int, str] = {
    WRONG_USER: "User_NotExists",
    NOT_VERIFIED: "User_MobileNotVerified",
    DISABLED: "User_Disabled",
    EXPIRED: "User_Expired",
    BANNED: "User_WebServiceBanned",
    NO_WEB_SERVICE: "User_NotAllowWebService",
    METHOD_NOT_ALLOWED: "User_NotAllowMethod",
    HTTP_NOT_ALLOWED: "User_NotAllowHttp",
    NO_TOKEN: "Token_NotExists",
    WRONG_TOKEN: "Token_Invalid",
    TOKEN_DISABLED: "Token_Disabled",
    TOKEN_EXPIRED: "Token_Expired",
    TOKEN_IP: "Token_NotAllowIP",
    TOKEN_METHOD: "Token_NotAllowMethod",
    SYSTEM_DISABLED: "System_Disabled",
    SERVER_ERROR: "ServerError",
    UNKNOWN_ERROR: "UnknownError",
    OFF: "Send_Disabled",
    WRONG_NUMBER: "Number_Invalid",
    NO_CREDIT: "Credit_NotEnough",
    HOUR: "Hour_NotAllowed",
    WRONG_MESSAGE: "Message_Invalid",
    RECORD_LENGTH: "Record_LengthNotAllowed",
    NO_RECORDING: "Record_NotAllowed",
    EMPTY_TEXT: "Text_Empty",
    NOT_SPOKEN: "Speech_NotAvailable",
    SPEECH_FAILED: "Speech_Failed",
}

_OF_TOKEN = {
    TokenRefusal.MISSING: NO_TOKEN,
    TokenRefusal.UNKNOWN: WRONG_TOKEN,
    TokenRefusal.REVOKED: TOKEN_DISABLED,
    TokenRefusal.EXPIRED: TOKEN_EXPIRED,
    TokenRefusal.PERSON: BANNED,
    TokenRefusal.GRANT: NO_WEB_SERVICE,
    TokenRefusal.ADDRESS: TOKEN_IP,
    TokenRefusal.METHOD: TOKEN_METHOD,
    TokenRefusal.SCOPE: TOKEN_METHOD,
}
_OF_STANDING = {
    Refusal.MOBILE: NOT_VERIFIED,
    Refusal.IDENTITY: NO_WEB_SERVICE,
    Refusal.UNPAID: EXPIRED,
    Refusal.SUSPENDED: DISABLED,
    Refusal.EXPIRED: EXPIRED,
    Refusal.KIND: METHOD_NOT_ALLOWED,
    Refusal.GRANT: NO_RECORDING,
}

# Classes of errors with their codes, or a function that finds the code; the first match counts.
Errors = tuple[tuple[type[Exception], "int | Callable[[Any], int]"], ...]
COMMON: Errors = (
    (NoCredit, NO_CREDIT),
    (HourNotAllowed, HOUR),
    (NotApproved, WRONG_MESSAGE),
    (CapReached, OFF),
    (StoreUnavailable, SYSTEM_DISABLED),
    (SwitchUnavailable, UNKNOWN_ERROR),
    (NotAllowed, METHOD_NOT_ALLOWED),
    (BadInput, UNKNOWN_ERROR),
    (AvanakError, SERVER_ERROR),
)


class Refused(Exception):
    """A method refuses the request, with a code of its contract."""

    def __init__(self, code: int, word: str = "") -> None:
        super().__init__(str(code))
        self.code = code
        self.word = word or WORDS.get(code, "Refused")


def code_of(error: Exception, own: Errors) -> int:
    """The code of an error; the method's `own` codes go before the shared ones."""
    if isinstance(error, Refused):
        return error.code
    if isinstance(error, TokenRefused):
        return _OF_TOKEN[error.refusal]
    if isinstance(error, SendingRefused):
        return _OF_STANDING[error.refusal]
    if isinstance(error, AvanakError) and error.http_status == 429:
        return UNKNOWN_ERROR  # a queue or a quota: the same request may work later
    found = next((code for kind, code in (*own, *COMMON) if isinstance(error, kind)), SERVER_ERROR)
    return found(error) if callable(found) else found
