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

EVENT = re.compile(r"^(running \d+ tests, from \d+; \d+ filtered out|listed .+|ignored .+|"
                   r"test .+|ok|FAILED: .*|done|@.*)\r$", re.MULTILINE)
# What the kernel's command line has room for: src/boot/test_selection.rs.
NAMES_MAX, NAME_MAX_BYTES = 8, 128


@dataclasses.dataclass
class Result:
    """The outcome of one test; `why` is empty if it passed."""
    name: str
    why: str = ""
    output: str = ""


@dataclasses.dataclass
class Selection:
    """Which tests run, as libtest's options say it: those with one of `names` in their
    name, and none of `skipped`; `ignored` is "", "ignored" or "include-ignored"."""
    names: list = dataclasses.field(default_factory=list)
    skipped: list = dataclasses.field(default_factory=list)
    is_exact: bool = False
    ignored: str = ""

    def words(self):
        """Returns it as words of the kernel's command line.

        Raises ValueError if that has no room for them."""
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
    """The results of the tests that ran, and what became of the others."""

    def __init__(self):
        super().__init__()
        self.ignored = []
        self.filtered_out = 0


class Observer:
    """Is told what happens while tests run; does nothing with it."""

    def begin(self, count):
        """A kernel begins with that many tests."""

    def ignore(self, name):
        """A test is left out because nobody asked for ignored ones."""

    def report(self, result):
        """A test has ended."""


def machines(name):
    """Returns what the file of a test kernel asks of QEMU, for each machine that it is
    to run on: the lines `//! QEMU: …`."""
    source = ROOT / "tests" / f"{name}.rs"
    if not source.exists():
        source = ROOT / "src/lib.rs"
    lines = re.findall(r"^//! QEMU: (.*)$", source.read_text(), re.MULTILINE)
    return [line.split() for line in lines] or [[]]


def run(name, kernel, selection=Selection(), timeout_s=TEST_TIMEOUT_S, observer=Observer(),
        mark=""):
    """Runs the selected tests of `kernel` on each machine that it asks for; returns their
    results. `mark` is added to the tests' names, and what QEMU is given if there are
    several machines."""
    asked = machines(name)
    results = Results()
    for arguments in asked:
        machine = f" ({' '.join(arguments)})" if len(asked) > 1 else ""
        _Run(name, kernel, selection, timeout_s, observer, arguments, machine + mark,
             results).run()
    return results


def list_tests(name, kernel, selection=Selection()):
    """Returns the names of the selected tests, ignored ones as well; runs none."""
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        image = build_image(kernel, pathlib.Path(folder) / "list.iso",
                            " ".join([*selection.words(), "test-list"]), bios_only=True)
        with start(image, machines(name)[0]) as qemu:
            qemu.expect(r"^done\r$", TEST_TIMEOUT_S)
            return re.findall(r"^listed (.+)\r$", qemu.output, re.MULTILINE)


def start(image, arguments):
    """Starts the machine of a test kernel."""
    return Qemu("-m", "128", "-cdrom", image, "-boot", "d",
                "-device", "isa-debug-exit,iobase=0xf4,iosize=4", *arguments)


class _Run:
    """The tests of a kernel on one machine."""

    def __init__(self, name, kernel, selection, timeout_s, observer, arguments, mark, results):
        self.name, self.kernel, self.selection = name, kernel, selection
        self.timeout_s, self.observer, self.arguments = timeout_s, observer, arguments
        self.mark, self.results = mark, results

    def run(self):
        """Runs them all; boots the kernel again after each test that stops it."""
        with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
            index = 0
            while index is not None:
                words = self.selection.words() + ([f"test-from={index}"] if index else [])
                image = build_image(self.kernel, pathlib.Path(folder) / f"{index}.iso",
                                    " ".join(words), bios_only=True)
                before, index = index, self.boot(image, index)
                assert index is None or index > before, "each boot gets further"

    def judge(self, test, why="", output=""):
        """Keeps the result of a test."""
        self.results.append(Result(test + self.mark, why, output))
        self.observer.report(self.results[-1])

    def note(self, event):
        """Takes what the kernel says of tests that it doesn't run."""
        if event.startswith("ignored "):
            self.results.ignored.append(event.removeprefix("ignored ") + self.mark)
            self.observer.ignore(self.results.ignored[-1])
        elif match := re.match(r"running (\d+) tests, from 0; (\d+) filtered out", event):
            self.results.filtered_out += int(match[2])
            self.observer.begin(int(match[1]))

    def boot(self, image, index):
        """Boots once, from the test with `index` on; returns the index from which to
        boot again, or None."""
        test, expects_reset, begin = None, False, 0

        def fail(why):
            self.judge(test or f"{self.name}: start-up", why, qemu.output[begin:][-4000:])
            return index + 1 if test else None

        with start(image, self.arguments) as qemu:
            while True:
                try:
                    event = qemu.expect(EVENT.pattern, self.timeout_s)[1]
                except Timeout:
                    break
                if event.startswith("test "):
                    test = event[5:].split(" ...")[0]
                    expects_reset = event.endswith("expects reset")
                    begin = qemu.output.rfind(event)
                elif event.startswith("@storm"):
                    storm.start(qemu, event)
                elif not test and event.startswith("FAILED"):
                    return fail(event)
                elif event == "ok" or event.startswith("FAILED"):
                    self.judge(test, "" if event == "ok" else event,
                               qemu.output[begin:][-4000:])
                    test, index = None, index + 1
                elif event == "done":
                    return None
                elif not test:
                    self.note(event)

            if qemu.process.poll() is None:
                return fail("hung: the time limit is over and it has not ended")
            status, cause = qemu.wait_end()
            if status in (STOPPED_AS_EXPECTED, STOPPED) and not test:
                # Its outcome was judged above.
                return index
            if cause == "guest-reset":
                if test and expects_reset:
                    self.judge(test)
                    return index + 1
                return fail("triple fault: the processor shut down"
                            if qemu.has_triple_faulted() else "the machine was reset")
            return fail(f"QEMU ended with status {status}: {cause}")
