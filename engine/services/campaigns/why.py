"""Why a campaign is not dialled right now: one reason, one sentence, in both languages.

The engine notes a code and what the sentence needs (numbers, names, instants);
who shows it makes the sentence, in the language and calendar of the reader.
"""

from __future__ import annotations

from typing import Any, Protocol

WINDOW = "window"  # until
DATABASE = "database"  # error
SWITCH_DOWN = "switch_down"  # switches, since
NO_GATEWAY = "no_gateway"  # names
DRAINING = "draining"  # names
SWITCH_DRAINING = "switch_draining"  # switches
GATEWAY_RATE = "gateway_rate"  # gateway, cps
GATEWAY_CHANNELS = "gateway_channels"  # gateway, channels
GATEWAY_FAILING = "gateway_failing"  # gateway
GATEWAY_DETOUR = "gateway_detour"  # gateway, others, cps
GATEWAY_REFUSED = "gateway_refused"  # gateway
NO_KEYS = "no_keys"  # names
ROUTE_LOST = "route_lost"  # gateway, cause
GATEWAY_SLOWED = "gateway_slowed"  # gateway, cps, full
SWITCH_BUSY = "switch_busy"  # switch, idle
SWITCH_RATE = "switch_rate"  # switch, cps
SWITCH_SESSIONS = "switch_sessions"  # switch, sessions
OWN_CHANNELS = "own_channels"  # limit
OWN_RATE = "own_rate"  # cps
ACCOUNT_CHANNELS = "account_channels"  # limit
ACCOUNT_RATE = "account_rate"  # cps
RETRY = "retry"  # at
LAST_CALLS = "last_calls"  # live
PAUSED = "paused"  # reason
NOT_STARTED = "not_started"
SCHEDULED = "scheduled"  # at
STOPPED = "stopped"
FINISHED = "finished"
ENGINE_OFF = "engine_off"  # since
DIALLING = "dialling"  # cps
PROMPT_MISSING = "prompt_missing"  # switch
NO_CREDIT = "no_credit"
NOT_ALLOWED = "not_allowed"  # reason

NOT_APPROVED = "not_approved"  # reason
CAPPED = "capped"  # reason
CALLER_ID = "caller_id"  # reason
CALLER_RANGE = "caller_range"  # range
PREPARING = "preparing"  # left
UNSERVED = "unserved"  # prefix
NOT_DUE = "not_due"  # at


class Speaker(Protocol):
    """Whoever a reason is noted on (a campaign that is being dialled)."""

    reason: str
    details: dict[str, Any]


def say(run: Speaker, reason: str, **details: Any) -> None:
    """Note the binding reason; the latest word counts."""
    run.reason, run.details = reason, details


def clear(run: Speaker) -> None:
    """It is being dialled: nothing stands in its way."""
    run.reason, run.details = "", {}


