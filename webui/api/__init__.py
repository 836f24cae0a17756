"""The web service for programs, ``/api/v1``: JSON over HTTP, described by an OpenAPI document made of this code.

A request shows a token (`authentication`), which has the scope that its operation needs.  No cookie is
looked at, so no page of another site can make a browser ask here.  What is refused is a problem of RFC 9457
(`problems`).
"""

from __future__ import annotations

from flask_openapi3 import APIBlueprint

from webui.request.security import csrf

PREFIX = "/api/v1"
blueprint = APIBlueprint("api", __name__, url_prefix=PREFIX, abp_security=[{"token": []}])
csrf.exempt(blueprint)  # it is a token that authorises, never a cookie
