"""All methods of the Avanak web service."""

from __future__ import annotations

from webui.api.rest import account, dated_campaigns, messages, one_click_calls, secure_calls, sends
from webui.api.rest.methods import Method

METHODS: tuple[Method, ...] = (
    *account.METHODS,
    *messages.METHODS,
    *sends.METHODS,
    *dated_campaigns.METHODS,
    *one_click_calls.METHODS,
    *secure_calls.METHODS,
)
