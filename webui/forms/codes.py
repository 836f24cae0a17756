"""Calls that speak a code: who asked for them, and the code on the page where no telephone rings."""

from __future__ import annotations

import logging

from flask import flash, request
from flask_babel import gettext as _

from engine.network import network_of
from engine.services.campaigns import codes
from engine.services.trunks import switches
from engine.store.threads import read
from webui.i18n.formats import digits

log = logging.getLogger(__name__)


def asker(typed_it_here: bool) -> codes.Asker:
    """Who asks for a call that speaks a code."""
    return codes.Asker(network_of(request.remote_addr), typed_it_here)


def tell_code(sent: codes.Sent, on_page: bool = True) -> None:
    """Show the code in the log and on the page if no telephone ever rings (a trial installation).

    It is not shown on a page without log-in, where anybody could use it to take over an account.
    """
    if not read(switches.ring_nobody):
        return
    log.warning("action=code_shown recipient=%d code=%s", sent.recipient_id, sent.code)
    if on_page:
        flash(_("This installation rings nobody: the code is %(code)s.", code=digits(sent.code)), "warning")
