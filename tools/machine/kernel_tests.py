"""Runs a test kernel and judges its tests.

src/testing/mod.rs describes the lines that this module and the kernel exchange.
"""

import contextlib
import dataclasses
import pathlib
import re
import tempfile
import time

from . import ROOT, storm
from .cost import Cost
from .images import build_image
from .qemu import Ended, Qemu
from .waiting import HANG_CPU_S, HangLimit, Timeout

EVENT = re.compile(r"^(ready: \d+ stop; \d+ filtered out|running \d+ tests, from \d+|"
                   r"listed .+|ignored .+|test .+|ok|FAILED: .*|stopped|done|@.*)\r$")
# The limits of the kernel's command line: src/boot/test_selection.rs.
NAMES_MAX, NAME_MAX_BYTES = 8, 128


@dataclasses.dataclass
class Result:
    """The outcome of one test; `why` is empty if it passed."""
    name: str
    why: str = ""
    output: str = ""
    cost: Cost = dataclasses.field(default_factory=Cost)


@dataclasses.dataclass
class Selection:
    """Selects tests, like the options of libtest: tests with one of `names` in their name,
    and none of `skipped`. `ignored` is "", "ignored" or "include-ignored"."""
    names: list = dataclasses.field(default_factory=list)
    skipped: list = dataclasses.field(default_factory=list)
    is_exact: bool = False
    ignored: str = ""

    def words(self):
        """Returns the selection as words for the kernel's command line.

        Raises ValueError if they exceed the kernel's limits."""
        for names in (self.names, self.skipped):
            if len(names) > NAMES_MAX:
                raise ValueError(f"more than {NAMES_MAX} names")
            for name in names:
                if len(name.encode()) > NAME_MAX_BYTES or '"' in name:
                    raise ValueError(f"not a name of a test: {name}")
        words = [f'test="{name}"' for name in self.names]
        words += [f'test-skip="{name}"' for name in self.skipped]
        words += ["test-exact"] if self.is_exact else []
        return words + ([self.ignored] if self.ignored else [])


class Results(list):
    """The results of the tests that ran, the names of the ignored tests, and the number of
    tests that were not selected."""

    def __init__(self):
        super().__init__()
        self.ignored = []
        self.filtered_out = 0


class Observer:
    """Receives the progress of tests. This class ignores it."""

    def begin(self, count):
        """A kernel begins to run `count` tests."""

    def ignore(self, name):
        """A test isn't run because it is an ignored test."""

    def report(self, result):
        """A test has ended."""


def machines(name):
    """Returns [(QEMU's arguments, suffix of the tests' names)] of the machines that a test
    kernel runs on, from the lines `//! QEMU: …` of its file."""
    source = ROOT / "tests" / f"{name}.rs"
    if not source.exists():
        source = ROOT / "src/lib.rs"
    lines = re.findall(r"^//! QEMU: (.*)$", source.read_text(), re.MULTILINE)
    return [(line.split(), f" ({line})" * (len(lines) > 1)) for line in lines] or [([], "")]


def run(name, kernel, selection=Selection(), observer=Observer(), hang_cpu_s=HANG_CPU_S):
    """Runs the selected tests of `kernel` on each of its machines; returns their results.

    hang_cpu_s: the limit of a test's CPU time on the host, in seconds."""
    results = Results()
    for arguments, mark in machines(name):
        run_on(name, kernel, arguments, mark, selection, observer, hang_cpu_s, results)
    return results


def run_on(name, kernel, arguments, mark, selection=Selection(), observer=Observer(),
           hang_cpu_s=HANG_CPU_S, results=None):
    """Runs the selected tests on one machine; returns their results. `mark` is added to the
    tests' names."""
    results = Results() if results is None else results
    with _image(kernel, [*selection.words(), "test-ask"]) as image:
        _Run(name, mark, lambda: start(image, arguments), hang_cpu_s, observer, results).run()
    return results


def list_tests(name, kernel, selection=Selection()):
    """Returns the names of the selected tests, including ignored tests; runs none."""
    with _image(kernel, [*selection.words(), "test-list"]) as image, \
            start(image, machines(name)[0][0]) as qemu:
        qemu.expect(r"^done\r$")
        return re.findall(r"^listed (.+)\r$", qemu.output, re.MULTILINE)


@contextlib.contextmanager
def _image(kernel, words):
    """Makes an image with these words on the command line, and in its folder an empty disk
    for QEMU's snapshots. Both are removed after the block."""
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        with (pathlib.Path(folder) / "disk").open("wb") as disk:
            disk.truncate(1 << 20)
        yield build_image(kernel, pathlib.Path(folder) / "image.iso", " ".join(words),
                          bios_only=True, packs=False)


def start(image, arguments):
    """Starts the machine of a test kernel."""
    return Qemu("-m", "128", "-M", "pc", "-cdrom", image, "-boot", "d",
                "-drive", f"if=none,format=raw,snapshot=on,file={image.parent}/disk",
                "-device", "isa-debug-exit,iobase=0xf4,iosize=4", *arguments)


