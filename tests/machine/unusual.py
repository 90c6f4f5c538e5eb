"""Machines that differ from the usual PC: the kernel makes the best of each."""

import re

from machine.images import image
from machine.qemu import Qemu


def local_apic_that_cpuid_denies():
    """QEMU gives each of several processors a local APIC, whatever CPUID says; the PICs'
    interrupts come through it, and SeaBIOS has left that pin masked."""
    with Qemu("-m", "128", "-cpu", "qemu64,-apic", "-smp", "2", "-cdrom", image()) as qemu:
        qemu.expect("the PICs stay in charge: the processor has no local APIC")
        qemu.expect("farjump> ")
        assert "clock      ok" in qemu.command("test clock")


def newest_processor_of_qemu():
    with Qemu("-m", "128", "-cpu", "Icelake-Server", "-smp", "2", "-cdrom", image()) as qemu:
        qemu.expect("smp: 2 processors run")
        qemu.expect("farjump> ")
        assert re.search(r"^processor +.*Icelake", qemu.command("info"), re.M)


def add_to(suite):
    for test in (local_apic_that_cpuid_denies, newest_processor_of_qemu):
        suite.add(f"unusual::{test.__name__}", test)
