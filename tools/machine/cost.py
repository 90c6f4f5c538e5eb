"""The cost of each test: its time, and the CPU time and the number of its machines."""

import contextlib
import dataclasses
import functools
import os
import select
import signal
import subprocess
import threading
import time

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
# The signals that end a program with a defect of its own.
_CRASHES = frozenset({signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE})
_running = threading.local()


@dataclasses.dataclass
class Cost:
    """The cost of one test.

    seconds: the time from its start to its end, which depends on the load of the host.
    cpu_s: the CPU time of its machines on the host, in seconds.
    machines: the number of machines that it has started.
    crashes: the number of machines whose emulator, a program of the host, has crashed.
    """
    seconds: float = 0.0
    cpu_s: float = 0.0
    machines: int = 0
    crashes: int = 0

    def __str__(self):
        if not self.machines:
            return f"{self.seconds:.1f} s" + f", {self.cpu_s:.1f} s of CPU" * bool(self.cpu_s)
        machines = "machine" if self.machines == 1 else "machines"
        return f"{self.seconds:.1f} s, {self.cpu_s:.1f} s of CPU, {self.machines} {machines}"


@contextlib.contextmanager
def measured():
    """Measures the block; yields its cost, which is complete when the block ends. Only
    machines that the block's thread starts are counted."""
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
    """Returns the CPU time of a process and all its threads, in seconds; 0 if the process
    doesn't exist any more."""
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
        """Returns the CPU time of the process until now, or until its end, in seconds."""
        return self._whole_cpu_s if self._pidfd is None else cpu_s(self.pid)

    def poll(self):
        """Returns the status of the process, or None while it runs."""
        return self._status(0, super().poll)

    def wait(self, timeout=None):
        """Waits for the end of the process; returns its status."""
        return self._status(timeout, functools.partial(super().wait, timeout))

    def _status(self, timeout, of_process):
        """Returns the status that `of_process` returns. The first time after the end of the process
        its cost is added: the CPU time is available while it is a zombie."""
        if self._pidfd is None or not select.select([self._pidfd], [], [], timeout)[0]:
            return of_process()
        self._whole_cpu_s = cpu_s(self.pid)
        os.close(self._pidfd)
        self._pidfd = None
        status = of_process()
        self._cost.cpu_s += self._whole_cpu_s
        self._cost.crashes += -status in _CRASHES
        return status
