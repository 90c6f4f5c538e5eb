"""tools/flame: the plugin of QEMU that counts instructions, and its profile."""

import sys

from machine import ROOT

sys.path.insert(0, str(ROOT / "tools"))

from measure import profile  # noqa: E402
from measure.run import Run  # noqa: E402

COUNTS = """mark 30 10 locked=4
mark 50 10 locked=4 cr3=2
stack 60 100.0 a0
stack 20 200.1 a0 b0
block 100.0 100 101 102
block 200.1 200 201
"""
NAMES = {0xa0: ("outer",), 0xb0: ("callee",), 0x100: ("outer",), 0x101: ("outer", "inlined"),
         0x102: ("outer", "inlined"), 0x200: ("callee",), 0x201: ("callee",)}


def counts_are_divided_by_samples_and_operations():
    counted = profile.parse(COUNTS.splitlines(), Run(), 2, lambda addresses: {
        address: NAMES[address] for address in addresses})
    # Two samples of two operations.
    assert counted.stacks == {("outer",): 5, ("outer", "inlined"): 10, ("outer", "callee"): 5}
    text = profile.table(counted, 10)
    assert "20.0 instructions of the kernel for each operation, 5.0 of the program" in text, text
    assert "locked 2.00, cr3 0.50" in text, text


def calls_are_followed_into_the_kernel_and_over_switches():
    counted = profile.count("pipe_roundtrip")
    operations = counted.operations * len(counted.marks)
    total = sum(kernel for kernel, _, _ in counted.marks) / operations
    of_stacks = sum(counted.stacks.values())
    # The figure counts the same instructions, and those of the program.
    figure = counted.run.figures["pipe_roundtrip"].median
    of_program = sum(program for _, program, _ in counted.marks) / operations
    assert abs(total + of_program - figure) < 0.02 * figure, (total, of_program, figure)
    assert abs(of_stacks - total) < 0.02 * total, (of_stacks, total)
    outermost = {stack[0] for stack in counted.stacks}
    of_calls = sum(count for stack, count in counted.stacks.items()
                   if stack[0] == "arch::user::system_call::enter")
    assert of_calls > 0.9 * total, outermost
    # A thread that continues after a switch is still in its own call.
    waits = [stack for stack in counted.stacks if stack[-1] == "task::scheduler::finish"
             or "task::scheduler::finish" in stack]
    assert any(any("read" in function for function in stack) for stack in waits), waits


def add_to(suite):
    for test in (counts_are_divided_by_samples_and_operations,
                 calls_are_followed_into_the_kernel_and_over_switches):
        suite.add(f"profile::{test.__name__}", test)
