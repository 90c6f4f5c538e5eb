"""Runs a test kernel and judges its tests.

The kernel's side, and the lines by which the two talk, are in
src/testing/mod.rs.
"""

import dataclasses
import pathlib
import re
import tempfile

from . import ROOT, storm
from .images import build_image
from .qemu import Qemu, Timeout

DONE, STOPPED_AS_EXPECTED, STOPPED = 33, 35, 37

# How long a test, or the boot before the first one, may take, in seconds.
TEST_TIMEOUT_S = 90

EVENT = re.compile(r"^(running \d+ tests, from \d+|test .+|ok|FAILED: .*|done|@.*)\r$",
                   re.MULTILINE)


@dataclasses.dataclass
class Result:
    """The outcome of one test; `why` is empty if it passed."""
    name: str
    why: str = ""
    output: str = ""


def machines(name):
    """Returns what the file of a test kernel asks of QEMU, for each machine that it is
    to run on: the lines `//! QEMU: …`."""
    source = ROOT / "tests" / f"{name}.rs"
    if not source.exists():
        source = ROOT / "src/lib.rs"
    lines = re.findall(r"^//! QEMU: (.*)$", source.read_text(), re.MULTILINE)
    return [line.split() for line in lines] or [[]]


def run(name, kernel, filter_text="", ignored=False, timeout_s=TEST_TIMEOUT_S,
        report=lambda result: None):
    """Runs the tests of `kernel` whose name has `filter_text` in it, on each machine
    that it asks for. Calls `report` with each result and returns all of them."""
    asked = machines(name)
    results = []
    for arguments in asked:
        mark = f" ({' '.join(arguments)})" if len(asked) > 1 else ""
        results += _run_on(name, kernel, filter_text, ignored, timeout_s, report, arguments, mark)
    return results


def _run_on(name, kernel, filter_text, ignored, timeout_s, report, arguments, mark):
    """Runs the tests on one machine; boots it again behind each test that stops it."""
    results = []

    def judge(test, why="", output=""):
        results.append(Result(test + mark, why, output))
        report(results[-1])

    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        index = 0
        while index is not None:
            words = [f'test="{filter_text}"'] if filter_text else []
            words += ["ignored"] if ignored else []
            words += [f"test-from={index}"] if index else []
            image = build_image(kernel, pathlib.Path(folder) / f"{index}.iso", " ".join(words),
                                bios_only=True)
            before, index = index, _boot(name, image, index, timeout_s, judge, arguments)
            assert index is None or index > before, "each boot gets further"
    return results


def _boot(name, image, index, timeout_s, judge, arguments):
    """Boots once, from the test with `index` on; returns the index from which to
    boot again, or None."""
    test, expects_reset, begin = None, False, 0

    def fail(why):
        judge(test or f"{name}: start-up", why, qemu.output[begin:][-4000:])
        return index + 1 if test else None

    with Qemu("-m", "128", "-cdrom", image, "-boot", "d",
              "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
              *arguments) as qemu:
        while True:
            try:
                event = qemu.expect(EVENT.pattern, timeout_s)[1]
            except Timeout:
                break
            if event.startswith("test "):
                test, expects_reset = event[5:].split(" ...")[0], event.endswith("expects reset")
                begin = qemu.output.rfind(event)
            elif event.startswith("@storm"):
                storm.start(qemu, event)
            elif not test and event.startswith("FAILED"):
                return fail(event)
            elif event == "ok" or event.startswith("FAILED"):
                judge(test, "" if event == "ok" else event, qemu.output[begin:][-4000:])
                test, index = None, index + 1
            elif event == "done":
                return None

        if qemu.process.poll() is None:
            return fail("hung: the time limit is over and it has not ended")
        status, cause = qemu.wait_end()
        if status in (STOPPED_AS_EXPECTED, STOPPED) and not test:
            # Its outcome was judged above.
            return index
        if cause == "guest-reset":
            if test and expects_reset:
                judge(test)
                return index + 1
            return fail("triple fault: the processor shut down" if qemu.has_triple_faulted()
                        else "the machine was reset")
        return fail(f"QEMU ended with status {status}: {cause}")
