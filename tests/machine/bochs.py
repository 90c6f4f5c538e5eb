"""Bochs, an emulator independent of QEMU: the prompt, the timer, the reports."""

import re

from machine.bochs import Bochs
from machine.images import image


def comes_up_and_answers():
    with Bochs(image()) as bochs:
        bochs.expect("^farjump> ")
        bochs.send("info\r")
        bochs.expect(r"^CPU +Intel\(R\) Core\(TM\) i7-4770")
        bochs.expect(r"^features on +LMA NXE PG WP NE OSFXSR OSXMMEXCPT MCE PGE PCIDE SMEP FSGSBASE\r")
        bochs.expect(r"^loader +GRUB 2")
        bochs.expect(r"^serial line .* 0 overruns")
        # Timer and clock differ from QEMU's.
        bochs.send("test clock\r")
        bochs.expect(r"^clock +ok")
        bochs.send("cpus\r")
        bochs.expect(r"^APICs in charge; timer: local APIC")
        bochs.send("ticks\r")
        ticks = int(bochs.expect(r"^(\d+) ticks of")[1])
        assert ticks >= 10, ticks
        bochs.send("fault reserved\r")
        # In Bochs, as on hardware, the error code's index for a missing gate is its vector.
        bochs.expect("exception 11, #NP: segment-not-present\x1b\\[0m\r\n  cause  descriptor 15 of the IDT")
        bochs.expect("The kernel has stopped")
        # Bochs reports each byte written to a full transmitter, and reads and writes that a
        # device doesn't support.
        stray = [line for line in bochs.complaints() if re.search(r"SER|KBD|PIC|PIT|CMOS", line)]
        assert not stray, stray


def reports_a_double_fault():
    with Bochs(image()) as bochs:
        bochs.expect("^farjump> ")
        bochs.send("fault double-fault\r")
        bochs.expect("exception 8, #DF: double-fault")
        bochs.expect("report on the double fault IST stack")
        bochs.expect("The kernel has stopped")


def registers_of_the_apic_are_reached_either_way():
    """QEMU's interpreter has neither x2APIC nor deadlines by the time stamp counter."""
    for cmdline, name in (("", "x2APIC"), ("nox2apic", "APIC")):
        with Bochs(image(cmdline)) as bochs:
            bochs.expect(f"interrupt_controllers: {name}, 1 I/O APIC")
            bochs.expect("timer: local APIC, by the time stamp counter")
            bochs.expect("^farjump> ")
            bochs.send("test clock\r")
            bochs.expect(r"^clock +ok")


def add_to(suite):
    suite.add("bochs::registers_of_the_apic_are_reached_either_way",
              registers_of_the_apic_are_reached_either_way)
    suite.add("bochs::comes_up_and_answers", comes_up_and_answers)
    suite.add("bochs::reports_a_double_fault", reports_a_double_fault)
