"""`python -m engine`, which is `avanakctl`."""

import engine.patch  # noqa: F401 - patches for gevent, before anything else is imported

import sys

from engine.cli import main

if __name__ == "__main__":
    sys.exit(main())
