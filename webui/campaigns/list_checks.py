"""Uploaded lists as they are checked: read to their end apart, shown with what was chosen, read again as people choose."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial

from flask import flash, request
from flask_babel import gettext as _

from engine.clock import wall_ms
from engine.errors import AvanakError, BadInput, NotFound
from engine.services.campaigns import launch
from engine.services.campaigns.preflight import count_list
from engine.services.campaigns.uploads import Pending
from engine.services.compliance import traffic_caps
from engine.services.compliance.do_not_call import lists_for
from engine.services.lists.choices import Choices, HiddenRows, Several, choices_of
from engine.store import do_not_call
from engine.store.threads import connected, read
from webui.i18n.sentences import said
from webui.request.access import account_scope, person
from webui.request.checks import Check
from webui.request.context import web


def pending_of(token: str) -> Pending:
    """The upload of this name; NotFound when it is not there, or not theirs."""
    found = web().uploads.read(token, person().id, wall_ms())
    scope = account_scope()
    if scope is not None and found.account_id != scope:
        raise NotFound("This upload is another account's.")
    return found


def begin(pending: Pending, kind: str, already: Sequence[int] = ()) -> Check:
    """Read an upload's list for messages of a kind; a short one is read when this returns.

    `already` are numbers that are not counted as to be called, as integers.
    """
    uploads, settings, checks = web().uploads, web().settings, web().checks
    abroad = read(traffic_caps.opens_abroad)
    listed = partial(do_not_call.find, lists_for(kind, pending.account_id))
    # The request may change its own while the thread reads.
    kept = dataclasses.replace(pending)

    def work(check: Check) -> None:
        with uploads.pinned_list(kept) as (path, digest), connected():
            with launch.open_pending_list(path, kept, settings, abroad) as reader:
                kept.checked = count_list(reader, listed, check.note).as_dict()
            kept.list_sha256 = digest
        if checks.find(kept.token) is check:  # else another list has taken its place meanwhile
            uploads.write(kept)

    return checks.begin(pending.token, work)


def failure(check: Check) -> str:
    """Why a list could not be read, in the reader's language; empty when it could, or is not read yet."""
    if check.error is None:
        return ""
    if isinstance(check.error, AvanakError):
        return said(check.error)
    return _("The list could not be read. That is a fault of ours and was noted; nobody was called.")


def choose(pending: Pending) -> bool:
    """Take over what was chosen on the page; False (it is told) when it is no choice."""
    columns = [request.form.get(name, "").strip() for name in ("column", "then_column")]
    try:
        chosen = Choices(
            columns=",".join(dict.fromkeys(filter(None, columns)))[:600],
            sheet=request.form.get("sheet", "").strip()[:64],
            hidden_rows=request.form.get("hidden_rows", HiddenRows.SKIP),
            several=request.form.get("several", Several.NONE),
        )
    except BadInput as error:
        flash(said(error), "danger")
        return False
    if chosen.sheet != choices_of(pending.choices).sheet:
        chosen = dataclasses.replace(chosen, columns="")  # another sheet has columns of its own
    pending.choices, pending.checked = chosen.kept(), None
    web().uploads.write(pending)
    return True
