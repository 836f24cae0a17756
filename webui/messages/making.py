"""Making messages of the gallery: from a sound, or from a text that the computer speaks."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FileField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from engine.errors import BadInput
from engine.services.accounts import quotas
from engine.services.messages import library
from engine.services.messages.speech import DEFAULT_VOICE
from engine.store.threads import read, write
from webui.forms.pages import PageForm
from webui.i18n.formats import written_instant
from webui.messages.sounds import stored
from webui.request.context import web
from webui.request.services import given, speech

_LONGEST_TITLE, _SHOWN_OF_TEXT = 200, 60


class UploadForm(PageForm):
    title = StringField(
        _l("Title"),
        [Optional(), Length(max=200)],
        description=_l("Empty: named after the file, or after the time."),
        render_kw={"dir": "auto"},
    )
    sound = FileField(
        _l("Sound"),
        description=_l("WAV, MP3, M4A, OGG, WebM, WMA, AMR or FLAC, from 1 second to 10 minutes."),
        render_kw={"accept": "audio/*,.wma,.amr,.3gp,.mp4,.webm,.gsm"},
    )
    trims = BooleanField(_l("Take off the silence at its start and end"))


class SpeakForm(PageForm):
    """A text to be synthesised."""

    title = StringField(
        _l("Title"),
        [Optional(), Length(max=200)],
        description=_l("Empty: how the text begins."),
        render_kw={"dir": "auto"},
    )
    voice = SelectField(
        _l("Voice"),
        choices=[
            SelectChoice("male", _l("Male")),
            SelectChoice("female", _l("Female")),
            SelectChoice("english", _l("English")),
        ],
        default=DEFAULT_VOICE,
    )
    text = TextAreaField(
        _l("Text"),
        [InputRequired(), Length(max=1000)],
        description=_l("Columns of a list may stand in it: {name}; {code:digits} is said digit by digit."),
        render_kw={"rows": 3, "dir": "auto"},
    )


def add_sound(
    form: UploadForm, account_id: int, now: int, origin: str, staff_id: int | None = None
) -> library.Message:
    """Add the sound of a form to the gallery.  BadInput without one, or if it cannot be sent."""
    files = given(form.sound.data)
    if not files:
        raise BadInput("Choose or record a sound.")
    prompt, duration_ms = stored(files[0], account_id, trims=form.trims.data)
    title = (form.title.data or "").strip()
    if not title and origin == library.RECORDED:
        title = _("Recording of %(at)s", at=written_instant(now))
    elif not title:
        title = (files[0].filename or "").rsplit(".", 1)[0][:_LONGEST_TITLE].strip() or _("Sound")
    made: library.Message = write(
        lambda: library.add(account_id, title, prompt, duration_ms, now, origin=origin, staff_id=staff_id)
    )
    return made


def add_spoken(form: SpeakForm, account_id: int, now: int) -> library.Message:
    """Synthesise the text of a form, which is charged, and add it to the gallery."""
    folder, voice = web().settings.prompts_dir, speech()
    title = (form.title.data or "").strip() or " ".join(form.text.data.split())[:_SHOWN_OF_TEXT]
    read(lambda: quotas.check_messages(account_id))
    read(lambda: quotas.check_spoken(account_id, now))
    add = web().apart(
        lambda: library.speak(account_id, title, form.text.data, form.voice.data, voice, folder), waits=True
    )
    made: library.Message = write(lambda: add(now))
    return made
