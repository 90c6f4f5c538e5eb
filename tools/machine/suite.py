"""Tests as functions, run side by side, each with one line of outcome."""

import concurrent.futures
import time
import traceback

WORKERS = 2


class Suite:
    """Gathers tests and runs them.

    A test is a function without arguments; it fails by an exception.
    """

    def __init__(self):
        self._tests = []

    def add(self, name, function):
        """Adds a test."""
        self._tests.append((name, function))

    def test(self, function):
        """Adds the function as a test: a decorator."""
        area = function.__module__.rpartition(".")[2]
        self.add(f"{area}::{function.__name__}", function)
        return function

    def run(self, filter_text=""):
        """Runs the tests with `filter_text` in their name; returns the numbers of
        those that passed and failed."""
        tests = [test for test in self._tests if filter_text in test[0]]
        passed = failed = 0
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            pending = {pool.submit(_run_one, function): name for name, function in tests}
            for done in concurrent.futures.as_completed(pending):
                why, seconds = done.result()
                print(f"test {pending[done]} ... {'FAILED' if why else 'ok'} ({seconds:.1f} s)",
                      flush=True)
                if why:
                    print(why, flush=True)
                    failed += 1
                else:
                    passed += 1
        return passed, failed


def _run_one(function):
    start = time.monotonic()
    try:
        function()
        why = ""
    except Exception:  # noqa: BLE001 - whatever it is, the test has failed
        why = traceback.format_exc()
    return why, time.monotonic() - start
