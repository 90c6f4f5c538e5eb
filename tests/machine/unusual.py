"""Machines that differ from the usual PC: the kernel works on each."""

import re

from machine.images import image
from machine.qemu import Qemu
from machine.tools import ovmf

MIB = 1 << 20


def local_apic_that_cpuid_denies():
    """With several CPUs, each has a local APIC in QEMU, whatever CPUID says. The PICs'
    interrupts pass through its pin, which SeaBIOS leaves masked."""
    with Qemu("-m", "128", "-cpu", "qemu64,-apic", "-smp", "2", "-cdrom", image()) as qemu:
        qemu.expect("the PICs stay in charge: the CPU has no local APIC")
        qemu.expect("farjump> ")


def without_acpi_one_cpu_runs():
    """The kernel doesn't read the legacy MP table, which QEMU has as well."""
    with Qemu("-M", "pc", "-m", "128", "-no-acpi", "-smp", "4", "-cdrom", image()) as qemu:
        qemu.expect("acpi: the machine has no ACPI")
        qemu.expect("the PICs stay in charge: ACPI has no valid table of APICs")
        qemu.expect("farjump> ")


def too_little_memory_for_the_image():
    """GRUB can't load the image to its addresses, as if firmware occupied them."""
    commands = b"serial --unit=0 --speed=115200\nterminal_output serial\n"
    with Qemu("-m", "3", "-cdrom", image(grub=commands)) as qemu:
        qemu.expect("error: out of memory")
        qemu.expect("error: you need to load the kernel first")


def newest_cpu_of_qemu():
    with Qemu("-m", "128", "-cpu", "Icelake-Server", "-smp", "2", "-cdrom", image()) as qemu:
        qemu.expect("smp: 2 CPUs run")
        qemu.expect("farjump> ")
        assert re.search(r"^CPU +.*Icelake", qemu.command("info"), re.M)


def memory_with_400_holes():
    """GRUB's command cutmem makes the holes, as for defective RAM. No other memory is
    lost."""
    holes = range(32 * MIB, 432 * MIB, MIB)
    commands = "".join(f"cutmem {hole:#x} {hole + 4096:#x}\n" for hole in holes)
    with Qemu("-m", "512", "-smp", "2", "-cdrom", image(grub=commands.encode())) as qemu:
        qemu.expect(r"boot: memory: \d+ KiB in (4\d\d|8\d\d) regions")
        qemu.expect("smp: 2 CPUs run")
        qemu.expect("farjump> ")
        assert "left out" not in qemu.output, qemu.output
        available = int(re.search(r"^memory +(\d+) KiB available$", qemu.command("info"), re.M)[1])
        assert available >= (512 - 1) * 1024 - len(holes) * 4, available
        for name in ("audit", "frames"):
            assert re.search(rf"^{name} +ok\b", qemu.command(f"test {name}"), re.M), qemu.output


def symbols_after_forty_modules():
    """The kernel finds the symbols at any place in the list of modules, and lists all
    modules."""
    commands = ("multiboot2 /boot/farjump\n"
                + "module2 /boot/grub/grub.cfg other\n" * 40
                + "module2 /boot/farjump.symbols symbols\nset gfxpayload=text\nboot\n")
    with Qemu("-m", "128", "-cdrom", image(grub=commands.encode())) as qemu:
        qemu.expect(r"symbols: \d+ functions")
        qemu.expect("farjump> ")
        modules = qemu.command("modules")
        assert modules.count(" other\n") == 40 and modules.count(" symbols\n") == 1, modules


def command_line_with_a_byte_of_latin_1():
    """The word with that byte is reported; all other words are applied."""
    commands = (b"multiboot2 /boot/farjump nosmp caf\xe9 layout=de\n"
                b"module2 /boot/farjump.symbols symbols\nset gfxpayload=text\nboot\n")
    with Qemu("-m", "128", "-smp", "2", "-cdrom", image(grub=commands)) as qemu:
        qemu.expect("warning options: command line: a word that isn.t UTF-8 is ignored: caf\ufffd")
        qemu.expect("layout de")
        qemu.expect("farjump> ")
        assert re.search("^options +nosmp caf\ufffd layout=de$", qemu.command("info"), re.M)


def uefi_with_a_screen_that_has_no_framebuffer():
    """The loader's framebuffer is at address 0."""
    with Qemu("-m", "128", "-bios", ovmf(), "-vga", "none", "-device", "virtio-gpu-pci",
              "-cdrom", image(bios_only=False)) as qemu:
        qemu.expect("farjump> ")
        assert re.search(r"^screen +none that can be used$", qemu.command("info"), re.M)


def add_to(suite):
    for test in (local_apic_that_cpuid_denies, without_acpi_one_cpu_runs,
                 too_little_memory_for_the_image, newest_cpu_of_qemu, memory_with_400_holes,
                 symbols_after_forty_modules, command_line_with_a_byte_of_latin_1,
                 uefi_with_a_screen_that_has_no_framebuffer):
        suite.add(f"unusual::{test.__name__}", test)
