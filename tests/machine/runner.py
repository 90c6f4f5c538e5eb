"""The runner's outcomes for tests that fail in different ways: tests/endings.rs."""

import functools
import re

from machine import kernel_tests
from machine.images import build_test_kernels
from machine.tools import call

EXPECTED = {
    "endings::computes_for_ever": "hung: the machine computes, or waits, for too long",
    "endings::hangs": "hung: all CPUs halt with interrupts off",
    "endings::panics": "FAILED: the kernel stopped",
    "endings::passes": "",
    "endings::resets": "the machine was reset",
    "endings::triple_faults": "triple fault",
}


# The CPU time that a test may take: many times that of these tests that end.
HANG_CPU_S = 4


@functools.cache
def kernel():
    """Builds the kernel; returns its path."""
    return dict(build_test_kernels("test", "--test", "endings"))["endings"]


def ends_are_distinguished():
    results = kernel_tests.run("endings", kernel(), kernel_tests.Selection(ignored="ignored"),
                               hang_cpu_s=HANG_CPU_S)
    assert {result.name for result in results} == set(EXPECTED), results
    for result in results:
        assert bool(result.why) == bool(EXPECTED[result.name]), result
        assert EXPECTED[result.name] in result.why, result
    panic = next(result for result in results if result.name == "endings::panics")
    assert "tests/endings.rs" in panic.output and "with this message" in panic.output, panic


ENDINGS = ["endings::" + name for name in
           ("computes_for_ever", "expected_panic", "expected_triple_fault", "hangs", "panics", "passes", "resets", "triple_faults")]


def called(*arguments):
    """Returns the status and the output of cargo's runner for the kernel of endings."""
    done = call("runner", kernel(), *arguments)
    return done.returncode, done.stdout + done.stderr


def tests_are_selected_as_in_any_rust_test():
    """Selects tests by names, exact names, and names to skip. The other tests are
    counted."""
    for arguments, ran, counts in (
            (["expected_panic"], ["expected_panic"], "0 ignored; 0 measured; 7 filtered out"),
            (["--ignored", "--skip", "hangs", "--skip=s::panics", "--skip", "e"], [],
             "0 ignored; 0 measured; 8 filtered out"),
            (["--ignored", "--exact", "endings::passes", "panics"], ["passes"],
             "0 ignored; 0 measured; 7 filtered out"),
            (["panic", "pass"], ["expected_panic"], "2 ignored; 0 measured; 5 filtered out"),
            (["--include-ignored", "--nocapture", "--test-threads", "1", "pass", "expected"],
             ["expected_panic", "expected_triple_fault", "passes"], "0 ignored; 0 measured; 5 filtered out")):
        status, text = called(*arguments)
        assert re.findall(r"^test endings::(\w+) \.\.\. ok$", text, re.M) == ran, (arguments, text)
        assert f"{len(ran)} passed; 0 failed; {counts}\n" in text and not status, (arguments, text)


def tests_are_listed_and_not_run():
    status, text = called("--list")
    assert text == "\n".join(f"{name}: test" for name in ENDINGS) + "\n\n8 tests, 0 benchmarks\n"
    assert status == 0
    _, text = called("--list", "--ignored", "--skip", "a", "--skip", "for_ever")
    assert text.splitlines() == ["endings::resets: test", "", "1 test, 0 benchmarks"], text


def unknown_options_are_refused():
    for arguments in (["--nonsense"], ["x" * 200], ["a"] * 9):
        status, text = called(*arguments)
        assert status == 2 and text and "running" not in text, (arguments, text)


def add_to(suite):
    for test in (ends_are_distinguished, tests_are_selected_as_in_any_rust_test,
                 tests_are_listed_and_not_run, unknown_options_are_refused):
        suite.add(f"runner::{test.__name__}", test)
