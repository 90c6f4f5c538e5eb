"""A test waits for a condition, never for a time after which it should hold.

A limit only detects hangs. It counts the CPU time of the machine, which hardly depends on the
load of the host; real time counts only for a machine that computes nothing.
"""

import time

# The CPU time that a machine may take for one step of a test, in seconds of the host's CPUs:
# many times that of the longest step.
HANG_CPU_S = 120
# The time that a step may take if it computes less, in seconds: more than any delay of the
# host.
HANG_S = 900
# How long to wait between two checks, in seconds: each time longer.
_FIRST_PAUSE_S, _LAST_PAUSE_S = 0.001, 0.1


class Timeout(AssertionError):
    """The condition did not hold before the limit."""


class HangLimit:
    """The limit of a step, counted from its construction.

    process: the machine, a `cost.Process`.
    """

    def __init__(self, process, cpu_s=HANG_CPU_S, seconds=HANG_S):
        self._process = process
        self._cpu_end_s = process.cpu_s() + cpu_s
        self._end = time.monotonic() + seconds

    def is_over(self):
        """Returns whether the step has computed, or lasted, too long."""
        return self._process.cpu_s() > self._cpu_end_s or time.monotonic() > self._end


def wait_for(process, condition, describe, cpu_s=HANG_CPU_S):
    """Waits until `condition()` is true in Python's sense; returns what it returned.
    `describe()` returns the state that it found instead, for the error."""
    limit = HangLimit(process, cpu_s)
    pause_s = _FIRST_PAUSE_S
    while True:
        has_ended = process.poll() is not None
        if found := condition():
            return found
        if has_ended or limit.is_over():
            raise Timeout(describe())
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, _LAST_PAUSE_S)
