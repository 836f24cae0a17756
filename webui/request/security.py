"""Session key, cookies, CSRF, known hosts, headers and the access log."""

from __future__ import annotations

import logging
import os
import secrets
import time
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from flask import Flask, Response, abort, g, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.routing import RequestRedirect
from werkzeug.sansio.utils import host_is_trusted

from engine.config import Settings
from engine.errors import StoreUnavailable
from webui.request import programs
from webui.request.context import web

log = logging.getLogger(__name__)

csrf = CSRFProtect()

SESSION_HOURS = 12
HSTS = "max-age=31536000"  # a year; subdomains are for the owner of the domain to decide
_OWN_BODIES = programs.BLUEPRINTS | {"switch_records"}  # blueprints without CSRF tokens
# Nothing inline and nothing from other sites; `blob:` is for listening to a recording before it is sent.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; media-src 'self' blob:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

FOR_PAGES = {
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def keys_of(settings: Settings) -> list[str]:
    """The secret key of the installation, then earlier keys, which can still open what they sealed (`engine.sealing`)."""
    file = settings.data_dir / "secret.key"
    key = settings.secret_key.get_secret_value() or kept_key(file)
    earlier = settings.old_secret_keys.get_secret_value().split()
    return [key, *earlier, *([kept_key(file)] if file.exists() else [])]


def init_app(app: Flask, settings: Settings, key: str) -> None:
    """Set up the security of the application; `key` signs sessions."""
    app.config.update(
        SECRET_KEY=key,
        SESSION_COOKIE_NAME="__Host-avanak" if settings.web_secure_cookies else "avanak",
        SESSION_COOKIE_SECURE=settings.web_secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=SESSION_HOURS),
        WTF_CSRF_TIME_LIMIT=SESSION_HOURS * 3600,
        WTF_CSRF_SSL_STRICT=False,  # a proxy may remove the referrer; the token protects
    )
    app.before_request(_check_host)
    csrf.init_app(app)
    app.before_request(_begin)
    app.before_request(_refuse_nul)
    app.after_request(_finish)


def kept_key(path: Path) -> str:
    """The key that signs sessions: created at the first start, readable only by its owner."""
    try:
        try:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            key = path.read_text("ascii").strip()
            if len(key) >= 32:
                return key
            file = os.open(path, os.O_WRONLY | os.O_TRUNC)  # an interrupted first start
        key = secrets.token_urlsafe(48)
        with os.fdopen(file, "w") as out:
            out.write(key)
    except OSError as error:
        raise StoreUnavailable(
            "The session key %(path)s cannot be kept: %(why)s.", path=path, why=error.strerror
        ) from error
    return key


def _check_host() -> None:
    """Refuse requests with other host names than AVANAK_WEB_HOSTS, as the name would appear in links that we send."""
    known = web().settings.web_hosts.split()
    if known and request.endpoint != "health.healthz" and not host_is_trusted(request.host, known):
        abort(400)


def _begin() -> None:
    g.began = time.perf_counter()


def _refuse_nul() -> None:
    """Refuse texts with the character NUL, which nobody types and PostgreSQL does not accept.

    The body of a form has been read for its CSRF token by now; other bodies are checked where they are read.
    """
    texts = [request.path, *request.args.values()]
    if request.blueprint not in _OWN_BODIES:
        texts += request.form.values()
    if any("\0" in text for text in texts):
        abort(400)


def _finish(response: Response) -> Response:
    headers = response.headers
    if isinstance(request.routing_exception, RequestRedirect):
        # The router redirects (``//tickets``) to the host that the request named; a path alone stays where we are.
        parts = urlsplit(response.location or "")
        response.location = urlunsplit(("", "", "/" + parts.path.lstrip("/"), parts.query, ""))
        response.set_data(b"")
    headers.setdefault("X-Content-Type-Options", "nosniff")
    # Our scripts, styles and fonts open nothing by themselves; a first visit fetches some twenty of them.
    if request.endpoint != "static" or response.status_code >= 400:
        for name, value in FOR_PAGES.items():
            headers.setdefault(name, value)
    if web().settings.web_secure_cookies:
        headers.setdefault("Strict-Transport-Security", HSTS)
    if request.endpoint != "static":
        headers.setdefault("Cache-Control", "no-store")
        took_ms = (time.perf_counter() - g.began) * 1000 if "began" in g else 0.0
        level = logging.DEBUG if request.headers.get("HX-Request") else logging.INFO
        log.log(
            level,
            "action=http method=%s route=%s status=%d ms=%.0f person=%s from=%s",
            request.method,
            request.endpoint or "-",
            response.status_code,
            took_ms,
            g.person.id if "person" in g else "-",
            request.remote_addr,
        )
    return response
