"""How a test waits: for something that comes, never for a time in which it should.

A limit is only for hangs. It counts what the machine computes, which is much the same on
a host that is slow or busy; time counts only for a machine that does nothing.
"""

import time

# What a machine may compute in one step of a test, in seconds of the host's processors:
# many times of what the longest step takes.
HANG_CPU_S = 120
# How long a step may take that computes less, in seconds: longer than anything that the
# host may do meanwhile.
HANG_S = 900
# How long to wait between two looks, in seconds: longer from one to the next.
_FIRST_PAUSE_S, _LAST_PAUSE_S = 0.001, 0.1


class Timeout(AssertionError):
    """What was waited for did not come."""


class HangLimit:
    """The end of a step's patience; it begins when it is made.

    process: what computes, a `cost.Process`.
    """

    def __init__(self, process, cpu_s=HANG_CPU_S, seconds=HANG_S):
        self._process = process
        self._cpu_end_s = process.cpu_s() + cpu_s
        self._end = time.monotonic() + seconds

    def is_over(self):
        """Returns whether the step has computed, or lasted, too long."""
        return self._process.cpu_s() > self._cpu_end_s or time.monotonic() > self._end


def wait_for(process, condition, told, cpu_s=HANG_CPU_S):
    """Waits until `condition()` is true in Python's sense; returns what it returned.
    `told()` says what there is instead, for the error."""
    limit = HangLimit(process, cpu_s)
    pause_s = _FIRST_PAUSE_S
    while True:
        has_ended = process.poll() is not None
        if found := condition():
            return found
        if has_ended or limit.is_over():
            raise Timeout(told())
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, _LAST_PAUSE_S)
