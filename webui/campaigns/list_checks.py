"""Checks of uploaded lists: read completely in a worker, shown with the choices, read again when a choice changes."""

from __future__ import annotations

import dataclasses
from functools import partial

from flask import abort, flash, redirect, request, url_for

from engine.clock import wall_ms
from engine.errors import AvanakError, BadInput, NotFound
from engine.services.campaigns import launch, list_imports
from engine.services.campaigns.list_imports import ListImport
from engine.services.campaigns.preflight import Preflight, count_list
from engine.services.campaigns.uploads import Pending
from engine.services.compliance import traffic_caps
from engine.services.compliance.do_not_call import lists_for
from engine.services.lists.choices import Choices, HiddenRows, ListFacts, Several, choices_of, facts_of
from engine.services.lists.names import is_of_person
from engine.services.lists.reader import look_into
from engine.store import do_not_call
from engine.store.threads import connected, read
from webui.i18n.sentences import said
from webui.request.access import account_scope, person
from webui.request.checks import Check
from webui.request.context import web

NUMBER, THEN, NAME, KEEP, IGNORE = "number", "then", "name", "keep", "ignore"
ROLES = (NUMBER, THEN, NAME, KEEP, IGNORE)


def pending_of(token: str) -> Pending:
    """The upload of this name; NotFound when there is none, or it is another account's.

    Somebody who confirmed it before (a second click, the browser's history) is redirected to the result.
    """
    me = person().id
    try:
        found = web().uploads.read(token, me, wall_ms())
    except NotFound:
        made = read(lambda: list_imports.of_upload(token, me))
        if made is None:
            raise
        abort(redirect(_made_of(made)))
    scope = account_scope()
    if scope is not None and found.account_id != scope:
        raise NotFound("This upload is another account's.")
    return found


def _made_of(made: ListImport) -> str:
    """The page of an import's progress, or of its campaign when it is complete."""
    if made.state in list_imports.OPEN:
        return url_for("list_imports.detail", import_id=made.id)
    return url_for("campaigns.detail", campaign_id=made.campaign_id)


def begin(pending: Pending, kind: str) -> Check:
    """Read an upload's list for messages of a kind; a short list has been read when this returns.

    If no number can be called with these choices it is not an error: the first rows and the reason (`problem`) are
    kept, so that the choices can be corrected.
    """
    uploads, settings, checks = web().uploads, web().settings, web().checks
    accepted = read(partial(traffic_caps.number_rules, settings.default_area_code))
    listed = partial(do_not_call.find, lists_for(kind, pending.account_id))
    # The request may change its own copy while the thread reads, and later ones choose the message and the rules.
    kept = dataclasses.replace(pending, checked=None, first_rows=None, problem="")
    uploads.write(kept)

    def work(check: Check) -> None:
        with uploads.pinned_list(kept) as (path, digest), connected():
            try:
                with launch.open_pending_list(path, kept, accepted) as reader:
                    kept.checked = count_list(reader, listed, check.note).as_dict()
            except BadInput as error:
                looked = look_into(
                    path,
                    choices_of(kept.choices),
                    accepted,
                    filename=kept.list_name,
                    account=kept.account_id,
                )
                kept.first_rows, kept.problem = looked.as_dict(), error.sentence.kept()
            kept.list_sha256 = digest
        if checks.find(kept.token) is check:  # else another list has replaced it
            now = uploads.read(kept.token, kept.person_id, wall_ms())
            now.checked, now.first_rows, now.problem = kept.checked, kept.first_rows, kept.problem
            now.list_sha256 = kept.list_sha256
            uploads.write(now)

    return checks.begin(pending.token, work)


def failure(check: Check) -> str:
    """Why a list could not be read, in the reader's language; empty when it could, or is not read yet."""
    if check.error is None:
        return ""
    if isinstance(check.error, AvanakError):
        return said(check.error)
    return said(_our_fault())


def _our_fault() -> BadInput:
    return BadInput("The list could not be read. That is a fault of ours and was noted; nobody was called.")


def must_open(pending: Pending, kind: str) -> None:
    """Begin to read a new list; BadInput when it is not a list, or for an error of ours."""
    check = begin(pending, kind)
    if check.error is None:
        return
    web().checks.forget(pending.token)
    if isinstance(check.error, AvanakError):
        raise check.error
    raise _our_fault()


def found_of(pending: Pending) -> Preflight | None:
    """The results of reading an upload's list; None if it was not or cannot be read."""
    return Preflight.of_dict(pending.checked) if pending.checked is not None else None


def facts(pending: Pending) -> ListFacts | None:
    """The facts from its first rows; None if it was not read yet."""
    if pending.checked is not None:
        return found_of(pending).facts  # type: ignore[union-attr]
    return facts_of(pending.first_rows) if pending.first_rows is not None else None


def roles(pending: Pending, known: ListFacts) -> list[str]:
    """The role of each column: chosen, or proposed."""
    chosen = choices_of(pending.choices)
    found = [KEEP] * len(known.names)
    for place in chosen.left_out:
        if place < len(found):
            found[place] = IGNORE
    if chosen.name_column:
        if chosen.name_column <= len(found):
            found[chosen.name_column - 1] = NAME
    elif not chosen.columns:
        named = [place for place, name in enumerate(known.names) if is_of_person(name)]
        if named:
            found[named[0]] = NAME
    for order, name in enumerate(known.columns):
        if name in known.names:
            found[known.names.index(name)] = THEN if order else NUMBER
    return found


def choose(pending: Pending) -> bool:
    """Apply the choices of the page; False, with a message, when one is wrong."""
    wanted = [
        request.form.get(f"role_{place}", KEEP) for place in range(1, 257) if f"role_{place}" in request.form
    ]
    places = {role: [str(at) for at, each in enumerate(wanted, 1) if each == role] for role in ROLES}
    sheet = request.form.get("sheet", "").strip()[:64]
    is_other_sheet = sheet != choices_of(pending.choices).sheet
    try:
        if wanted and not is_other_sheet and len(places[NUMBER]) != 1:
            raise BadInput("Choose one column that holds the numbers.")
        if len(places[NAME]) > 1:
            raise BadInput("Choose one column that holds the names.")
        chosen = Choices(
            columns=",".join(places[NUMBER] + places[THEN]),
            sheet=sheet,
            hidden_rows=request.form.get("hidden_rows", HiddenRows.SKIP),
            several=request.form.get("several", Several.NONE),
            name_column=int(places[NAME][0]) if places[NAME] else 0,
            ignored=",".join(places[IGNORE]),
        )
    except BadInput as error:
        flash(said(error), "danger")
        return False
    if is_other_sheet:  # another sheet has other columns
        chosen = Choices(sheet=sheet, hidden_rows=chosen.hidden_rows, several=chosen.several)
    pending.choices = chosen.kept()
    return True


def read_again(pending: Pending, kind: str) -> bool:
    """Read the list with the choices of the page; False when one is wrong or the list cannot be opened with them.

    In that case nothing changes and the reason is shown.
    """
    before = pending.choices
    if not choose(pending):
        return False
    if pending.choices == before and pending.checked is not None:
        return True
    web().uploads.write(dataclasses.replace(pending, checked=None))
    check = begin(pending, kind)
    if check.error is not None:
        flash(failure(check), "danger")
        pending.choices = before
        web().uploads.write(pending)
        begin(pending, kind)
        return False
    return True
