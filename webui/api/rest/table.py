"""All methods of the Avanak web service."""

from __future__ import annotations

from webui.api.rest import account, messages, sends
from webui.api.rest.methods import Method

METHODS: tuple[Method, ...] = (*account.METHODS, *messages.METHODS, *sends.METHODS)
