"""The prompts of the support line: listen, replace by a recording, or have them spoken again."""

from __future__ import annotations

from typing import Any, BinaryIO, cast

from flask import flash, redirect, render_template, send_file, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import FileField

from engine.clock import wall_ms
from engine.errors import AvanakError, BadInput, NotFound
from engine.services.accounts import audit_log
from engine.services.messages.audio import load_prompt
from engine.services.support_line import voice_prompts
from engine.store.threads import write
from webui.forms.pages import Answer, PageForm, attempt, pages_blueprint, refused
from webui.i18n.sentences import said
from webui.request.access import needs, person
from webui.request.context import web
from webui.request.services import given, speech

blueprint = pages_blueprint(__name__, "line_prompts", "/line/prompts")

MAX_S = 60.0


class ReplaceForm(PageForm):
    """A recording that replaces a prompt."""

    sound = FileField(
        _l("Sound"),
        description=_l("From 1 second to 1 minute; silence at its ends is removed."),
        render_kw={"accept": "audio/*"},
    )


@blueprint.get("")
@needs("line.view")
def index() -> str:
    return render_template("line/prompts.html", clips=voice_prompts.clips(_folder()))


@blueprint.route("/<any(fa, en):language>/<clip>", methods=["GET", "POST"])
@needs("line.manage")
def change(language: str, clip: str) -> str | Answer | Response:
    """Listen to a prompt, and replace it by a recording."""
    found, form = voice_prompts.clip_of(_folder(), language, clip), ReplaceForm()
    if not form.is_submitted():
        return render_template("line/prompt.html", found=found, form=form)

    def work() -> None:
        files = given(form.sound.data)
        if not files:
            raise BadInput("Choose or record a sound.")
        made = load_prompt(cast(BinaryIO, files[0].stream), name=files[0].filename, max_s=MAX_S, trims=True)
        voice_prompts.replace_by(_folder(), language, clip, made.samples)

    if not attempt(form, work, writes=False):
        return refused("line/prompt.html", found=found, form=form)
    _note("support_prompt_replaced", found)
    flash(_("The recording replaced the prompt."), "success")
    return redirect(url_for("line_prompts.change", language=language, clip=clip))


@blueprint.post("/<any(fa, en):language>/<clip>/ours")
@needs("line.manage")
def ours(language: str, clip: str) -> Response:
    """Replace the recording by speech again."""
    folder, voice = _folder(), speech()
    found = voice_prompts.clip_of(folder, language, clip)
    try:
        web().apart(lambda: voice_prompts.take_back(folder, language, clip, voice.samples), waits=True)
    except AvanakError as error:  # no speech engine works here: the recording stays
        flash(said(error), "danger")
    else:
        _note("support_prompt_spoken", found)
        flash(_("The prompt is spoken by the computer again."), "success")
    return redirect(url_for("line_prompts.change", language=language, clip=clip))


@blueprint.get("/<any(fa, en):language>/<clip>.wav")
@needs("line.view")
def sound(language: str, clip: str) -> Response:
    """The sound of a prompt as callers hear it."""
    found = voice_prompts.clip_of(_folder(), language, clip)
    if not found.is_there:
        raise NotFound("The message's file is not there.")
    return send_file(found.path.absolute(), mimetype="audio/wav", conditional=True, max_age=0)


def _folder() -> Any:
    return web().settings.prompts_dir


def _note(action: str, found: voice_prompts.Clip) -> None:
    me, now = person(), wall_ms()
    write(lambda: audit_log.record(me.id, None, action, f"prompt {found.language}/{found.name}", now))
