"""Runs tests, which are functions, in parallel, and prints a line for each outcome."""

import concurrent.futures
import dataclasses
import os
import traceback

from . import cost

# One more than the host has CPUs, because tests also wait for disks and idle machines.
WORKERS = (os.cpu_count() or 1) + 1


@dataclasses.dataclass
class Outcome:
    """The outcome of one test; `why` is empty if it passed."""
    name: str
    why: str
    cost: cost.Cost

    def report(self):
        """Prints the outcome."""
        print(f"test {self.name} ... {'FAILED' if self.why else 'ok'} ({self.cost})", flush=True)
        if self.why:
            print(self.why, flush=True)

    def report_failure(self):
        """Prints the outcome if the test has failed."""
        if self.why:
            self.report()


class Suite:
    """Collects tests and runs them.

    A test is a function without arguments; it fails if it raises an exception.
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

    def run(self, filter_text="", report=Outcome.report, wants_passed=True):
        """Runs the tests with `filter_text` in their name; returns their outcomes, or without
        `wants_passed` only those of failed tests. Calls `report` with each outcome at the end
        of its test."""
        outcomes = []
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            pending = [pool.submit(_run_one, name, function)
                       for name, function in self._tests if filter_text in name]
            for done in concurrent.futures.as_completed(pending):
                outcomes.append(done.result())
                report(outcomes[-1])
        return [outcome for outcome in outcomes if wants_passed or outcome.why]


def _run_one(name, function):
    with cost.measured() as spent:
        try:
            function()
            why = ""
        except Exception:  # noqa: BLE001 - any exception fails the test
            why = traceback.format_exc()
    return Outcome(name, why, spent)
