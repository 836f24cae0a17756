"""Every text has its Persian and names the same values; errors are raised with a form, never with a made sentence."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from scripts import translations

NAMED = re.compile(r"%\((\w+)\)(.)")


@cache
def persian() -> Catalog:
    with translations.PO.open("rb") as file:
        return read_po(file, locale="fa")


def named(text: str) -> set[str]:
    return {name for name, _ in NAMED.findall(text)}


@cache
def texts() -> tuple[tuple[str, str], ...]:
    """(form, Persian) of all that is extracted from the source."""
    found = []
    for message in translations.template():
        if message.id:
            known = persian().get(message.id, message.context)
            found.append((str(message.id), str(known.string) if known else ""))
    return tuple(found)


def test_every_text_has_its_persian() -> None:
    assert len(texts()) > 1800
    assert [form for form, said in texts() if not said] == [], "run scripts/translations.py"


def test_the_compiled_catalog_is_that_of_the_source() -> None:
    with translations.PO.with_suffix(".mo").open("rb") as file:
        compiled = read_mo(file)
    assert {(m.id, m.context and m.context.decode()): m.string for m in compiled if m.id} == {
        (m.id, m.context): m.string for m in persian() if m.id and m.string
    }, "run scripts/translations.py"


# Values that Persian readers are spared: technical English, names of fields, lists of codes.
SPARED = {"why", "where", "what", "known", "allowed", "english", "key"}


def test_the_persian_names_the_same_values() -> None:
    differ = {}
    for form, said in texts():
        if said and (named(said) - named(form) or (named(form) - named(said)) - SPARED):
            differ[form] = said
    assert differ == {}


def test_values_are_written_as_texts() -> None:
    """A value comes as the reader's text: ``%(n)d`` could not hold Persian digits."""
    assert [form for form, said in texts() for _, kind in NAMED.findall(form + said) if kind != "s"] == []


LATIN = re.compile(r"[A-Za-z]{2,}")
# Names, and what is typed as it stands.
NAMES = re.compile(
    r"%\(\w+\)s|%%|\{\w+(:\w+)?\}|UTF-8|UTF-16|Windows-1256|XLSX|XML|CSV|TSV|TXT|csv|xlsx|PDF|JPEG|PNG|GIF|RTF|RAR"
    r"|7-Zip|gzip|WAV|MP3|M4A|OGG|WebM|WMA|AMR|FLAC|DOCX|AnyDesk|TeamViewer|HTTPS?|JSON|CDR|SIP|CPS|IP|API|ZIP"
    r"|WebP|UTF-7|dBase|DBF|LDIF|Thunderbird"
    r"|UTF-32|NUL|bzip2|xz|Access|Parquet|HTML|vCard|Google Contacts|Outlook|Numbers|Tab|LUFS|dBFS|Authenticator|A-law"
    r"|AVANAK_[A-Z_]+(=true)?|digits|null|4h|90m|3d|T09|send-records|avanak|Telegram|ptime|ODS|XLSB?|TOTP|QR|URL"
    r"|QuickSend|create_campaign|Authorization: Bearer avk_|Idempotency-Key|ASCII|application/x-ndjson|text/csv|number|cursor|key"
    r"|true|false|T09:30:00|NDJSON|https://example\.com/\w+|Standard Webhooks|2xx|SYLK|DIF|(?<=«)%\(url\)s"
    r"|message_id|\btext\b|Content-Type: application/json"
    r"|PCM[AU]|G729|S?RTP|SDP|NAT|TLS|DNS|conf install|fsctl (pause|resume)|sps|max_sessions"
)


def test_the_persian_holds_no_english() -> None:
    assert {said for _, said in texts() if LATIN.search(NAMES.sub("", said))} == set()


# An error may be given a sentence that was made elsewhere, by a form of its own, or a reason that is not ours to word.
GIVEN = {
    "sentence": "engine.amounts: the caller's Sentence; switch_conf: said at a terminal",
    "error.sentence": "what another error said",
    "found.sentence": "why a number is none",
    "number.sentence": "why a number is none",
    "refused": "start_checks.refusal",
    "refused.sentence": "the writer's fault, once for each who waits",
    "_not_now(AccountState(row.state))": "a Sentence",
    "busy": "said at the start",
    "reason": "why a link went down",
    "self.down_reason": "why a link went down",
    "message": "engine.errors itself",
    "text": "engine.sentences itself",
    "id_": "engine.sentences itself",
    "_FAULTS[fault]": "a Sentence of engine.services.trunks.registrations",
    "kind": "a finding that has no words",
    "words": "a finding's subject that has no words",
    **dict.fromkeys(
        ("_AGAIN", "_TODAY", "_ACCOUNT", "_FROM_HERE", "_ALL", "_NIGHT"), "engine.services.campaigns.codes"
    ),
    **dict.fromkeys(
        ("_APPROVED", "_REJECTED", "_LOW", "_ENDED_SUBJECT", "_STOPPED_SUBJECT", "subject"),
        "engine.services.notices.own_events",
    ),
    **dict.fromkeys(
        (
            "_OUTAGE",
            "_DOUBTS",
            "_FAILING",
            "_NO_ENGINE",
            "_DOWN",
            "_FAULTY",
            "_UNHEARD",
            "_NO_RECORDS",
            "_UNREACHED",
        ),
        "engine.services.overview.alarms",
    ),
    "_SENTENCES[self]": "a table of Sentences",
    "found.id": "a table of Sentences",
    "form": "a Sentence of a table, or engine.sentences itself",
    "_FIELD": "a Sentence",
    "wanted.number.sentence": "why a number is none",
    "Reason.DO_NOT_CALL.sentence": "why a number is none",
    "_SENTENCES[self.kind]": "a table of Sentences",
    "_FAULTS[self.fault]": "a table of Sentences",
    "_SUBJECTS[what]": "a table of Sentences",
    "engine.switchboard.last_error() or 'No switch answered within 10 s.'": "benches",
}
OWN_ARGUMENTS = {"SendingRefused", "NoCredit", "TokenRefused"}  # they make their sentence themselves


def raised() -> Iterator[tuple[str, ast.expr]]:
    errors = set(translations.error_classes()) - OWN_ARGUMENTS
    for path, tree in translations.sources():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name | ast.Attribute):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            if name in errors | {"Sentence", "kept"} and node.args:
                yield f"{path.relative_to(translations.ROOT)}:{node.lineno}", node.args[0]


def test_errors_are_raised_with_a_form() -> None:
    seen, wrong = 0, []
    for where, given in raised():
        seen += 1
        if not isinstance(given, ast.Constant) and ast.unparse(given) not in GIVEN:
            wrong.append(f"{where}: {ast.unparse(given)}")
    assert seen > 700
    assert wrong == []
