"""Runs the programs of user/tests."""

import difflib
import re
import subprocess

from . import BUILD, ROOT
from .waiting import Timeout

TESTS = ROOT / "user/tests"
# The CPU for both kernels. With five levels of page tables, Linux gives programs addresses of
# more than 47 bits.
CPU = "max,la57=off"
# Not in build/user, from which tools/programs removes files.
ARCHIVE = BUILD / "tests.cpio.gz"


def names():
    """Returns the names of all programs."""
    return sorted(path.stem for path in TESTS.glob("*.c"))


def expected(name):
    """Returns the path of the recorded output of a program on Linux."""
    return TESTS / f"{name}.expected"


def build_archive():
    """Builds the programs and an archive of them; returns the path of the archive."""
    subprocess.run([ROOT / "tools/initramfs", "--tests", "--gzip", ARCHIVE], check=True)
    return ARCHIVE


def difference_from_linux(name, output):
    """Returns the difference of a program's output from the recorded output; empty if they are
    equal."""
    recorded = expected(name).read_text()
    return "\n".join(difflib.unified_diff(recorded.splitlines(), output.splitlines(), "Linux",
                                          "Farjump", lineterm="", n=2))


def words(wanted):
    """Returns the arguments for user/run-tests.c to run these programs."""
    everything = names()
    if wanted == everything:
        return []
    if wanted == everything[-len(wanted):]:
        return ["from", wanted[0]]
    return wanted


def run(start, wanted):
    """Runs programs; returns {name: its output, with its status in the last line}.

    `start(words)` boots a machine whose first program is user/run-tests.c, with these
    arguments. If a machine stops in a program, the reason replaces that program's output, and
    another machine runs the rest.
    """
    outputs = {}
    left = list(wanted)
    while left:
        with start(words(left)) as qemu:
            outputs |= _read(qemu, left)
        left = [name for name in left if name not in outputs]
    return outputs


def _read(qemu, left):
    outputs = {}
    for name in left:
        try:
            qemu.expect(rf"^@begin {re.escape(name)}\r?\n")
            begin = qemu.position()
            end = qemu.expect(rf"^@end {re.escape(name)} (.+?)\r?\n")
        except Timeout as error:
            outputs[name] = f"(the machine stopped)\n{error}"
            break
        text = qemu.output[begin:end.start()].replace("\r\n", "\n").removesuffix("\n")
        outputs[name] = f"{text}{end[1]}\n"
    else:
        # It switches itself off, once all that the programs have written is on its disks.
        qemu.wait_for(lambda: qemu.process.poll() is not None,
                      lambda: f"the machine does not end:\n{qemu.output[-3000:]}")
    return outputs
