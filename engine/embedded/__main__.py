"""``python -m engine.embedded``: one embedded switch in a separate process.

It does not use gevent: its loop is a single epoll (see ``server``).
"""

from __future__ import annotations

import logging
import sys

from engine.embedded.options import parse_argv
from engine.embedded.server import Server
from engine.errors import AvanakError


def main() -> int:
    """Runs until a signal.  Exit status: 2 for bad input, 1 when the port or a log cannot be opened."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        options, until_stdin_closes = parse_argv(sys.argv[1:])
        server = Server(options, until_stdin_closes)
        server.run()
    except AvanakError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_status
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        sys.stderr.write(f"the embedded switch cannot go on: {error.strerror or error}{where}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
