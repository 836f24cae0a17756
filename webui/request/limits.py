"""Limits of requests: rate, size of bodies, number of fields; decided before a body is read.

1. Before the person is known: the rate of the IP address, in all and for this route.
2. The person (`access`).
3. The rate of the person's account, the size of a body for this route, the number of large bodies at once.
4. Only then a body is read: in pieces, with its fields counted before they are parsed.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from typing import IO, Any, TypeVar
from urllib.parse import parse_qsl

from flask import Blueprint, Flask, Request, current_app, g, request
from werkzeug.exceptions import RequestEntityTooLarge, TooManyRequests
from werkzeug.formparser import FormDataParser

from engine.clock import wall_ms
from engine.config import Settings
from engine.network import network_of
from engine.private_files import make_folder
from engine.services.accounts.documents import MAX_BYTES as DOCUMENT_BYTES
from engine.services.tickets.attachments import MAX_FILES
from webui.request import programs
from webui.request.bodies import BoundedJson
from webui.request.pace import Left, Pace, Rate

Route = TypeVar("Route")

OF_ADDRESS = Rate.of("6000 per minute")  # an office of a hundred people with live pages
OF_NOBODY = Rate.of("300 per minute")  # of an address, without a log-in
OF_ACCOUNT = Rate.of("3000 per minute")
OF_PROGRAMS_ADDRESS = Rate.of("60000 per minute")  # codes and alarms of a large firm, one by one
OF_PROGRAMS_ACCOUNT = Rate.of("18000 per minute")
SMALL_BYTES = 16_000  # of a form without a log-in
FORM_BYTES = 256_000
JSON_BYTES = 1_000_000
NUMBERS_BYTES = 4_000_000  # of numbers with commas between them: a quarter of a million
MOST_FIELDS = 500
LINES_BYTES = 64_000_000  # a hundred thousand lines of recipients
LARGE_BYTES = 1_000_000  # larger bodies are limited in number:
LARGE_AT_ONCE, LARGE_OF_ACCOUNT = 8, 2
LARGE_AGAIN_S = 10
IN_MEMORY_BYTES = 64_000  # of a file; larger files are on disk while they are read

Bytes = Callable[[Settings], int]


def _uploads(count: int) -> Bytes:
    return lambda settings: count * settings.max_upload_mb * 1_000_000


def _attachments(settings: Settings) -> int:
    return MAX_FILES * settings.attachment_max_mb * 1_000_000


def _documents(count: int) -> Bytes:
    return lambda settings: count * DOCUMENT_BYTES


# Routes that accept files, all after a log-in: bytes in addition to FORM_BYTES.
FILES: dict[str, Bytes] = {
    "new_campaign.form": _uploads(1),
    "new_list.replace": _uploads(1),
    "new_message.upload": _uploads(1),
    "list_imports.add": _uploads(1),
    "consent.import_": _uploads(1),
    "gallery.upload": _uploads(1),
    "line_prompts.change": _uploads(1),
    "registration.identify": _documents(5),
    "balance.receipt": _documents(1),
    "tickets.new": _attachments,
    "tickets.reply": _attachments,
    "api.upload_message": _uploads(1),
    "api.add_recipients_in_bulk": lambda _: LINES_BYTES,
    "api.add_contacts_in_bulk": lambda _: LINES_BYTES,
    "api.send_in_bulk": lambda _: LINES_BYTES,
    "api.tickets_open": _attachments,
    "api.tickets_reply": _attachments,
    "rest.uploadmessagebase64": lambda settings: settings.max_upload_mb * 1_400_000,  # as Base64
    "rest.createcampaign": lambda settings: NUMBERS_BYTES,
}


class Limiter:
    """Sets the rates of routes and blueprints for each address and account."""

    def __init__(self) -> None:
        self.enabled = True  # tests that request every page at once switch it off
        self._of_blueprint: dict[str, list[tuple[Rate, frozenset[str]]]] = {}

    def limit(self, text: str, methods: Iterable[str] = ()) -> Callable[[Route], Route]:
        """Allow ``20 per minute`` for these methods (empty: for all)."""
        rule = (Rate.of(text), frozenset(methods))

        def mark(route: Route) -> Route:
            if isinstance(route, Blueprint):
                self._of_blueprint.setdefault(route.name, []).append(rule)
            else:
                route.rates = [*getattr(route, "rates", []), rule]  # type: ignore[attr-defined]
            return route

        return mark

    def exempt(self, route: Route) -> Route:
        """Do not count requests of this route: they authenticate with a secret, or only ask whether the process serves."""
        route.is_uncounted = True  # type: ignore[attr-defined]
        return route

    def rules(self) -> list[tuple[str, Rate]]:
        """The counters of the present request, as (name, rate)."""
        view = current_app.view_functions.get(request.endpoint or "")
        found = [*getattr(view, "rates", []), *self._of_blueprint.get(request.blueprint or "", [])]
        return [
            (f"{request.endpoint}/{rate.count}/{rate.span_ms}", rate)
            for rate, methods in found
            if not methods or request.method in methods
        ]

    def is_exempt(self) -> bool:
        view = current_app.view_functions.get(request.endpoint or "")
        return request.endpoint == "static" or getattr(view, "is_uncounted", False)


limiter = Limiter()


class _Limits:
    """The state of the limits; one for each process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.pace = Pace(settings.data_dir)
        self.large: Counter[int] = Counter()  # bodies that are being received, by account (0: staff)
        self.folder = settings.data_dir / "tmp"

    def count(self, key: str, rate: Rate) -> None:
        """Count a request.  Raises TooManyRequests, which says when to try again."""
        wait_ms = self.pace.take(key, rate, wall_ms()) if limiter.enabled else 0
        if wait_ms:
            raise TooManyRequests(retry_after=-(-wait_ms // 1000))


def init_first(app: Flask, settings: Settings) -> None:
    """Register the checks that come before everything else."""
    limits = app.extensions["avanak_limits"] = _Limits(settings)
    make_folder(limits.folder)
    app.request_class = BoundedRequest
    app.json = BoundedJson(app)
    app.before_request(_of_address)
    app.teardown_request(_end)


def init_after_access(app: Flask) -> None:
    """Register the checks that come when the person is known."""
    app.before_request(_of_browser)


def _limits() -> _Limits:
    found: _Limits = current_app.extensions["avanak_limits"]
    return found


def _of_address() -> None:
    request.max_content_length = SMALL_BYTES
    request.max_form_memory_size = FORM_BYTES
    request.max_form_parts = MOST_FIELDS
    if limiter.is_exempt():
        return
    address = network_of(request.remote_addr)
    rate = OF_PROGRAMS_ADDRESS if request.blueprint in programs.BLUEPRINTS else OF_ADDRESS
    _limits().count(f"a/{address}" if rate is OF_ADDRESS else f"ap/{address}", rate)
    for name, rate in limiter.rules():
        _limits().count(f"{name}/a/{address}", rate)


def _of_browser() -> None:
    if request.blueprint not in programs.BLUEPRINTS:  # programs are identified later, by their token
        of_person()


def of_person() -> None:
    """Count the request for the account, and set the largest size of the body."""
    limits, person = _limits(), g.get("person")
    if person is None:
        if not limiter.is_exempt():
            limits.count(f"n/{network_of(request.remote_addr)}", OF_NOBODY)
    else:
        whose = f"p/{person.id}" if person.account_id is None else f"c/{person.account_id}"
        if "caller" in g:
            limits.count(f"t/{person.account_id}", OF_PROGRAMS_ACCOUNT)
        else:
            limits.count(whose, OF_ACCOUNT)
        for name, rate in limiter.rules():
            limits.count(f"{name}/{whose}", rate)
    _bound_body(limits, person)


def left_of_account() -> Left | None:
    """The rest of the allowance of the program's account; None while the account is unknown."""
    person = g.get("person")
    if person is None or "caller" not in g:
        return None
    return _limits().pace.left(f"t/{person.account_id}", OF_PROGRAMS_ACCOUNT, wall_ms())


def _bound_body(limits: _Limits, person: Any) -> None:
    request.max_content_length = bytes_of(request.endpoint or "", person is not None, limits.settings)
    size = request.content_length or 0
    if size > request.max_content_length:
        raise RequestEntityTooLarge
    if size <= LARGE_BYTES or person is None:
        return
    account = person.account_id or 0
    if limits.large.total() >= LARGE_AT_ONCE or limits.large[account] >= LARGE_OF_ACCOUNT:
        raise TooManyRequests(retry_after=LARGE_AGAIN_S)
    limits.large[account] += 1
    g.large_of = account


def bytes_of(endpoint: str, is_known: bool, settings: Settings) -> int:
    """The largest body of a route, in bytes, with or without a log-in."""
    if endpoint.startswith("switch_records."):
        return FORM_BYTES + FORM_BYTES  # it checks its password and the length itself
    if endpoint == "text_receipts.take":
        return FORM_BYTES  # the same
    if not is_known:
        return SMALL_BYTES
    if endpoint in FILES:
        return FORM_BYTES + FILES[endpoint](settings)
    return JSON_BYTES if endpoint.startswith("api.") else FORM_BYTES


def _end(_error: BaseException | None) -> None:
    account = g.pop("large_of", None)
    if account is not None:
        large = _limits().large
        large[account] -= 1
        if not large[account]:
            del large[account]


class _Parser(FormDataParser):
    """Counts the fields of a form before it parses them."""

    def _parse_urlencoded(
        self, stream: IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str]
    ) -> Any:
        text = stream.read()
        if text.count(b"&") >= MOST_FIELDS:
            raise RequestEntityTooLarge
        items = parse_qsl(text.decode(), keep_blank_values=True, errors="werkzeug.url_quote")
        return stream, self.cls(items), self.cls()


class BoundedRequest(Request):
    """A request whose body is limited by its route."""

    form_data_parser_class = _Parser

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        """The temporary file of an upload; it has no name, so that it disappears with the process."""
        made: Any = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES, dir=str(_limits().folder))  # noqa: SIM115 - the parser closes it
        return made  # type: ignore[no-any-return]