class _TestLimit(HangLimit):
    """The limit of a test. It is also over when all CPUs have halted with interrupts
    off."""

    def __init__(self, qemu, cpu_s):
        super().__init__(qemu.process, cpu_s)
        self._qemu = qemu

    def is_over(self):
        with contextlib.suppress(Ended):
            if self._qemu.has_halted_for_good():
                return True
        return super().is_over()


class _Run:
    """A run of a kernel's tests on one machine. After a test that has stopped the kernel,
    the machine returns to the snapshot of the ready kernel. After a test that has ended the
    machine, another machine is booted."""

    def __init__(self, name, mark, start_machine, hang_cpu_s, observer, results):
        self._name, self._mark, self._start_machine = name, mark, start_machine
        self._hang_cpu_s, self._observer, self._results = hang_cpu_s, observer, results
        self._index, self._is_done = 0, False
        self._qemu, self._has_snapshot = None, False
        self._is_first_boot = True

    def run(self):
        """Runs all tests."""
        try:
            while not self._is_done:
                if self._get_ready():
                    self._run_tests()
        finally:
            self._leave()

    def _leave(self):
        if self._qemu:
            self._qemu.close()
        self._qemu, self._has_snapshot = None, False

    def _expect(self, cpu_s):
        return self._qemu.expect(EVENT.pattern, _TestLimit(self._qemu, cpu_s))[1]

    def _get_ready(self):
        """Boots the kernel or loads the snapshot, so that the kernel waits for the index of
        a test; returns whether it does."""
        if self._has_snapshot:
            if error := self._qemu.monitor("loadvm ready").strip():
                raise AssertionError(f"QEMU: loadvm: {error}")
            self._qemu.drain()
            return True
        self._leave()
        self._begun = (time.monotonic(), 0.0)
        self._qemu = self._start_machine()
        event = ""
        with contextlib.suppress(Timeout):
            while (event := self._expect(HANG_CPU_S)).startswith("ignored "):
                if self._is_first_boot:
                    self._results.ignored.append(event.removeprefix("ignored ") + self._mark)
                    self._observer.ignore(self._results.ignored[-1])
        ready = re.match(r"ready: (\d+) stop; (\d+) filtered out", event)
        if not ready:
            self._judge(f"{self._name}: start-up", event or self._why_it_ended(), 0)
            self._is_done = True
            return False
        if self._is_first_boot:
            self._results.filtered_out += int(ready[2])
        if int(ready[1]):
            if error := self._qemu.monitor("savevm ready").strip():
                raise AssertionError(f"QEMU: savevm: {error}")
            self._has_snapshot = True
        return True

    def _run_tests(self):
        """Runs tests until a test stops the kernel, or all have run."""
        qemu = self._qemu
        qemu.send(f"{self._index}\n")
        test, expects_reset, begin = None, False, 0
        while True:
            try:
                event = self._expect(self._hang_cpu_s)
            except Timeout:
                break
            if running := re.match(r"running (\d+) tests", event):
                if self._is_first_boot:
                    self._observer.begin(int(running[1]))
                self._is_first_boot = False
            elif event.startswith("test "):
                test, expects_reset = event[5:].split(" ...")[0], event.endswith("expects reset")
                begin = qemu.output.rfind(event)
                self._begun = (time.monotonic(), qemu.process.cpu_s())
            elif event.startswith("@storm"):
                storm.start(qemu, event)
            elif event == "ok" or event.startswith("FAILED"):
                self._judge(test or f"{self._name}: between tests", event.removeprefix("ok"), begin)
                test = None
            elif event == "done":
                self._is_done = True
                return
            elif event == "stopped":
                if not self._has_snapshot:
                    self._leave()
                return
        why = self._why_it_ended()
        if expects_reset and test and qemu.process.poll() is not None \
                and qemu.wait_end()[1] == "guest-reset":
            why = ""
        # Without a running test, the next boot would end in the same way.
        self._is_done = test is None
        self._judge(test or f"{self._name}: between tests", why, begin)
        self._leave()

    def _judge(self, test, why, begin):
        """Records the outcome of a test, and advances to the next test."""
        seconds, cpu_s = self._begun
        spent = Cost(time.monotonic() - seconds, self._qemu.process.cpu_s() - cpu_s)
        self._results.append(Result(test + self._mark, why, self._qemu.output[begin:][-4000:],
                                    spent))
        self._observer.report(self._results[-1])
        self._index += 1

    def _why_it_ended(self):
        """Returns the reason why the machine has ended or prints nothing."""
        qemu = self._qemu
        with contextlib.suppress(Ended):
            if qemu.has_halted_for_good():
                return "hung: all CPUs halt with interrupts off"
        if qemu.process.poll() is None:
            return "hung: the machine computes, or waits, for too long"
        status, cause = qemu.wait_end()
        if cause != "guest-reset":
            return f"QEMU ended with status {status}: {cause}"
        return "triple fault: the CPU shut down" if qemu.has_triple_faulted() \
            else "the machine was reset"
