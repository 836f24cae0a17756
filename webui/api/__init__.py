"""The web service for programs, ``/api/v1``: JSON over HTTP, with an OpenAPI document generated from this code.

A request carries a token (`authentication`) with the scope of its operation.  Cookies are ignored, so that no page of another
site can make a browser send requests here.  Errors are problems of RFC 9457 (`problems`).
"""

from __future__ import annotations

from flask_openapi3 import APIBlueprint

from webui.request.security import csrf

PREFIX = "/api/v1"
blueprint = APIBlueprint("api", __name__, url_prefix=PREFIX, abp_security=[{"token": []}])
csrf.exempt(blueprint)  # it is a token that authorises, never a cookie
