"""The person of a request and their rights, looked up before each request."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, redirect, request, session, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from engine.clock import wall_ms
from engine.errors import NotAllowed
from engine.services.accounts import permissions, second_factor, sessions
from engine.services.accounts.people import User
from engine.services.accounts.sessions import Lifetime
from engine.store.threads import read, write
from webui.request.context import web
from webui.request.programs import is_program

KEPT_MARK = "#kept"  # marks an address whose page restores typed input (static/forms.js)

_OPEN_ENDPOINTS = frozenset(
    {
        "static",
        "auth.login",
        "auth.second_factor",
        "forgot.ask",
        "forgot.choose",
        "auth.language",
        "health.healthz",
        "registration.register",
        "people.join",
        "switch_records.take",
        "switch_records.all_sent",
        "text_receipts.take",
    }
)


def init_app(app: Flask) -> None:
    app.before_request(_who)
    app.context_processor(
        lambda: {
            "person": person_or_none(),
            "may_run": _may("campaign.change"),
            "may_keep": _may("gateway.change"),
        }
    )


def person() -> User:
    """The logged-in person (not available on open routes)."""
    found: User = g.person
    return found


def person_or_none() -> User | None:
    return getattr(g, "person", None)


def is_staff() -> bool:
    return person().role in permissions.STAFF_ROLES


def account_scope() -> int | None:
    """The account that the person may see; None for staff, who see all."""
    return permissions.scope(person())


def needs(right: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Restrict a route to people with a right; `account_scope` gives the account for which they have it."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def checked(*args: Any, **kwargs: Any) -> Any:
            permissions.require(person(), right, person().account_id)
            return view(*args, **kwargs)

        return checked

    return decorate


def for_staff(view: Callable[..., Any]) -> Callable[..., Any]:
    """Restrict a route to staff."""

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        if not is_staff():
            raise NotAllowed("You have no permission for this.")
        return view(*args, **kwargs)

    return checked


def log_in(found: User) -> None:
    """Begin a new session that shares nothing with the one before, not even its CSRF token."""
    fresh_cookie()
    address, agent, now = request.remote_addr or "", request.user_agent.string, wall_ms()
    session["key"] = write(lambda: sessions.begin(found, address, agent, now))
    session.permanent = True


def fresh_cookie() -> None:
    """Clear the cookie except language and calendar."""
    kept = {key: session[key] for key in ("language", "calendar") if key in session}
    session.clear()
    session.update(kept)


def lifetime() -> Lifetime:
    """How long sessions live in this installation."""
    return Lifetime.of_settings(web().settings)


def session_id() -> int:
    """The id of this request's session (not available on open routes)."""
    found: int = g.session_id
    return found


def safe_target(target: str | None) -> str:
    """The address after the log-in: a path of this site, otherwise the start page."""
    start = url_for("portal.start")
    if not target or not target.startswith("/") or target[1:2] in ("/", "\\"):
        return start
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or any(ord(char) < 33 or char == "\\" for char in target):
        return start
    return target


def _may(right: str) -> bool:
    found = person_or_none()
    return found is not None and permissions.may(found, right, found.account_id)


def _who() -> BaseResponse | None:
    """Find the person of the session, or redirect to the log-in page, before a body is read.

    Programs send a token, which `webui.api` checks; there the browser's session is ignored.
    """
    if is_program():
        return None
    key = session.get("key") if request.endpoint not in ("static", "health.healthz") else None
    if key is not None:
        now, lives = wall_ms(), lifetime()
        found = read(lambda: sessions.find(key, lives, now))
        if found is not None:
            g.person, row = found
            g.session_id = int(row.id)
            # The polling of a page does not count as activity of the person.
            if sessions.is_use_due(row, now) and not request.headers.get("HX-Request"):
                write(lambda: sessions.note_use(row.id, now))
            return _to_second_factor()
        session.clear()
    if request.endpoint in _OPEN_ENDPOINTS:
        return None
    if request.headers.get("HX-Request"):
        # A fragment was requested after the session ended: the whole page must go to the log-in.
        return Response(status=401, headers={"HX-Redirect": url_for("auth.login")})
    target = request.full_path.rstrip("?") if request.method == "GET" else form_page()
    return redirect(url_for("auth.login", next=target))


def form_page() -> str | None:
    """The page from which the form was sent, where the browser restores the typed input; None if it is unknown.

    Only a page of this site that accepts GET: the address of a refused form may accept only POST.
    """
    parts = urlsplit(request.referrer or "")
    if parts.netloc != request.host:
        return None
    try:
        current_app.url_map.bind(request.host).match(parts.path, method="GET")
    except HTTPException:
        return None
    return f"{parts.path}{'?' if parts.query else ''}{parts.query}{KEPT_MARK}"


def _to_second_factor() -> BaseResponse | None:
    """Redirect staff without a second factor to set one up, if the installation requires it."""
    if (
        not web().settings.staff_second_factor
        or not is_staff()
        or second_factor.is_on(person())
        or request.endpoint in _OPEN_ENDPOINTS
        or request.endpoint in ("auth.logout", "own_login.factor", "own_login.confirm_factor")
    ):
        return None
    if request.headers.get("HX-Request"):
        return Response(status=401, headers={"HX-Redirect": url_for("own_login.factor")})
    return redirect(url_for("own_login.factor"))
