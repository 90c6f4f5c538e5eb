"""Makes kernels fail and reads their reports, from a snapshot of the prompt."""

import contextlib
import pathlib
import re
import tempfile

from machine.images import image
from machine.qemu import Qemu

PROMPT = "farjump> "
STOPPED = "stopped> "
ANOTHER = "another failure during the report"


class Snapshot:
    """A machine with a snapshot at the kernel's prompt."""

    def __init__(self, qemu):
        self.qemu = qemu
        qemu.expect(PROMPT)
        assert not qemu.monitor("savevm prompt").strip()

    def fail(self, how):
        """Returns to the snapshot, makes the kernel fail, and waits for the prompt after
        the report. Returns the report, without colours."""
        self.go_back()
        self.qemu.send(f"fault {how}\r")
        return self.report()

    def go_back(self):
        """Returns to the snapshot."""
        assert not self.qemu.monitor("loadvm prompt").strip()
        self.qemu.drain()

    def report(self):
        """Waits for the prompt after a report; returns the report, without colours."""
        return report_of(self.qemu)

    def ask(self, line):
        """Runs a command at the prompt after the report; returns its output."""
        return ask(self.qemu, line)


@contextlib.contextmanager
def snapshot(*arguments, **options):
    """Boots a machine, and yields its `Snapshot` at the prompt. The machine must not reset
    during the block."""
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        disk = pathlib.Path(folder) / "disk"
        with disk.open("wb") as file:
            file.truncate(1 << 20)
        drive = f"if=none,format=raw,snapshot=on,file={disk}"
        with Qemu("-m", "64", *(arguments or ("-cdrom", image())), "-drive", drive,
                  **options) as qemu:
            yield Snapshot(qemu)
            assert not qemu.has_triple_faulted()
            assert qemu.process.poll() is None, "the machine has reset"


def report_of(qemu):
    """Waits for the prompt after a report; returns the report, without colours."""
    begin = qemu._seen
    qemu.expect("^" + STOPPED)
    text = qemu.output[begin:qemu._seen - len(STOPPED)].replace("\r\n", "\n")
    return re.sub(r"\x1b\[[0-9;]*m", "", text).partition("\n")[2]


def ask(qemu, line):
    """Runs a command at the prompt after the report; returns its output."""
    return qemu.command(line, STOPPED)
