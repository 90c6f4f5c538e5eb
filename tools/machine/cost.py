"""The cost of each test: its time, and the CPU time and the number of its machines."""

import contextlib
import dataclasses
import os
import select
import subprocess
import threading
import time

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_running = threading.local()


@dataclasses.dataclass
class Cost:
    """The cost of one test.

    seconds: from its start to its end, which depends on the load of the host.
    cpu_s: what its machines computed, in seconds of the host's CPUs.
    machines: how many machines it has started.
    """
    seconds: float = 0.0
    cpu_s: float = 0.0
    machines: int = 0

    def __str__(self):
        if not self.machines:
            return f"{self.seconds:.1f} s" + f", {self.cpu_s:.1f} s of CPU" * bool(self.cpu_s)
        machines = "machine" if self.machines == 1 else "machines"
        return f"{self.seconds:.1f} s, {self.cpu_s:.1f} s of CPU, {self.machines} {machines}"


@contextlib.contextmanager
def measured():
    """Measures the block; yields its cost, which is complete when the block ends. It counts
    the machines that the block's thread starts."""
    cost = Cost()
    outer, _running.cost = getattr(_running, "cost", None), cost
    start = time.monotonic()
    try:
        yield cost
    finally:
        cost.seconds = time.monotonic() - start
        _running.cost = outer


def _machine_started():
    """Counts a machine; returns the cost of the test that has started it."""
    cost = getattr(_running, "cost", None) or Cost()
    cost.machines += 1
    return cost


def cpu_s(pid):
    """Returns how long a process and all its threads have computed, in seconds; 0 for one
    that doesn't exist any more."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            # The name, in parentheses, may contain blanks.
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


class Process(subprocess.Popen):
    """A process whose CPU time counts for the test that has started it."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self._cost = _machine_started()
        self._pidfd = os.pidfd_open(self.pid)
        self._whole_cpu_s = 0.0

    def cpu_s(self):
        """Returns how long it has computed until now, or until its end, in seconds."""
        return self._whole_cpu_s if self._pidfd is None else cpu_s(self.pid)

    def poll(self):
        """Returns its status, or None while it runs."""
        if self._pidfd is not None and select.select([self._pidfd], [], [], 0)[0]:
            self._settle()
        return super().poll()

    def wait(self, timeout=None):
        """Waits for its end; returns its status."""
        if self._pidfd is not None and select.select([self._pidfd], [], [], timeout)[0]:
            self._settle()
        return super().wait(timeout)

    def _settle(self):
        """Reads its times while it is a zombie, which still has them."""
        if self._pidfd is not None:
            self._whole_cpu_s = cpu_s(self.pid)
            self._cost.cpu_s += self._whole_cpu_s
            os.close(self._pidfd)
            self._pidfd = None
