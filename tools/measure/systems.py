"""The machines on which bench/programs runs: the same hardware and the same initramfs under each
kernel."""

import dataclasses
import enum
import os
import pathlib
import subprocess
import tempfile

from machine import BUILD, ROOT, images, linux
from machine.qemu import Qemu

from . import run as runs

ARCHIVE = BUILD / "bench/initramfs.cpio"
# The places of programs are not random, so that a build has the same figures each time.
COMMON = ["norandmaps"]
HANG_CPU_S = 900


class Clock(enum.Enum):
    """The unit of the time stamp counter."""
    INSTRUCTIONS = "instructions"
    # While the CPU is idle, the host's time passes: no timer ends before a disk has answered.
    DISK = "instructions, and the host's time while idle"
    TCG = "ticks under plain TCG"
    KVM = "ticks under KVM"


# Without ERMS, Linux doesn't clear pages by REP STOSB. QEMU counts each byte of it as an
# instruction.
_CPU = "max,-erms"
# Without a CD drive, whose reset ends when the host comes to it: the firmware waits for that, a
# number of instructions that is not the same each time.
MACHINE = ("-rtc", "base=2026-01-01,clock=vm", "-seed", "1", "-nodefaults", "-vga",
           "std")
MEMORY_MIB = 512
CLOCKS = {
    Clock.INSTRUCTIONS: ("-accel", "tcg", "-cpu", _CPU, "-icount", "shift=0,sleep=off"),
    Clock.DISK: ("-accel", "tcg", "-cpu", _CPU, "-icount", "shift=0,sleep=on"),
    Clock.TCG: ("-accel", "tcg", "-cpu", _CPU),
    Clock.KVM: ("-accel", "kvm", "-cpu", "host"),
}


@dataclasses.dataclass(frozen=True)
class System:
    """A kernel and its options."""
    title: str
    options: tuple = ()
    is_linux: bool = True


SYSTEMS = {
    "linux": System("Linux"),
    "linux_unmitigated": System("Linux mitigations=off", ("mitigations=off",)),
    "farjump": System("Farjump", is_linux=False),
}
LINUXES = [key for key, system in SYSTEMS.items() if system.is_linux]


def build_archive():
    """Makes the initramfs of both systems."""
    subprocess.run([ROOT / "tools/initramfs", "--bench", ARCHIVE], check=True)


def card(image):
    """Returns QEMU's arguments for a machine that boots an image from an SD card. QEMU reads cards
    at once, but disks and CDs beside the CPU: how many instructions that takes is not the same each
    time. The size of a card is a power of two."""
    os.truncate(image, 1 << (image.stat().st_size - 1).bit_length())
    return ("-device", "sdhci-pci", "-device", "sd-card,drive=card", "-drive",
            f"if=none,id=card,format=raw,snapshot=on,file={str(image).replace(',', ',,')}")


def boot(key, clock, names=(), plugin=None, memory_mib=MEMORY_MIB, cpus=1, devices=()):
    """Boots a system and runs the operations with these names, or all; returns the run. `plugin` is
    QEMU's argument of a plugin, which has ended by then; `devices` are those of more devices. All
    runs of Farjump with the same names have the same image: the time at which it was made is in it,
    and GRUB reads that."""
    system = SYSTEMS[key]
    arguments = [",".join(names)] if names else []
    if system.is_linux:
        machine = linux.machine(linux.kernel(), ARCHIVE, ["nokaslr", *COMMON, *system.options],
                                arguments)
    else:
        line = " ".join(["quiet", "transparent_hugepage=never", *COMMON, *system.options, "--",
                         *arguments])
        machine = card(images.image(line, initramfs=ARCHIVE))
    more = ["-smp", str(cpus), *(["-plugin", plugin] if plugin else [])]
    text = run_machine(system.title, clock, *machine, *more, *devices, memory_mib=memory_mib)
    return runs.parse_whole(system.title, text)


def run_machine(title, clock, *arguments, memory_mib=MEMORY_MIB):
    """Runs the machine with more arguments for QEMU until it ends; returns what it has printed on
    the serial line."""
    # A file takes each byte at once; a socket whose reader is late doesn't.
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        serial = pathlib.Path(folder) / "serial"
        with Qemu(*CLOCKS[clock], "-m", str(memory_mib), *MACHINE, *arguments,
                  serial_file=serial) as qemu:
            qemu.wait_for(lambda: qemu.process.poll() is not None,
                          lambda: f"{title} does not end:\n"
                                  + serial.read_text(errors="replace")[-3000:], HANG_CPU_S)
        return serial.read_text(errors="replace")


def count_farjump(names=()):
    """Builds Farjump and counts its instructions; returns the run."""
    images.kernel_path()
    build_archive()
    return boot("farjump", Clock.INSTRUCTIONS, names)


def versions(has_linux=True):
    """Returns {name: version} of the programs that the figures depend on."""
    def first_line(*command):
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              cwd=ROOT, check=False).stdout.partition("\n")[0]

    found = {"qemu": first_line("qemu-system-x86_64", "--version"),
             "compiler": first_line("rustc", "--version"),
             "commit": first_line("git", "describe", "--always", "--dirty")}
    if has_linux:
        found["linux"] = linux.kernel().name.removeprefix("vmlinuz-")
    return found
