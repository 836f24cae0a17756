"""Every error becomes one page with one sentence, never a traceback."""

from __future__ import annotations

import logging

from flask import Flask, Response, make_response, redirect, render_template, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from engine.errors import AvanakError, FileGone
from webui.api import problems
from webui.i18n.formats import number
from webui.i18n.sentences import said
from webui.request.access import form_page, person_or_none
from webui.request.context import web
from webui.request.limits import FILES
from webui.request.programs import is_program

log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    app.register_error_handler(AvanakError, _ours)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unforeseen)


def _ours(error: AvanakError) -> tuple[str, int] | Response:
    if error.http_status >= 500:
        log.error("action=http_failed route=%s error=%r", request.endpoint, str(error))
    if is_program():
        if error.http_status >= 500:
            return _told(error.http_status)
        answer = problems.of_error(error)
        if error.wait_s is not None:
            answer.headers["Retry-After"] = str(error.wait_s)
        return answer
    if error.http_status == 404 and not isinstance(error, FileGone):
        return _page(404, _("There is no such thing here, or it is not yours."))
    return _page(error.http_status, said(error))


def _csrf(_error: CSRFError) -> tuple[str, int] | Response | BaseResponse:
    page = form_page() if person_or_none() is not None and not is_program() else None
    if page is not None and not request.headers.get("HX-Request"):
        return redirect(page)
    return _page(400, _("This form is too old or was not made by this site; go back and send it again."))


def _http(error: HTTPException) -> tuple[str, int] | Response:
    if error.response is not None:
        return error.response  # type: ignore[return-value]
    status = error.code or 500
    if status in (301, 302, 303, 307, 308):
        return error.get_response()  # type: ignore[return-value]
    again_s = _again_s(error) if status == 429 else None
    program = is_program()
    answer = _told(status, again_s) if program else make_response(_page(status, _sentence(status, again_s)))
    if status == 405 and error.get_headers():
        answer.headers.extend([pair for pair in error.get_headers() if pair[0] == "Allow"])
    if again_s is not None:
        answer.headers["Retry-After"] = str(again_s)
    return answer


def _again_s(error: HTTPException) -> int:
    """After how many seconds somebody may come back."""
    found = getattr(error, "retry_after", None)
    return found if isinstance(found, int) else 60


def _sentence(status: int, again_s: int | None = None) -> str:
    if status == 404:
        return _("There is no such page.")
    if status == 405:
        return _("This page cannot be asked for in this way.")
    if status == 413:
        if request.endpoint not in FILES:
            return _("This is more than is taken here.")
        limit = web().settings.max_upload_mb
        return _("The files are too large: one may have %(n)s MB.", n=number(limit))
    if status == 415:
        return _("A compressed body is not taken; send it as it is.")
    if status == 412:
        return _("It has changed since you fetched it; fetch it again.")
    if again_s is not None:
        return _("Too many requests; try again in %(n)s seconds.", n=number(again_s))
    if status < 500:
        return _("The request cannot be understood.")
    return _("Something went wrong here; it has been noted.")


def _unforeseen(error: Exception) -> tuple[str, int] | Response:
    log.exception("action=http_crashed route=%s", request.endpoint, exc_info=error)
    return _told(500) if is_program() else _page(500, _sentence(500))


def _told(status: int, again_s: int | None = None) -> Response:
    """What a program is told, in both languages."""
    with problems.speaking("en"):
        detail = _sentence(status, again_s)
    with problems.speaking("fa"):
        return problems.of_status(status, detail, _sentence(status, again_s))


def _page(status: int, sentence: str) -> tuple[str, int] | Response:
    if request.headers.get("HX-Request"):
        # A fragment that cannot be had: what is shown stays, and is asked for again.
        return Response(status=status)
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        return Response(sentence, status, mimetype="text/plain")
    return render_template("error.html", status=status, sentence=sentence, at_home=person_or_none()), status
