"""The server itself: a port of its own, a port in use, stopping."""

from __future__ import annotations

import socket

import pytest
import requests

from engine.errors import BadInput, EngineBusy
from webui.server import serve


def test_it_serves_and_stops(app) -> None:
    server = serve(app, "127.0.0.1", 0)
    answer = requests.get(f"{server.url}/healthz", timeout=5)
    assert answer.json() == {"status": "ok"}
    assert "Server" not in answer.headers
    server.stop(1)
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{server.url}/healthz", timeout=5)


def test_a_port_in_use_is_one_sentence(app) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(EngineBusy, match="AVANAK_WEB_PORT"):
            serve(app, "127.0.0.1", taken.getsockname()[1])
    with pytest.raises(BadInput, match="cannot listen"):
        serve(app, "192.0.2.1", 0)
