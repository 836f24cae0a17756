"""Errors as problems of RFC 9457, in English and Persian."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Response, g
from flask_babel import refresh
from pydantic import BaseModel, Field, ValidationError

from engine.errors import AvanakError
from engine.sentences import Sentence
from engine.services.accounts.accounts import SendingRefused
from engine.services.accounts.idempotency import KeyUsed
from engine.services.accounts.quotas import QuotaUsed
from engine.services.accounts.token_use import TokenRefused
from engine.services.campaigns.codes import TooSoon
from engine.services.campaigns.start_checks import HourNotAllowed, NotApproved
from engine.services.compliance.caller_ids import CallerIdNotAllowed
from engine.services.compliance.traffic_caps import CapReached
from engine.services.money.ledger import NoCredit
from webui.i18n.sentences import said

URN = "urn:avanak:problem:"
MEDIA_TYPE = "application/problem+json"
# The code of each problem by the class of its error; the first match counts.  They never change.
WORDS: tuple[tuple[type[AvanakError], str], ...] = (
    (NoCredit, "no-credit"),
    (NotApproved, "message-not-approved"),
    (HourNotAllowed, "hour-not-allowed"),
    (CapReached, "cap-reached"),
    (CallerIdNotAllowed, "caller-id-not-allowed"),
    (QuotaUsed, "quota-used"),
    (KeyUsed, "idempotency-key-used"),
    (TooSoon, "too-many-requests"),
)
BY_STATUS = {
    400: "bad-input",
    401: "token-missing",
    403: "not-allowed",
    404: "not-found",
    405: "method-not-allowed",
    409: "conflict",
    411: "length-required",
    412: "changed-meanwhile",
    413: "too-large",
    415: "unsupported-media-type",
    429: "too-many-requests",
    503: "unavailable",
}
TITLES = {
    400: "Bad input", 401: "No token that works", 403: "Not allowed", 404: "Not found",
    405: "Method not allowed", 409: "Conflict", 412: "Changed meanwhile", 413: "Too large", 415: "Unsupported media type",
    429: "Too many requests", 503: "Unavailable",
}  # fmt: skip


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    field: str = Field(description="Path of the field, such as `recipients.0.number`.")
    detail: str
    detail_fa: str


class Problem(BaseModel):
    """Why a request was refused (RFC 9457)."""

    type: str = Field(description="A stable name, as `urn:avanak:problem:no-credit`.")
    title: str
    status: int
    detail: str = Field(description="One sentence in English.")
    detail_fa: str = Field(description="The same in Persian.")
    errors: list[FieldProblem] = Field(default_factory=list, description="The fields that are wrong.")
    error: str = Field(description="`detail` again, as the first version of the web service had it.")


def of_error(error: AvanakError) -> Response:
    """The answer to one of our own errors."""
    detail, detail_fa = both(error.sentence)
    return made(word_of(error), error.http_status, detail, detail_fa)


def word_of(error: AvanakError) -> str:
    """The code of an error's problem."""
    if isinstance(error, TokenRefused):
        return f"token-{error.refusal}"
    if isinstance(error, SendingRefused):
        return f"account-{error.refusal}"
    for kind, word in WORDS:
        if isinstance(error, kind):
            return word
    return BY_STATUS.get(error.http_status, "internal")


def of_status(status: int, detail: str, detail_fa: str) -> Response:
    """The answer to a request that the web server itself refuses."""
    return made(BY_STATUS.get(status, "internal"), status, detail, detail_fa)


def made(
    word: str, status: int, detail: str, detail_fa: str, errors: list[FieldProblem] | None = None
) -> Response:
    """Make a problem an answer."""
    problem = Problem(
        type=URN + word,
        title=TITLES.get(status, "Something went wrong here"),
        status=status,
        detail=detail,
        detail_fa=detail_fa,
        errors=errors or [],
        error=detail,
    )
    # Persian unescaped, for readers at a terminal; half a character that was sent comes back as «?».
    body = json.dumps(problem.model_dump(), ensure_ascii=False).encode("utf-8", "replace")
    answer = Response(body, status, mimetype=MEDIA_TYPE)
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


# -- fields ----------------------------------------------------------------------------------

