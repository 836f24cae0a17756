"""The auditor's findings in words, for the staff's page, in both languages; the log says the details in English."""

from __future__ import annotations

# kind of `engine.store.findings.Finding` -> (English, Persian)
_WORDS: dict[str, tuple[str, str]] = {
    "seats": ("Seats taken and calls in memory differed.", "جاهای گرفته‌شده با تماس‌های درون حافظه نمی‌خواند."),
    "run": (
        "A campaign's live calls were counted wrong in memory.",
        "شمار تماس‌های زندهٔ کارزار در حافظه نادرست بود.",
    ),
    "counts": ("The kept counts differed from the recipients.", "شمارهای نگه‌داشته‌شده با گیرندگان نمی‌خواند."),
    "live_without_attempt": (
        "Recipients are in a call that does not exist.",
        "گیرندگانی در تماسی هستند که وجود ندارد.",
    ),
    "attempt_without_recipient": (
        "Open calls belong to no recipient.",
        "تماس‌های بازی به هیچ گیرنده‌ای تعلق ندارند.",
    ),
    "not_final": (
        "A finished campaign has recipients without an end.",
        "کارزار پایان‌یافته گیرندهٔ بی‌سرانجام دارد.",
    ),
    "attempt_unfollowed": (
        "An open call was followed by nobody; the switch is asked.",
        "تماسی باز بی‌پیگیری مانده بود؛ از سوییچ پرسیده می‌شود.",
    ),
    "switch_unserved": (
        "A switch is served by no engine; its calls were ended as lost.",
        "سوییچی بی‌موتور است؛ تماس‌هایش ازدست‌رفته شمرده شد.",
    ),
    "call_gone": (
        "Calls were not on the switch any more, and no event had said so.",
        "تماس‌هایی دیگر روی سوییچ نبود و رویدادی نیامده بود.",
    ),
    "channel_after_end": (
        "Calls were still up after their end in the books; they were hung up.",
        "تماس‌هایی پس از پایان در دفتر هنوز برقرار بود؛ قطع شد.",
    ),
    "attempt_counts": ("The kept counts differed from the calls.", "شمارهای نگه‌داشته‌شده با تماس‌ها نمی‌خواند."),
    "tries": ("Recipients have other tries than calls.", "شمار تلاش گیرندگان با تماس‌هایشان نمی‌خواند."),
    "money_unbalanced": ("A booking's entries do not sum to zero.", "جمع آرتیکل‌های یک سند صفر نیست."),
    "money_balance": (
        "A kept balance differs from its entries.",
        "ماندهٔ نگه‌داشته‌شده با آرتیکل‌هایش نمی‌خواند.",
    ),
    "money_held": (
        "What a campaign holds differs from its entries.",
        "وجه کنارگذاشتهٔ کارزار با آرتیکل‌هایش نمی‌خواند.",
    ),
    "money_short": (
        "What a campaign holds does not cover the calls that are up.",
        "وجه کنارگذاشته بهای تماس‌های برقرار را نمی‌پوشاند.",
    ),
    "money_left_open": (
        "A campaign that is over held money.",
        "کارزاری که تمام شده هنوز وجه کنارگذاشته داشت.",
    ),
    "money_price": ("A call was not charged its price, once.", "بهای تماسی درست و یک‌بار برداشت نشده است."),
    "money_charge": (
        "A booking earned something else than its calls cost.",
        "درآمد یک سند با بهای تماس‌هایش نمی‌خواند.",
    ),
}
_SUBJECTS: dict[str, str] = {
    "campaign": "کارزار",
    "switch": "سوییچ",
    "gateway": "درگاه",
    "account": "حساب",
    "booking": "سند",
    "attempt": "تماس",
}


def describe(kind: str, language: str = "en") -> str:
    """What a kind of finding means; the kind itself when it has no words."""
    english, persian = _WORDS.get(kind, (kind, kind))
    return persian if language == "fa" else english


def subject(words: str, language: str = "en") -> str:
    """What it was found on: ``campaign 7``, or «کارزار 7»."""
    what, _, name = words.partition(" ")
    return f"{_SUBJECTS.get(what, what)} {name}" if language == "fa" else words
