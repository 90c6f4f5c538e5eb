"""The real gdb, attached to a machine."""

import subprocess

from .images import kernel_path
from .qemu import TIMEOUT_S


def run(qemu, *commands, keep_stopped=False):
    """Runs gdb's commands on a paused machine; returns what gdb printed. The
    machine goes on when gdb leaves, unless it is to be kept stopped."""
    arguments = ["gdb", "-batch", "-nx", str(kernel_path()), "-ex", "set pagination off",
                 "-ex", "set architecture i386:x86-64", "-ex", "set language c",
                 "-ex", f"target remote {qemu.gdb_socket}"]
    for command in [*commands, *(["disconnect"] if keep_stopped else ["delete", "detach"])]:
        arguments += ["-ex", command]
    return subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, text=True, timeout=TIMEOUT_S).stdout
