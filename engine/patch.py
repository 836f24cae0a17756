"""The one place that patches the standard library for gevent.

Entry points import this module in their first line, before anything that
touches sockets, threads or the database; pytest loads it with
``-p engine.patch``.  No other module patches anything.
"""

from gevent import monkey

monkey.patch_all()


def require_patched() -> None:
    """Refuse to go on in a process whose entry point forgot to patch.

    A half-patched process blocks its hub at the first database or socket call,
    which shows only under load; so it is an error at start.
    """
    if not monkey.is_module_patched("socket"):
        raise RuntimeError("engine.patch must be the first import of the entry point")
