"""Every kind of machine boots to the prompt and runs `info`."""

import itertools
import os
import re

from machine.images import image
from machine.qemu import Qemu
from machine.tools import ovmf

# The UEFI firmware needs more than 32 MiB for itself.
DIMENSIONS = {
    "firmware": ("BIOS", "UEFI"),
    "medium": ("cd", "usb"),
    "machine": ("pc", "q35"),
    "cpu": ("qemu64", "Nehalem", "Haswell", "EPYC", "max"),
    "memory_mib": (32, 128, 4096, 6144),
    "cpus": (1, 2, 4, 8),
    "cmdline": ("", "noapic", "nosmp", "nox2apic"),
}


def is_possible(machine):
    is_uefi_small = machine["firmware"] == "UEFI" and machine["memory_mib"] < 128
    return not is_uefi_small


def all_machines():
    """Returns every possible combination."""
    combinations = itertools.product(*DIMENSIONS.values())
    machines = (dict(zip(DIMENSIONS, values)) for values in combinations)
    return [machine for machine in machines if is_possible(machine)]


def pairs_of(machine):
    return set(itertools.combinations(machine.items(), 2))


def pairwise_machines():
    """Returns a set of machines in which each possible pair of values occurs."""
    machines = all_machines()
    missing = set().union(*map(pairs_of, machines))
    chosen = []
    while missing:
        best = max(machines, key=lambda machine: len(pairs_of(machine) & missing))
        chosen.append(best)
        missing -= pairs_of(best)
    return chosen


def boot(firmware, medium, machine, cpu, memory_mib, cpus, cmdline):
    stick = image(cmdline, bios_only=False)
    arguments = ["-M", machine, "-cpu", cpu, "-m", memory_mib, "-smp", cpus]
    if firmware == "UEFI":
        arguments += ["-bios", ovmf()]
    if medium == "cd":
        arguments += ["-cdrom", stick, "-boot", "d"]
    else:
        arguments += ["-drive", f"if=none,id=stick,format=raw,readonly=on,file={stick}",
                      "-device", "qemu-xhci",
                      "-device", "usb-storage,drive=stick,bootindex=0"]
    with Qemu(*arguments) as qemu:
        qemu.expect("64-bit Long Mode reached!")
        qemu.expect("farjump> ")
        info = qemu.command("info")
        assert re.search(rf"^firmware +{firmware}$", info, re.M), info
        assert re.search(r"^loader +GRUB 2", info, re.M), info
        assert re.search(r"^features on +LMA NXE PG WP", info, re.M), info
        available = int(re.search(r"^memory +(\d+) KiB available$", info, re.M)[1])
        # The firmware keeps memory: little on a BIOS, more on UEFI.
        kept = 1024 if firmware == "BIOS" else 24 * 1024
        assert memory_mib * 1024 - kept <= available <= memory_mib * 1024, info
        screen = "VGA text" if firmware == "BIOS" else "framebuffer"
        assert re.search(rf"^screen +{screen}", info, re.M), info
        # Other CPUs can't be started with only the PICs.
        running = 1 if cmdline in ("noapic", "nosmp") else cpus
        cpus = qemu.command("cpus")
        assert len(re.findall(r"^ *\d+ +\d+ +\d+ %", cpus, re.M)) == running, cpus
        assert ("\nPICs in charge" in cpus) == (cmdline == "noapic"), cpus
        assert "clock      ok" in qemu.command("test clock")
        assert not qemu.has_triple_faulted()


def sixty_four_cpus():
    """All 64 CPUs start and run threads."""
    with Qemu("-m", 512, "-smp", 64, "-accel", "tcg,thread=multi", "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")
        cpus = qemu.command("cpus | count")
        assert re.search(r"\b66\b", cpus), cpus
        assert "clock      ok" in qemu.command("test clock")


def smp_option_limits():
    with Qemu("-m", 128, "-smp", 4, "-cdrom", image("smp=3")) as qemu:
        qemu.expect("smp: 3 CPUs run")
        qemu.expect("farjump> ")


def without_serial_port():
    """The test types on the keyboard and reads the text memory."""
    with Qemu("-m", "128", "-cdrom", image(), has_serial=False) as qemu:
        qemu.expect_screen("^farjump>")
        qemu.type_keys("info\n")
        screen = qemu.expect_screen(r"^serial line +none(.|\n)*^farjump>")
        assert re.search(r"^loader +GRUB 2", screen.string, re.M), screen.string
        qemu.type_keys("ticks\n")
        qemu.expect_screen(r"^\d+ ticks of the local APIC")


def uefi_without_any_screen():
    """The kernel needs neither text mode nor framebuffer."""
    with Qemu("-m", "128", "-bios", ovmf(), "-vga", "none",
              "-cdrom", image(bios_only=False)) as qemu:
        qemu.expect("farjump> ")
        assert re.search(r"^screen +none that can be used$", qemu.command("info"), re.M)


def add_to(suite):
    is_whole = os.environ.get("FARJUMP_MATRIX") == "all"
    for machine in all_machines() if is_whole else pairwise_machines():
        name = "matrix::" + "-".join(map(str, machine.values()))
        suite.add(name, lambda machine=machine: boot(**machine))
    suite.add("matrix::sixty_four_cpus", sixty_four_cpus)
    suite.add("matrix::smp_option_limits", smp_option_limits)
    suite.add("matrix::without_serial_port", without_serial_port)
    suite.add("matrix::uefi_without_any_screen", uefi_without_any_screen)
