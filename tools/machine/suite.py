"""Runs tests, which are functions, in parallel, and prints a line for each outcome."""

import concurrent.futures
import dataclasses
import itertools
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
        self._groups = []

    def add(self, name, function):
        """Adds a test."""
        def run(_):
            function()
            return {}
        self.add_group([name], run)

    def add_group(self, names, function):
        """Adds the tests with these names. One function gets the names of those to be run, and returns
        {name: why the test has failed}. If it raises an exception, all of them fail. Its cost is that
        of the first one."""
        self._groups.append((names, function))

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
            chosen = (([name for name in names if filter_text in name], function)
                      for names, function in self._groups)
            pending = [pool.submit(_run_group, names, function)
                       for names, function in chosen if names]
            for done in concurrent.futures.as_completed(pending):
                for outcome in done.result():
                    outcomes.append(outcome)
                    report(outcome)
        return [outcome for outcome in outcomes if wants_passed or outcome.why]


def _run_group(names, function):
    failed, spent = _run_once(names, function)
    if failed and spent.crashes:
        # The emulator of a machine has crashed on the host: that says nothing about the kernel.
        print(f"test {names[0]}: QEMU has crashed, the test runs again", flush=True)
        failed, spent = _run_once(names, function)
    costs = itertools.chain([spent], itertools.repeat(cost.Cost()))
    return [Outcome(name, failed.get(name, ""), its_cost) for name, its_cost in zip(names, costs)]


def _run_once(names, function):
    """Returns {name: why the test has failed}, and the cost."""
    with cost.measured() as spent:
        try:
            return function(names), spent
        except Exception:  # noqa: BLE001 - any exception fails the tests
            return dict.fromkeys(names, traceback.format_exc()), spent
