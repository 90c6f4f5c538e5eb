"""The states of a machine while it boots a medium, from which it can go on with another medium.

A boot of a medium with one changed byte is that of the unchanged one until the byte is read. So it
may begin with the last state before that, and the firmware's start, most of a boot by UEFI, is
computed once.
"""

import itertools
import pathlib
import re
import time

from .qemu import Qemu
from .waiting import wait_for

# The firmware's state is saved after each such CPU time, until the medium is read.
STEP_S = 0.2
_PAUSE_S = 0.02
# QEMU's trace event of a read from a disk or a medium.
_READ = "blk_co_preadv"


class BootStates:
    """Two states of one boot, in `folder`: the last that was saved before anything was read from the
    medium, and one after the loader has read all. Others may be in the middle of a read, and
    QEMU 7.2 at times waits forever when it is stopped there.

    medium, arguments: as for `booting`.
    loaded: the text on the serial line that follows the loader.
    """

    def __init__(self, medium, arguments, folder, loaded):
        with booting(medium, arguments, "-trace", _READ, paused=True) as qemu:
            # Before, QEMU has read the firmware's files.
            begin = qemu.log.stat().st_size
            qemu.qmp("cont")
            self._first = save_before_reads(qemu, folder)
            wait_for(qemu.process, lambda: loaded in qemu.output, lambda: f"no {loaded!r}")
            self._second = qemu.save(pathlib.Path(folder, "loaded"))
            self._read_before_second = _reads(qemu.log, begin)

    def before_reads(self):
        """Returns the last state in which nothing was read, for any medium; None for power-on."""
        return self._first

    def before(self, at):
        """Returns the last state before the byte `at` was read; None for power-on."""
        was_read = any(at in part for part in self._read_before_second)
        return self._first if was_read else self._second


def booting(medium, arguments, *more, **options):
    """Returns a machine that boots a CD."""
    return Qemu("-m", "128", "-cdrom", medium, *arguments, *more, **options)


def save_before_reads(qemu, folder):
    """Saves states of a machine that starts, until it reads from a medium; returns the last in which
    nothing was read, or None."""
    state = None
    for number in itertools.count():
        _pause(qemu)
        if _was_read(qemu):
            return state
        newer = qemu.save(pathlib.Path(folder, f"firmware{number}"), goes_on=False)
        was_read = _was_read(qemu)
        qemu.qmp("cont")
        if was_read:
            newer.path.unlink()
            return state
        if state:
            state.path.unlink()
        state = newer


def _pause(qemu):
    until = qemu.process.cpu_s() + STEP_S

    def is_over():
        time.sleep(_PAUSE_S)
        return qemu.process.cpu_s() > until or _was_read(qemu)
    wait_for(qemu.process, is_over, lambda: "the machine computes nothing")


def _was_read(qemu):
    """Returns whether the machine has read from a medium."""
    return any(drive["stats"]["rd_operations"] for drive in qemu.qmp("query-blockstats"))


def _reads(log, begin):
    """Returns the ranges of bytes whose reads are in the log after `begin`."""
    with log.open(errors="replace") as file:
        file.seek(begin)
        return [range(int(at), int(at) + int(size)) for at, size in re.findall(
            rf"^{_READ} .* offset (\d+) bytes (\d+)", file.read(), re.M)]