_FIELD = Sentence("«%(field)s» cannot be read: %(why)s")
_REASONS: dict[str, Sentence] = {
    "missing": Sentence("It is missing."),
    "extra_forbidden": Sentence("There is no such field."),
    "message_or_text": Sentence("Either message_id or text is needed, and not both."),
    "model_type": Sentence("The body is no JSON object of at most eight levels."),
    "model_attributes_type": Sentence("The body is no JSON object of at most eight levels."),
    "dict_type": Sentence("It must be a JSON object."),
    "list_type": Sentence("It must be a list."),
    "string_type": Sentence("It must be a text."),
    "string_too_short": Sentence("It is too short: at least %(min_length)s characters."),
    "string_too_long": Sentence("It is too long: at most %(max_length)s characters."),
    "string_pattern_mismatch": Sentence("It is not written as it must be: %(pattern)s"),
    "too_short": Sentence("It has too few: at least %(min_length)s."),
    "too_long": Sentence("It has too many: at most %(max_length)s."),
    "int_type": Sentence("It must be a whole number."),
    "int_parsing": Sentence("It must be a whole number."),
    "int_from_float": Sentence("It must be a whole number."),
    "float_type": Sentence("It must be a number."),
    "float_parsing": Sentence("It must be a number."),
    "finite_number": Sentence("It must be a number."),
    "bool_type": Sentence("It must be true or false."),
    "bool_parsing": Sentence("It must be true or false."),
    "greater_than": Sentence("It must be greater than %(gt)s."),
    "greater_than_equal": Sentence("It must be at least %(ge)s."),
    "less_than_equal": Sentence("It must be at most %(le)s."),
    "enum": Sentence("It is none of: %(expected)s."),
    "literal_error": Sentence("It is none of: %(expected)s."),
    "datetime_type": Sentence("It must be an instant such as 2026-11-28T09:30:00+03:30."),
    "datetime_parsing": Sentence("It must be an instant such as 2026-11-28T09:30:00+03:30."),
    "datetime_from_date_parsing": Sentence("It must be an instant such as 2026-11-28T09:30:00+03:30."),
    "timezone_aware": Sentence("It must be an instant such as 2026-11-28T09:30:00+03:30."),
}
_OTHER = Sentence("It is not what it must be.")


def of_fields(error: ValidationError) -> Response:
    """The answer to a request whose fields are wrong."""
    errors = []
    for each in error.errors(include_url=False, include_input=False)[:20]:
        form = _REASONS.get(each["type"], _OTHER)
        values = {name: _listed(value) for name, value in each.get("ctx", {}).items() if name in form.id}
        detail, detail_fa = both(Sentence(form, **values))
        name = ".".join(map(str, each["loc"]))[:100] or "body"
        errors.append(FieldProblem(field=name, detail=detail, detail_fa=detail_fa))
    return _made_of(errors)


def of_body(sentence: Sentence) -> Response:
    """The answer to a request whose body is none that could have fields."""
    detail, detail_fa = both(sentence)
    return _made_of([FieldProblem(field="body", detail=detail, detail_fa=detail_fa)])


def of_media_type(given: str) -> Response:
    """The answer to a body of another media type than JSON."""
    sentence = Sentence(
        "The body must be JSON with the header «Content-Type: application/json», not %(given)s.",
        given=given[:60] or "—",
    )
    return made("unsupported-media-type", 415, *both(sentence))


def _made_of(errors: list[FieldProblem]) -> Response:
    first = errors[0]
    detail, detail_fa = both(Sentence(_FIELD, field=first.field, why=first.detail))
    return made("bad-input", 400, detail, detail_fa.replace(first.detail, first.detail_fa), errors)


def _listed(value: object) -> str:
    """A value of pydantic's, lists of words without its quotes and its English «or»."""
    return str(value).replace("' or '", "', '").replace("'", "")


# -- both languages ----------------------------------------------------------------------------


def both(sentence: Sentence) -> tuple[str, str]:
    """A sentence in English and in Persian."""
    with speaking("fa"):
        return str(sentence), said(sentence)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Use this language inside the block, whatever the person's language is."""
    g.spoken = language
    refresh()
    try:
        yield
    finally:
        g.pop("spoken", None)
        refresh()
