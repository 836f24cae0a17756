"""A messenger's bot API on a free port: records what is posted, answers what it is told."""

from __future__ import annotations

import json
from typing import Any

from gevent.pywsgi import WSGIServer

OK = (200, {"ok": True, "result": {"message_id": 1}})


class BotServer:
    """`posted` holds (path, JSON) of each request; `answers` by chat, else ok."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, list[tuple[int, Any]]] = {}
        self._server = WSGIServer(("127.0.0.1", 0), self._answer, log=None)
        self._server.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._server.stop(timeout=1)

    def texts(self, chat: str) -> list[str]:
        return [body["text"] for _, body in self.posted if body["chat_id"] == chat]

    def _answer(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = json.loads(environ["wsgi.input"].read())
        self.posted.append((environ["PATH_INFO"], body))
        queue = self.answers.get(body["chat_id"])
        status, content = queue.pop(0) if queue else OK
        start_response(f"{status} X", [("Content-Type", "application/json")])
        return [content if isinstance(content, bytes) else json.dumps(content).encode()]
