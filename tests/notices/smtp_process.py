"""A mail server (aiosmtpd) in a process of its own, as asyncio and gevent do not share one.

Run as a script it is the server: one JSON line for each message it took, to standard output.
"""

from __future__ import annotations

import json
import subprocess
import sys
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any


class SmtpProcess:
    """`messages()` are those that arrived; an address that begins with ``no`` is refused, ``later`` put off."""

    def __init__(self, folder: Path, **options: str) -> None:
        self._seen = folder / "smtp.jsonl"
        arguments = [f"{key}={value}" for key, value in options.items()]
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(self._seen), *arguments], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def messages(self) -> list[dict[str, Any]]:
        return (
            [json.loads(line) for line in self._seen.read_text().splitlines()] if self._seen.exists() else []
        )

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


def main(seen: str, **options: str) -> None:
    import asyncio
    import ssl

    from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

    class Handler:
        async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, _: Any) -> str:
            if address.startswith("no"):
                return "550 5.1.1 there is no such mailbox"
            if address.startswith("later"):
                return "451 4.3.0 come back later"
            envelope.rcpt_tos.append(address)
            return "250 OK"

        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
            mail = message_from_bytes(envelope.content, policy=default)
            record = {
                "to": envelope.rcpt_tos,
                "from": str(mail["From"]),
                "subject": str(mail["Subject"]),
                "id": str(mail["Message-ID"]),
                "text": mail.get_content(),
                "tls": session.ssl is not None,
                "login": (session.auth_data.login.decode() if session.auth_data else ""),
            }
            with open(seen, "a") as file:
                file.write(json.dumps(record) + "\n")
            return "250 OK"

    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> Any:
        good = isinstance(data, LoginPassword) and data.password.decode() == options.get("password")
        return AuthResult(success=good, handled=False, auth_data=data)

    context = None
    if "cert" in options:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options["cert"], options["key"])

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: SMTP(
                Handler(),
                hostname="localhost",
                tls_context=context,
                authenticator=check if "password" in options else None,
                auth_require_tls=context is not None,
                loop=loop,
            ),
            "127.0.0.1",
            0,
        )
        sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
        sys.stdout.flush()
        await server.serve_forever()

    asyncio.run(serve())


if __name__ == "__main__":
    main(sys.argv[1], **dict(argument.split("=", 1) for argument in sys.argv[2:]))
