"""The frequency of the time stamp counter where it is known: under -icount QEMU's counter
has exactly 1 GHz."""

import re

from machine.images import image
from machine.qemu import Qemu

TRUTH_KHZ = 1_000_000
EXACT = ("-m", 128, "-icount", "shift=0,sleep=off")


def rate(qemu):
    """Returns the frequency in kHz, its error in ppm, and what it was measured against."""
    info = qemu.command("info")
    found = re.search(r"^clock +(\d+) kHz ± (\d+) ppm, measured against the (.*)$", info, re.M)
    assert found, info
    return int(found[1]), int(found[2]), found[3]


def frequency_is_exact_by_each_reference():
    for machine, reference in (("pc", "HPET"), ("pc,hpet=off", "PM timer"),
                               ("pc,pit=off", "HPET"), ("pc,pit=off,hpet=off", "PM timer"),
                               ("pc,acpi=off,hpet=off", "PIT")):
        with Qemu(*EXACT, "-M", machine, "-cdrom", image()) as qemu:
            qemu.expect("farjump> ")
            khz, error_ppm, measured_against = rate(qemu)
            assert measured_against == reference, (machine, measured_against)
            assert abs(khz - TRUTH_KHZ) <= TRUTH_KHZ // 10_000, (machine, khz)
            assert error_ppm <= 100, (machine, error_ppm)


def no_cpu_is_lost_without_a_pit():
    """Time-outs are right, so the second CPU answers in time, and no CPU is reported to hang."""
    with Qemu("-m", 128, "-M", "pc,pit=off", "-smp", 2, "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")
        assert "clock      ok" in qemu.command("test clock")
        cpus = qemu.command("cpus")
        assert len(re.findall(r"^ *\d+ +\d+ +\d+ %", cpus, re.M)) == 2, cpus
        assert "takes no interrupts" not in qemu.output, qemu.output


def missing_timer_is_reported():
    with Qemu("-m", 128, "-M", "pc,pit=off", "-cdrom", image("noapic")) as qemu:
        qemu.expect("no timer: the PIT doesn't count, and no local APIC is in charge")


def add_to(suite):
    for test in (frequency_is_exact_by_each_reference, no_cpu_is_lost_without_a_pit,
                 missing_timer_is_reported):
        suite.add(f"clock::{test.__name__}", test)
