"""Who is asking, and whether they may: looked up before each request."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, g, redirect, request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

from engine.errors import NotAllowed
from engine.services.accounts import people, permissions
from engine.store.tables.core import User
from engine.store.threads import read

_OPEN_ENDPOINTS = frozenset(
    {
        "static",
        "auth.login",
        "auth.language",
        "health.healthz",
        "registration.register",
        "people.join",
        "switch_records.take",
        "switch_records.all_sent",
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
    """Who is logged in (routes that are not open only)."""
    found: User = g.person
    return found


def person_or_none() -> User | None:
    return getattr(g, "person", None)


def is_staff() -> bool:
    return person().role in permissions.STAFF_ROLES


def account_scope() -> int | None:
    """The account whose things may be seen; None for staff, who see all."""
    return permissions.scope(person())


def needs(right: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A route for people with a right; which account's things they may touch is `account_scope`'s to say."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def checked(*args: Any, **kwargs: Any) -> Any:
            permissions.require(person(), right, person().account_id)
            return view(*args, **kwargs)

        return checked

    return decorate


def for_staff(view: Callable[..., Any]) -> Callable[..., Any]:
    """A route for the staff alone."""

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        if not is_staff():
            raise NotAllowed("You have no permission for this.")
        return view(*args, **kwargs)

    return checked


def log_in(found: User) -> None:
    """Begin a new session: nothing of the one before, not even its CSRF token, goes on."""
    kept = {key: session[key] for key in ("language", "calendar") if key in session}
    session.clear()
    session.update(kept)
    session["person"] = found.id
    session["seal"] = people.seal_of(found)
    session.permanent = True


def safe_target(target: str | None) -> str:
    """Where to go after logging in: a path of this site, else the start page."""
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
    """Find the person of the session; send others to the log-in page, before any body is read.

    Programs show a token, which `webui.api` looks at; what a browser's session says is not asked there.
    """
    if request.path.startswith("/api/"):
        return None
    person_id = session.get("person") if request.endpoint not in ("static", "health.healthz") else None
    if person_id is not None:
        found = read(lambda: User.get_or_none(User.id == person_id, User.is_active == True))  # noqa: E712 - SQL
        if found is not None and session.get("seal") == people.seal_of(found):
            g.person = found
            return None
        session.clear()
    if request.endpoint in _OPEN_ENDPOINTS:
        return None
    if request.headers.get("HX-Request"):
        # A fragment that is asked for after the session has ended: the whole page must go.
        return Response(status=401, headers={"HX-Redirect": url_for("auth.login")})
    target = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("auth.login", next=target))
