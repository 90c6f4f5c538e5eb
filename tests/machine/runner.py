"""The runner's judgement of tests that end badly: tests/endings.rs."""

from machine import kernel_tests
from machine.images import build_test_kernels

EXPECTED = {
    "endings::hangs": "hung",
    "endings::panics": "FAILED: the kernel stopped",
    "endings::passes": "",
    "endings::resets": "the machine was reset",
    "endings::triple_faults": "triple fault",
}


def bad_ends_are_told_apart():
    kernel = dict(build_test_kernels())["endings"]
    results = kernel_tests.run("endings", kernel, ignored=True, timeout_s=20)
    assert {result.name for result in results} == set(EXPECTED), results
    for result in results:
        assert bool(result.why) == bool(EXPECTED[result.name]), result
        assert EXPECTED[result.name] in result.why, result
    panic = next(result for result in results if result.name == "endings::panics")
    assert "tests/endings.rs" in panic.output and "with this message" in panic.output, panic


def filter_reaches_the_kernel():
    kernel = dict(build_test_kernels())["endings"]
    results = kernel_tests.run("endings", kernel, "expected_panic")
    assert [result.name for result in results] == ["endings::expected_panic"], results


def add_to(suite):
    suite.add("runner::bad_ends_are_told_apart", bad_ends_are_told_apart)
    suite.add("runner::filter_reaches_the_kernel", filter_reaches_the_kernel)
