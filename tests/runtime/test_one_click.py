"""A verification by one key: rung, pressed, told with a signature; and what may not be posted to."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest
from gevent.pywsgi import WSGIServer

from engine.clock import wall_ms
from engine.services.accounts import access_tokens
from engine.services.accounts.access_tokens import NewToken
from engine.services.accounts.token_scopes import Scope
from engine.services.numbering.numbers import NormalNumber, normalise
from engine.services.outbox import one_click, outside
from engine.services.outbox.outside import AddressRefused
from engine.store.tables.core import Message
from engine.store.tables.sends import OneClick
from engine.store.threads import read, write
from tests.policies import ANYTHING
from tests.runtime.lab import Lab
from tests.waits import wait_for


def test_it_is_told_once_with_a_signature(start_lab: Callable[..., Lab]) -> None:
    start_lab({"hours_service": "", "sla_probe_s": 0, "own_networks": "127.0.0.0/8"})
    heard: list[tuple[dict[str, Any], bytes]] = []
    answers = iter(("500 Not Now", "200 OK"))

    def take(environ: dict[str, Any], start: Any) -> list[bytes]:
        heard.append((environ, environ["wsgi.input"].read()))
        start(next(answers), [])
        return [b"thank you"]

    server = WSGIServer(("127.0.0.1", 0), take, log=None)
    server.start()
    made = write(lambda: access_tokens.make_for_account(1, NewToken("shop", tuple(Scope)), wall_ms()))
    number = normalise("09121110008")  # who presses 1
    assert isinstance(number, NormalNumber)
    prompt = read(lambda: Message.select().first().prompt)
    url = f"http://127.0.0.1:{server.server_port}/taken?shop=1"
    send_id, code = write(
        lambda: one_click.send(1, made.token_id, number, url, prompt, 4_000, (), wall_ms(), ANYTHING)
    )
    assert code in one_click.DIGITS
    wait_for(lambda: read(lambda: OneClick.get_by_id(send_id).tries) == 1, "the first try")
    write(lambda: OneClick.update(next_at=0).where(OneClick.state == "telling").execute())
    row = wait_for(lambda: read(lambda: OneClick.get_or_none(OneClick.state == "told")), "the telling")
    server.stop()
    assert (row.pressed, row.outcome) == ("1", "Success" if code == "1" else "WrongKey")
    assert len(heard) == 2
    environ, body = heard[-1]
    told = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    assert (told["SendId"], told["Number"], told["Pressed"]) == (str(send_id), "09121110008", "1")
    name, at = environ["HTTP_WEBHOOK_ID"], environ["HTTP_WEBHOOK_TIMESTAMP"]
    key = hashlib.sha256(made.secret.encode()).digest()
    expected = base64.b64encode(hmac.digest(key, f"{name}.{at}.".encode() + body, "sha256")).decode()
    assert environ["HTTP_WEBHOOK_SIGNATURE"] == f"v1,{expected}"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://[::1]/", "http://10.1.2.3/", "http://169.254.169.254/latest", "http://0.0.0.0/",
        "http://[::ffff:127.0.0.1]/", "http://localhost:8080/", "ftp://example.com/", "file:///etc/passwd", "//x",
        "http://user@192.0.2.1/", "http://a b/", "http://224.0.0.1/", "http://x:99999/", "",
    ],
)  # fmt: skip
def test_nothing_of_our_own_is_posted_to(url: str) -> None:
    with pytest.raises(AddressRefused):
        outside.check_url(url)
