"""A machine that boots into busybox's shell, and a person who types there."""

import re
import subprocess

from . import BUILD, ROOT, programs
from .images import image
from .once import once
from .qemu import Qemu

# busybox's shell requests the cursor's position from the terminal after each prompt.
REQUEST = "\x1b[6n"
PROMPT = re.escape("# " + REQUEST)


@once
def _archive():
    archive = BUILD / "shell.cpio.gz"
    subprocess.run([ROOT / "tools/initramfs", "--gzip", "--userland", archive], check=True)
    return archive


def machine(cmdline="quiet", *arguments, cpus=2, **more):
    """Returns a machine with the shell. `arguments` are more arguments for QEMU."""
    return Qemu("-m", "256", "-cpu", programs.CPU, "-smp", str(cpus), "-boot", "d", "-cdrom",
                image(cmdline, initramfs=_archive(), **more), *arguments)


class Typist:
    """Types input for the shell on the serial line, and waits for output."""

    def __init__(self, qemu):
        self._qemu = qemu
        qemu.expect(PROMPT)

    def type(self, text, *wanted):
        """Types `text`, then waits for each of the regular expressions, in this order."""
        self._qemu.send(text)
        for pattern in wanted:
            self._qemu.expect(pattern)

    def run(self, line):
        """Types a command; returns its output."""
        self._qemu.send(line + "\r")
        self._qemu.expect(re.escape(line) + "\r\n")
        begin = self._qemu.position()
        end = self._qemu.expect(rf"^\S* {PROMPT}")
        return self._qemu.output[begin:end.start()].replace("\r\n", "\n")

    def define(self, text):
        """Types the lines of a shell function, of any length."""
        for line in text.splitlines():
            self._qemu.send(line + "\r")
        self.run("echo defined")

    def start(self, line):
        """Types a command, and waits until the machine is idle: the shell has then set the
        terminal's mode for the command."""
        self._qemu.send(line + "\r")
        self._qemu.expect(re.escape(line) + "\r\n")
        self._qemu.settle()

    def wait_until(self, command):
        """Repeats a command until it succeeds."""
        self.run(f"until {command}; do usleep 20000; done")
