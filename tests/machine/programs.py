"""The programs of user/tests: each prints the same as on Linux.

`tools/record-tests` has recorded user/tests/NAME.expected on Linux, from the same archive. All
programs run one after the other on a machine with one CPU, and on one with four, where private
memory gets huge pages; some of them also on one with UEFI.
"""

import functools

from machine import ROOT, programs
from machine.images import image
from machine.qemu import Qemu
from machine.tools import ovmf

# The programs that print the same on Farjump; the others use calls that Farjump doesn't have.
SAME = ROOT / "user/tests/same-on-farjump"

CPUS = (1, 4)
# Short programs of many kinds, which also run on UEFI.
ON_UEFI = """auxiliary-vector avx-state clocks copy-on-write devices epoll exec fault-codes fork futex
             getdents job-control layout limits mmap-file pipe pty registers signal-info threads
             timers vdso""".split()


def machine(cpus, words, firmware=None):
    """Boots Farjump into user/run-tests.c, with the words as its arguments; with a BIOS, or
    with the firmware for UEFI at this path."""
    huge_pages = "always" if cpus > 1 else "never"
    cmdline = " ".join(["quiet", f"transparent_hugepage={huge_pages}", "init=/bin/run-tests", "--",
                        *words])
    built = image(cmdline, bios_only=not firmware, initramfs=programs.build_archive())
    return Qemu("-m", "512", "-cpu", programs.CPU, "-smp", str(cpus), "-cdrom", built,
                *(("-bios", firmware) if firmware else ()))


def some_print_the_same_on_uefi():
    """On one machine with two CPUs. UEFI has another memory map, other clocks and other ACPI
    tables."""
    start = functools.partial(machine, 2, firmware=ovmf())
    wrong = [name for name, output in programs.run(start, ON_UEFI).items()
             if programs.difference_from_linux(name, output)]
    assert not wrong, wrong


def programs_print_the_same_as_on_linux(cpus, programs_of, tests):
    """Runs the programs of tests on one machine; returns {test: the difference}."""
    outputs = programs.run(functools.partial(machine, cpus), [programs_of[test] for test in tests])
    return {test: programs.difference_from_linux(programs_of[test], outputs[programs_of[test]])
            for test in tests}


def every_program_is_recorded():
    """Each program has a record, and each record has a program."""
    recorded = sorted(path.stem for path in programs.TESTS.glob("*.expected"))
    assert recorded == programs.names()


def add_to(suite):
    suite.add("programs::every_program_is_recorded", every_program_is_recorded)
    suite.add("programs::some_print_the_same_on_uefi", some_print_the_same_on_uefi)
    same = SAME.read_text().split()
    print(f"programs: {len(programs.names()) - len(same)} of {len(programs.names())} are not in "
          f"{SAME.name}, and don't run", flush=True)
    for cpus in CPUS:
        programs_of = {f"programs::{name} ({cpus} CPU{'s' * (cpus > 1)})": name for name in same}
        suite.add_group(list(programs_of), functools.partial(
            programs_print_the_same_as_on_linux, cpus, programs_of))
