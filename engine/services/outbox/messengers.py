"""Telegram's bot API and its Iranian counterparts through one HTTP provider; the differences are data.

Telegram and Bale: ``POST {base}/bot{token}/sendMessage`` with JSON ``chat_id``
and ``text``; Eitaa (eitaayar): ``POST {base}/api/{token}/sendMessage``, the
same fields.  All answer ``{"ok": true, …}`` or ``{"ok": false, "description": …}``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests

from engine.errors import BadInput
from engine.sentences import kept
from engine.services.outbox.deliveries import Outcome
from engine.store.tables.support import Delivery

TIMEOUT_S = (5.0, 15.0)  # to connect, to answer


@dataclass(frozen=True, slots=True)
class Flavour:
    """What one messenger does differently from the others."""

    base_url: str
    path: str  # with {token}
    max_text: int


FLAVOURS: dict[str, Flavour] = {
    "telegram": Flavour("https://api.telegram.org", "/bot{token}/sendMessage", 4096),
    "bale": Flavour("https://tapi.bale.ai", "/bot{token}/sendMessage", 4096),
    "eitaa": Flavour("https://eitaayar.ir", "/api/{token}/sendMessage", 4096),
}


class Messenger:
    """One bot."""

    def __init__(self, name: str, token: str, base_url: str = "") -> None:
        self._flavour = FLAVOURS[name]
        self._token = token
        base = base_url or self._flavour.base_url
        self._url = base.rstrip("/") + self._flavour.path.format(token=token)
        self._host = urlsplit(base).netloc

    def send(self, items: Sequence[Delivery]) -> Iterator[Outcome]:
        """Send the messages; the outcome of each.  Blocks on the network; the token is in no error."""
        with requests.Session() as session:
            for index, item in enumerate(items):
                text = f"{item.subject}\n\n{item.text}" if item.subject else item.text
                try:
                    answer = session.post(
                        self._url,
                        json={"chat_id": item.address, "text": text[: self._flavour.max_text]},
                        timeout=TIMEOUT_S,
                        allow_redirects=False,
                    )
                except requests.RequestException as error:
                    # Its text holds the address with the token; the kind of error says enough.
                    for left in items[index:]:
                        yield Outcome(
                            left.id,
                            kept(
                                "%(host)s does not answer (%(why)s)",
                                host=self._host,
                                why=type(error).__name__,
                            ),
                        )
                    return
                yield self._outcome(item, answer)

    def _outcome(self, item: Delivery, answer: requests.Response) -> Outcome:
        try:
            content = answer.json()
        except ValueError:
            content = None
        if not isinstance(content, dict):
            return Outcome(
                item.id,
                kept("%(host)s answered HTTP %(n)s without JSON", host=self._host, n=answer.status_code),
            )
        if answer.ok and content.get("ok") is True:
            return Outcome(item.id)
        code = content.get("error_code")
        code = code if isinstance(code, int) else answer.status_code
        said = str(content.get("description") or "no reason given").replace(self._token, "…")
        parameters = content.get("parameters")
        wait = parameters.get("retry_after") if isinstance(parameters, dict) else None
        return Outcome(
            item.id,
            f"{self._host}: {code} {said}",
            # 400 and 403 are about this chat; 401 and 404 are about the token, which staff can mend.
            is_final=code in (400, 403),
            retry_after_s=float(wait) if isinstance(wait, int | float) else None,
        )


def parse_messengers(text: str) -> dict[str, Messenger]:
    """Bots from ``telegram=TOKEN bale=TOKEN@https://other.base``; BadInput never shows a token."""
    found: dict[str, Messenger] = {}
    for word in text.split():
        name, _, rest = word.partition("=")
        token, _, base = rest.partition("@")
        if name not in FLAVOURS or not token:
            raise BadInput(
                "AVANAK_MESSENGERS: expected NAME=TOKEN or NAME=TOKEN@URL with a name of %(flavours)s.",
                flavours=list(FLAVOURS),
            )
        if base and urlsplit(base).scheme not in ("http", "https"):
            raise BadInput("AVANAK_MESSENGERS: the address of %(name)s begins with https://.", name=name)
        found[name] = Messenger(name, token, base)
    return found
