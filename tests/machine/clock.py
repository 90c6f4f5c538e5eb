"""The kernel's clock, compared with known values: under -icount, QEMU's time stamp counter has
exactly 1 GHz, and the other clocks of the machine agree with it."""

import re

from machine.images import image
from machine.qemu import Qemu

TRUTH_KHZ = 1_000_000
# The machine, the reference for the frequency, and the machine's witnesses.
BOTH, RTC_ONLY = ["PM timer", "hardware clock"], ["hardware clock"]
MACHINES = {
    "pc": (("-M", "pc"), "HPET", BOTH),
    "pc_without_hpet": (("-M", "pc,hpet=off"), "PM timer", BOTH),
    "pc_without_pit": (("-M", "pc,pit=off"), "HPET", BOTH),
    "pc_without_pit_and_hpet": (("-M", "pc,pit=off,hpet=off"), "PM timer", BOTH),
    "pc_without_acpi_and_hpet": (("-M", "pc,acpi=off,hpet=off"), "PIT", RTC_ONLY),
    "q35_with_two_cpus": (("-M", "q35", "-smp", 2), "HPET", BOTH),
}


def counted(*arguments, **options):
    """Returns a machine whose clocks count instructions, of 4 ns each. When all CPUs halt, the
    clocks jump to the next timer."""
    return Qemu("-m", 128, "-icount", "shift=2,sleep=off", "-rtc", "clock=vm", *arguments,
                "-cdrom", image(), **options)


def rate(qemu):
    """Returns the frequency in kHz, its error in ppm, and the reference."""
    info = qemu.command("info")
    found = re.search(r"^clock +(\d+) kHz ± (\d+) ppm, measured against the (.*)$", info, re.M)
    assert found, info
    return int(found[1]), int(found[2]), found[3]


def clock_is_exact(arguments, reference, witnesses):
    """Checks the frequency for each reference. Then compares ten seconds of the machine's time
    with the PM timer and the hardware clock: within 100 ppm, the printed error included."""
    with counted(*arguments) as qemu:
        qemu.expect("farjump> ")
        khz, error_ppm, measured_against = rate(qemu)
        assert measured_against == reference, measured_against
        assert abs(khz - TRUTH_KHZ) <= TRUTH_KHZ // 10_000 and error_ppm <= 100, (khz, error_ppm)
        text = qemu.command("time check")
        found = re.findall(r"^(PM timer|hardware clock) +(\d+\.\d) s, the clock is "
                           r"(?:slow|fast) by (\d+\.\d) ± (\d+\.\d) ppm: ok$", text, re.M)
        assert [row[0] for row in found] == witnesses, text
        assert ("PM timer         none\n" in text) == (witnesses == RTC_ONLY), text
        for _, seconds, ppm, error_ppm in found:
            assert float(seconds) >= 10 and float(ppm) + float(error_ppm) <= 100, text


def no_cpu_is_lost_without_a_pit():
    """Time-outs have the right length, so the second CPU answers in time, and no CPU is reported
    to hang."""
    with Qemu("-m", 128, "-M", "pc,pit=off", "-smp", 2, "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")
        assert "clock      ok" in qemu.command("test clock")
        cpus = qemu.command("cpus")
        assert len(re.findall(r"^ *\d+ +\d+ +\d+ %", cpus, re.M)) == 2, cpus
        assert "takes no interrupts" not in qemu.output, qemu.output


def clock_check_ends_at_a_key():
    with counted() as qemu:
        qemu.expect("farjump> ")
        for key in ("q", "\x03"):
            qemu.send("time check\r")
            qemu.expect("up to 100 ppm are ok")
            qemu.send(key)
            qemu.expect("farjump> ")
        assert "time: x: not known here" in qemu.command("time x")
        assert "PM timer  " not in qemu.output, qemu.output


def no_false_alarm_without_pit_and_com1_interrupt():
    """Two CPUs run for longer than the watchdog waits; the machine's clock jumps from one poll
    of the serial line to the next."""
    with counted("-M", "pc,pit=off", "-smp", 2, com1="isa-serial,irq=5") as qemu:
        qemu.expect("no interrupt arrives at IRQ 4; it is polled")
        qemu.expect("smp: 2 CPUs run")
        qemu.expect("farjump> ")
        qemu.send("watch ticks\r")
        qemu.expect(r" [3-9]\d\.\d{6} s since the start")
        qemu.send("q")
        qemu.expect("farjump> ")
        cpus = qemu.command("cpus")
        assert len(re.findall(r"^ *\d+ +\d+ +\d+ %", cpus, re.M)) == 2, cpus
        assert qemu.command("log warning").count("\n") == 1, qemu.output
        assert not re.search("takes no interrupts|doesn't switch|interrupts were off",
                             qemu.output), qemu.output


def missing_timer_is_reported():
    with Qemu("-m", 128, "-M", "pc,pit=off", "-cdrom", image("noapic")) as qemu:
        qemu.expect("no timer: the PIT doesn't count, and no local APIC is in charge")


def add_to(suite):
    for name, machine in MACHINES.items():
        suite.add(f"clock::clock_is_exact_{name}", lambda machine=machine: clock_is_exact(*machine))
    for test in (no_cpu_is_lost_without_a_pit, clock_check_ends_at_a_key,
                 no_false_alarm_without_pit_and_com1_interrupt, missing_timer_is_reported):
        suite.add(f"clock::{test.__name__}", test)
