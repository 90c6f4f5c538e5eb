"""Boots an image in Bochs, an emulator that is independent of QEMU, and stricter."""

import os
import pathlib
import re
import subprocess
import tempfile
import threading
import tty

from . import cost
from .waiting import wait_for

CONFIGURATION = """
config_interface: textconfig
display_library: rfb, options="timeout=0"
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
cpu: model={cpu}, count=1, ips=50000000, reset_on_triple_fault=0, ignore_bad_msrs={ignored}
clock: sync=none
megs: 128
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path={image}, status=inserted
boot: cdrom
com1: enabled=1, mode=term, dev={terminal}
log: {folder}/bochs.log
panic: action=fatal
error: action=report
sound: waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy
speaker: enabled=1, mode=none
"""


class Bochs:
    """A running Bochs with 128 MiB; use it in a `with` statement.

    strict_msrs: accesses to unknown model-specific registers fault.
    """

    def __init__(self, image, cpu="corei7_haswell_4770", strict_msrs=False):
        self._folder = tempfile.TemporaryDirectory(prefix="farjump-")
        folder = pathlib.Path(self._folder.name)
        self.log = folder / "bochs.log"
        self._terminal, slave = os.openpty()
        tty.setraw(slave)
        (folder / "bochsrc").write_text(CONFIGURATION.format(
            cpu=cpu, ignored=int(not strict_msrs), image=image, terminal=os.ttyname(slave), folder=folder))
        # Debian's Bochs starts in its debugger, which this command leaves.
        (folder / "commands").write_text("c\n")
        self._console = open(folder / "console", "w")
        self.process = cost.Process(
            ["bochs", "-q", "-f", folder / "bochsrc", "-rc", folder / "commands"],
            stdin=subprocess.DEVNULL, stdout=self._console, stderr=subprocess.STDOUT)
        self._slave = slave
        self.output = ""
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self._console.close()
        os.close(self._slave)
        self._folder.cleanup()

    def _read(self):
        while True:
            try:
                self.output += os.read(self._terminal, 4096).decode("utf-8", "replace")
            except OSError:
                return

    def expect(self, pattern):
        """Waits until the regular expression matches the serial output."""
        def describe():
            log = self.log.read_text(errors="replace") if self.log.exists() else ""
            return f"no {pattern!r} in the serial output:\n{self.output[-3000:]}\n{log[-2000:]}"

        return wait_for(self.process, lambda: re.search(pattern, self.output, re.M), describe)

    def send(self, text):
        """Types on the serial line: each character after the echo of the previous
        character."""
        for c in text:
            before = len(self.output)
            os.write(self._terminal, c.encode())
            wait_for(self.process, lambda: len(self.output) > before,
                     lambda: f"{c!r} isn't echoed:\n{self.output[-3000:]}")

    def complaints(self):
        """Returns the errors and panics in Bochs's log."""
        lines = self.log.read_text(errors="replace").splitlines()
        return [line for line in lines if re.search(r"e\[|p\[", line)]
