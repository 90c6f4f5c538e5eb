"""Attaches gdb to a machine."""

import contextlib
import re
import subprocess

from .images import kernel_path
from .waiting import HANG_S


def run(qemu, *commands, keep_stopped=False):
    """Runs gdb's commands on a paused machine; returns gdb's output. When gdb ends, the
    machine continues, except with `keep_stopped`."""
    arguments = ["gdb", "-batch", "-nx", str(kernel_path()), "-ex", "set pagination off",
                 "-ex", "set architecture i386:x86-64", "-ex", "set language c",
                 "-ex", f"target remote {qemu.gdb_socket}"]
    for command in [*commands, *(["disconnect"] if keep_stopped else ["delete", "detach"])]:
        arguments += ["-ex", command]
    return subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, text=True, timeout=HANG_S).stdout


@contextlib.contextmanager
def spinning_at(qemu, function, condition="1"):
    """Runs a paused machine until `function` is called while `condition` is true. The CPU
    then spins there while the block runs. QEMU's devices continue to work, unlike those of
    a stopped machine."""
    text = run(qemu, "set language rust", f"hbreak {function}", "set language c",
               f"condition 1 {condition}", "continue", "delete",
               'printf "pc=%lx code=%x\\n", (long)$pc, *(unsigned short *)$pc',
               # jmp to itself
               "set {unsigned short}$pc = 0xfeeb")
    found = re.search(r"^pc=([0-9a-f]+) code=([0-9a-f]+)$", text, re.M)
    assert found, text
    yield
    place, code = (int(number, 16) for number in found.groups())
    text = run(qemu, f"set {{unsigned short}}{place:#x} = {code:#x}",
               'printf "pc=%lx\\n", (long)$pc')
    assert f"pc={place:x}" in text, text
