"""A sender of web hooks in a process of its own: ``DATABASE OFFSET_MS``; it is ended by whoever began it."""

from __future__ import annotations

import engine.patch  # isort: skip

import sys

import gevent

from engine.clock import wall_ms
from engine.runtime.webhook_sender import WebhookSender
from engine.sealing import SecretBox
from engine.services.outbox.outside import parse_networks
from engine.services.webhooks import hooks
from engine.store import database, threads
from engine.store.writer import Writer

__all__ = ["engine"]

BOX = SecretBox(["a secret key of the tests"])


def main() -> None:
    database.open_database(sys.argv[1])
    writer = Writer()
    writer.start()
    threads.use_writer(writer)
    threads.write(lambda: hooks.seal_all(BOX))
    offset = int(sys.argv[2])
    sender = WebhookSender(BOX, parse_networks("127.0.0.0/8"), lambda: wall_ms() + offset)
    sender.start()
    gevent.sleep(3600)


if __name__ == "__main__":
    main()
