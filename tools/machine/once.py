"""What several threads of tests need, and one of them makes."""

import functools
import threading


def once(make):
    """Returns a function without arguments that calls `make` the first time, and always returns
    what that returned. The other threads wait meanwhile."""
    lock = threading.Lock()
    cached = functools.cache(make)

    def made():
        with lock:
            return cached()
    return made
