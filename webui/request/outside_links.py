"""Addresses of this site for others: in invitations, and for where a payment provider sends the payer back.

They come from AVANAK_WEB_URL.  The name in a request is what its sender wrote there; a link made of it could lead the
person who receives it, with the secret in it, to somebody else's server.  Only a name of the machine itself is taken from
the request: such a link leads nobody elsewhere, and an installation that is tried out works without a setting.
"""

from __future__ import annotations

import re
from typing import Any

from flask import request, url_for

from engine.errors import Conflict
from webui.request.context import web

_loopback = re.compile(r"(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?", re.ASCII).fullmatch


def site() -> str:
    """``https://panel.example.com``, without a slash behind it.  Conflict when it is not known."""
    told = web().settings.web_url
    if told:
        return told
    if _loopback(request.host):
        return f"{request.scheme}://{request.host}"
    raise Conflict(
        "This site was not told its own address, so it makes no link for others; whoever runs it sets AVANAK_WEB_URL."
    )


def site_or_name() -> str:
    """As `site`; the name of the request when it is not known, for examples that only its sender reads."""
    return web().settings.web_url or f"{request.scheme}://{request.host}"


def outside(endpoint: str, **values: Any) -> str:
    """The whole address of a page, for others.  Conflict as in `site`."""
    return site() + url_for(endpoint, **values)