SENTENCES: dict[str, tuple[str, str]] = {
    DIALLING: ("Dialling at {cps} calls a second.", "در حال شماره‌گیری با {cps} تماس در ثانیه."),
    WINDOW: ("The calling window is closed until {until}.", "ساعت مجاز تماس تا {until} بسته است."),
    DATABASE: (
        "The database does not take writes, so nobody is called: {error}",
        "پایگاه داده نمی‌نویسد، پس با کسی تماس گرفته نمی‌شود: {error}",
    ),
    SWITCH_DOWN: (
        "No switch is up ({switches}; down since {since}).",
        "هیچ سوییچی در دسترس نیست ({switches}؛ از {since}).",
    ),
    NO_GATEWAY: ("No gateway serves it: {names}.", "هیچ درگاهی آن را نمی‌برد: {names}."),
    DRAINING: ("All its gateways are being drained: {names}.", "همه درگاه‌های آن در حال تخلیه‌اند: {names}."),
    SWITCH_DRAINING: (
        "All its switches are being drained: {switches}.",
        "همه سوییچ‌های آن در حال تخلیه‌اند: {switches}.",
    ),
    GATEWAY_RATE: (
        "Gateway {gateway} is at its {cps} calls a second.",
        "درگاه {gateway} به سقف {cps} تماس در ثانیه رسیده است.",
    ),
    GATEWAY_CHANNELS: (
        "Gateway {gateway} has all its {channels} channels in use.",
        "هر {channels} کانال درگاه {gateway} در حال استفاده است.",
    ),
    GATEWAY_FAILING: (
        "Gateway {gateway} fails nearly every call; it is tried with single calls until it is back.",
        "درگاه {gateway} تقریباً همه تماس‌ها را رد می‌کند؛ با تک‌تماس آزموده می‌شود تا برگردد.",
    ),
    GATEWAY_DETOUR: (
        "Gateway {gateway} fails nearly every call and is left alone; it goes on by {others} at {cps} calls a second.",
        "درگاه {gateway} تقریباً همه تماس‌ها را رد می‌کند و کنار گذاشته شد؛ با {others} ادامه دارد، {cps} تماس در ثانیه.",
    ),
    GATEWAY_REFUSED: (
        "Gateway {gateway} is not accepted by its carrier (user name, password or caller id); nobody is called by it.",
        "اپراتور درگاه {gateway} را نمی‌پذیرد (نام کاربری، گذرواژه یا شماره نمایشی)؛ با آن تماسی گرفته نمی‌شود.",
    ),
    NO_KEYS: (
        "Keys that are pressed do not arrive by its gateways ({names}), and it offers a vote or the opt-out; nobody is called.",
        "کلیدهایی که فشرده می‌شوند از درگاه‌های آن ({names}) نمی‌رسند و این کارزار رأی یا انصراف دارد؛ با کسی تماس گرفته نمی‌شود.",
    ),
    ROUTE_LOST: (
        "Nearly every number of this campaign fails on gateway {gateway} without ringing ({cause}); the rest of the list"
        " is held back, and single calls try whether it is back.",
        "تقریباً همه شماره‌های این کارزار در درگاه {gateway} بی‌آن‌که زنگ بخورند ناموفق می‌شوند ({cause})؛ بقیه فهرست"
        " نگه داشته شده است و با تک‌تماس آزموده می‌شود.",
    ),
    GATEWAY_SLOWED: (
        "Gateway {gateway} is congested and is given {cps} of its {full} calls a second.",
        "درگاه {gateway} شلوغ است و {cps} از {full} تماس در ثانیه به آن داده می‌شود.",
    ),
    SWITCH_BUSY: (
        "Switch {switch} has only {idle} % of its processor idle, so it is given less.",
        "تنها {idle}٪ پردازنده سوییچ {switch} آزاد است، پس کمتر به آن داده می‌شود.",
    ),
    SWITCH_RATE: (
        "Switch {switch} is at the {cps} calls a second that it is given.",
        "سوییچ {switch} به سقف {cps} تماس در ثانیه رسیده است.",
    ),
    SWITCH_SESSIONS: (
        "Switch {switch} has all the {sessions} sessions that it is given in use.",
        "هر {sessions} نشست سوییچ {switch} در حال استفاده است.",
    ),
    OWN_CHANNELS: (
        "The campaign's own limit of {limit} calls at once is reached.",
        "سقف {limit} تماس هم‌زمان خود کارزار پر است.",
    ),
    OWN_RATE: (
        "The campaign's own limit of {cps} calls a second is reached.",
        "سقف {cps} تماس در ثانیه خود کارزار پر است.",
    ),
    ACCOUNT_CHANNELS: (
        "The account has all its {limit} calls at once in use.",
        "هر {limit} تماس هم‌زمان این حساب در حال استفاده است.",
    ),
    ACCOUNT_RATE: (
        "The account is at its {cps} calls a second.",
        "این حساب به سقف {cps} تماس در ثانیه رسیده است.",
    ),
    RETRY: ("Waiting for retries; the next is due at {at}.", "در انتظار تلاش دوباره؛ نوبت بعدی {at}."),
    LAST_CALLS: ("The last {live} calls are up.", "آخرین {live} تماس برقرار است."),
    PAUSED: ("Paused: {reason}.", "مکث: {reason}."),
    NOT_STARTED: ("It has not been started.", "هنوز آغاز نشده است."),
    SCHEDULED: ("It starts at {at}.", "در {at} آغاز می‌شود."),
    STOPPED: ("It was stopped.", "متوقف شده است."),
    FINISHED: ("It is finished.", "پایان یافته است."),
    ENGINE_OFF: (
        "No engine has reported on it since {since}; is one running?",
        "از {since} هیچ موتوری از آن خبری نداده است؛ آیا موتور روشن است؟",
    ),
    PROMPT_MISSING: (
        "Switch {switch} has no file of the message; paused so that nobody is called in vain.",
        "فایل پیام روی سوییچ {switch} نیست؛ مکث شد تا بیهوده با کسی تماس گرفته نشود.",
    ),
    NO_CREDIT: (
        "Paused: the credit is used up; it goes on by itself after a top-up.",
        "مکث: اعتبار تمام شده است؛ پس از افزایش اعتبار خودبه‌خود ادامه می‌یابد.",
    ),
    NOT_ALLOWED: (
        "Paused: the account may not send. {reason}.",
        "مکث: حساب اجازهٔ ارسال ندارد. {reason}.",
    ),
    NOT_APPROVED: ("Paused: {reason}.", "مکث: {reason}."),
    CAPPED: ("Paused against misuse: {reason}.", "مکث برای جلوگیری از سوءاستفاده: {reason}."),
    CALLER_ID: ("Paused: {reason}.", "مکث: {reason}."),
    CALLER_RANGE: (
        "Advertising is called from numbers that begin with {range}; no gateway of it shows one.",
        "تماس تبلیغاتی با شماره‌ای انجام می‌شود که با {range} آغاز شود؛ هیچ درگاهی چنین شماره‌ای ندارد.",
    ),
    UNSERVED: (
        "No gateway that it may use serves the numbers that are left; they begin with {prefix}.",
        "هیچ درگاهی که می‌تواند به کار ببرد شماره‌های مانده را نمی‌برد؛ با {prefix} آغاز می‌شوند.",
    ),
    NOT_DUE: (
        "Nobody is due before {at}: those who are left were called lately, or often enough today.",
        "تا {at} نوبت کسی نیست: با باقی‌مانده‌ها به‌تازگی، یا امروز به اندازهٔ سقف، تماس گرفته شده است.",
    ),
    PREPARING: (
        "The recipients' own messages are being made; {left} are left.",
        "پیام‌های ویژهٔ گیرندگان ساخته می‌شود؛ {left} مانده است.",
    ),
}


def sentence(reason: str, details: dict[str, Any], language: str = "en") -> str:
    """The reason in words; instants in `details` must have been made text by the caller."""
    english, persian = SENTENCES.get(reason, ("{reason}", "{reason}"))
    shown = {key: str(value).rstrip(".") for key, value in details.items()}
    return (persian if language == "fa" else english).format_map({"reason": reason, **shown})


INSTANTS = frozenset({"until", "since", "at"})  # details that are milliseconds
