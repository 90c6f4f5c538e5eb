"""Waits for conditions. A test never waits for a time after which a condition should hold.

A limit only detects hangs. It limits the CPU time of the machine, which hardly depends on the
load of the host. The limit of real time is only for machines that don't compute.
"""

import time

# The limit of a machine's CPU time on the host for one step of a test, in seconds: many times
# that of the longest step.
HANG_CPU_S = 120
# The limit of real time for one step, in seconds: longer than any delay of the host.
HANG_S = 900
# The time between two checks of a condition, in seconds, which grows.
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
        """Returns whether the step has exceeded its limit."""
        return self._process.cpu_s() > self._cpu_end_s or time.monotonic() > self._end


def wait_for(process, condition, describe, cpu_s=HANG_CPU_S, seconds=HANG_S):
    """Waits until `condition()` returns a true value; returns that value. After the limit,
    or the end of the process, raises Timeout with the text that `describe()` returns."""
    limit = HangLimit(process, cpu_s, seconds)
    pause_s = _FIRST_PAUSE_S
    while True:
        has_ended = process.poll() is not None
        if found := condition():
            return found
        if has_ended or limit.is_over():
            raise Timeout(describe())
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, _LAST_PAUSE_S)
