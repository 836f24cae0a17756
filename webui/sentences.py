"""Sentences of the services, in Persian.

A service refuses with one English sentence; for a Persian reader it is looked
up here by its form.  A sentence that is not here is shown as it is: better
English than nothing.
"""

from __future__ import annotations

import re

from engine.errors import AvanakError
from engine.services.accounts import SendingRefused
from webui.speech import digits, language

# English form -> Persian; a word in braces is what changes.
_PERSIAN: dict[str, str] = {
    "{file} is empty.": "«{file}» خالی است.",
    "{file} has a header in line {line} and no rows.": "«{file}» جز سرستون (سطر {line}) سطری ندارد.",
    "{file} is {what}, not a list of numbers.": "«{file}» فهرست شماره نیست؛ پرونده‌ای از گونهٔ دیگر است ({what}).",
    "{file} has {bytes} bytes; a list may have {most}.": "«{file}» {bytes} بایت است؛ فهرست حداکثر {most} بایت.",
    "{file} has more than {rows} rows (line {line}); split it.": "«{file}» بیش از {rows} سطر دارد؛ آن را چند بخش کنید.",
    "No number in column «{column}» of {file} can be called: {examples}.": (
        "هیچ شماره‌ای در ستون «{column}» از «{file}» قابل تماس نیست: {examples}."
    ),
    "No column of {file} holds telephone numbers: {what}; name the column «number», or say which one it is.": (
        "هیچ ستونی از «{file}» شماره تلفن ندارد؛ نام ستون را «شماره» بگذارید یا ستون آن را مشخص کنید."
    ),
    "There is no column «{column}»; the list has: {names}.": "ستون «{column}» نیست؛ ستون‌های فهرست: {names}.",
    "Line {line} of {file} holds a NUL byte, so this is not a text file.": (
        "سطر {line} از «{file}» نویسهٔ تهی دارد؛ این یک پروندهٔ متنی نیست."
    ),
    "{file} is larger than {n} MB.": "«{file}» از {n} مگابایت بزرگ‌تر است.",
    "{file} is {format}; send WAV, MP3, OGG or FLAC.": "قالب «{file}» {format} است؛ WAV، MP3، OGG یا FLAC بفرستید.",
    "{file} cannot be read as audio: {why}.": "«{file}» صدا نیست یا خراب است.",
    "{file} lasts {s} s; a message lasts at least {least} s.": "«{file}» {s} ثانیه است؛ پیام دست‌کم {least} ثانیه باید باشد.",
    "{file} lasts over {min} minutes; a message lasts {most} at most.": (
        "«{file}» بیش از {min} دقیقه است؛ پیام حداکثر {most} دقیقه."
    ),
    "{file} is silence: {level}, at least {least} dBFS are needed.": "در «{file}» صدایی شنیده نمی‌شود (سکوت است).",
    "{file} is cut short: {what}.": "«{file}» ناقص است و پایان آن نرسیده است.",
    "{file} is cut short or damaged: {what}.": "«{file}» ناقص یا خراب است.",
    "Window {n} ({text}) is not of the form 09:30-14:00.": "ساعت تماس {n} ({text}) به شکل 09:30-14:00 نیست.",
    "Window {n} ({text}) names a time that no day has.": "ساعت تماس {n} ({text}) ساعتی نادرست دارد.",
    "Window {n} ({text}) is empty: it ends when it begins.": "ساعت تماس {n} ({text}) تهی است.",
    "The vote keys {keys} name a key twice.": "در کلیدهای رأی {keys} کلیدی دو بار آمده است.",
    "The key {key} cannot both vote and repeat the message.": "کلید {key} نمی‌تواند هم رأی باشد هم تکرار پیام.",
    "With the opt-out key 11, a vote by the key 1 alone cannot be told from it.": (
        "با کلید انصراف ۱۱، رأی تنها با کلید ۱ از آن تشخیص داده نمی‌شود."
    ),
    "There is a gateway {name} already.": "درگاه {name} از پیش هست.",
    "Campaign {id} has no recipient that can be called.": "کارزار {id} هیچ شمارهٔ قابل تماسی ندارد.",
    "Campaign {id} has no message.": "کارزار {id} پیام ندارد.",
    "Campaign {id} is {old} and cannot become {new} (possible: {allowed}).": (
        "کارزار در این وضعیت چنین تغییری نمی‌پذیرد؛ صفحه را تازه کنید."
    ),
    "Campaign {id} is {old}; only a paused one can be resumed.": "تنها کارزار مکث‌شده از سر گرفته می‌شود.",
    "Campaign {id} was changed by somebody else at the same moment; look again.": (
        "هم‌زمان کسی دیگر کارزار را تغییر داد؛ دوباره نگاه کنید."
    ),
    "Not enough credit: {needed} Rials are needed and {available} are available.": (
        "اعتبار کافی نیست: {needed} ریال لازم است و {available} ریال موجود است."
    ),
    "You have no permission for this.": "شما اجازهٔ این کار را ندارید.",
    "This upload is not there any more; choose the files again.": (
        "پرونده‌های بارگذاری‌شده دیگر نیستند؛ دوباره آن‌ها را برگزینید."
    ),
    "The disk is full: {what}.": "جای خالی دیسک تمام شده است.",
    "The database cannot be read: {why}": "پایگاه داده پاسخ نمی‌دهد؛ کمی بعد دوباره بکوشید.",
    "The database cannot be written: {why}": "پایگاه داده نمی‌نویسد؛ کمی بعد دوباره بکوشید.",
}  # fmt: skip


def _pattern(form: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", form)
    made = "".join(f"(?P<{part}>.+?)" if index % 2 else re.escape(part) for index, part in enumerate(parts))
    return re.compile(made, re.DOTALL)


_FORMS = [(_pattern(english), persian) for english, persian in _PERSIAN.items()]


def said(error: AvanakError) -> str:
    """What a service says, in the reader's language as far as it is known."""
    if isinstance(error, SendingRefused):
        return error.refusal.sentence(language(), error.detail)
    sentence = str(error)
    if language() != "fa":
        return sentence
    for pattern, persian in _FORMS:
        found = pattern.fullmatch(sentence)
        if found:
            return digits(persian.format_map(found.groupdict()))
    return sentence
