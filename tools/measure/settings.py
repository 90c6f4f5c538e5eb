"""The settings in which tools/bench-compute runs the same bytes of code, and the check that they are
the same."""

import dataclasses
import functools
import hashlib
import pathlib
import platform
import subprocess
import tempfile

from machine import BUILD, ROOT, images

from . import run as runs
from . import systems
from .run import Refusal

CODE = ROOT / "bench/compute/code.asm"
PROGRAM = BUILD / "bench/bench"
UEFI = BUILD / "bench/uefi"
APPLICATION = UEFI / "EFI/BOOT/BOOTX64.EFI"
OPERATIONS = ("fib30", "gemv512_f32", "gemv512_f32_avx2")


@dataclasses.dataclass(frozen=True)
class Setting:
    """A setting: its head in the tables, and the executable whose code runs there."""
    title: str
    executable: str


SETTINGS = {
    "bare": Setting("bare", "kernel"),
    "uefi": Setting("UEFI application", "application"),
    "linux": Setting("Linux process", "program"),
    "farjump": Setting("Farjump process", "program"),
    "ring_0": Setting("Farjump ring 0", "kernel"),
}


@functools.cache
def kernel():
    """Builds the kernel that measures itself; returns its path."""
    return dict(images.build_test_kernels("bench", "--bench", "compute"))["compute"]


@functools.cache
def build():
    """Builds all executables; returns {executable: path}."""
    systems.build_archive()
    subprocess.run([ROOT / "tools/uefi-bench"], check=True, stdout=subprocess.DEVNULL)
    return {"program": PROGRAM, "application": APPLICATION, "kernel": kernel()}


def kernel_bytes():
    """Returns the size of the kernel that users boot, as it is in an image."""
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        stripped = pathlib.Path(folder) / "farjump"
        subprocess.run(["objcopy", "--strip-all", images.kernel_path(), stripped], check=True)
        return stripped.stat().st_size


def code():
    """Returns the bytes of the code."""
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        flat = pathlib.Path(folder) / "code"
        subprocess.run(["nasm", "-f", "bin", "-o", flat, CODE], check=True)
        return flat.read_bytes()


def digests(executables, wanted):
    """Returns {executable: SHA-256 of the bytes of the code in it}. Raises `Refusal` if one doesn't
    have these bytes exactly once."""
    found = {}
    for name, path in executables.items():
        content = pathlib.Path(path).read_bytes()
        if (count := content.count(wanted)) != 1:
            raise Refusal(f"{path} has the code of {CODE.relative_to(ROOT)} {count} times, not once")
        start = content.index(wanted)
        found[name] = hashlib.sha256(content[start:start + len(wanted)]).hexdigest()
    return found


def parse_settings(title, text):
    """Returns {setting: run} of what a machine printed that names its settings."""
    runs.parse_whole(title, text)
    parts = text.split("\nsetting ")[1:]
    return {part.partition("\n")[0]: runs.parse(part) for part in parts}


def run_uefi(clock):
    """Boots the UEFI application; returns {setting: run}. The firmware's timer must interrupt it."""
    firmware = subprocess.run([ROOT / "tools/find-ovmf"], check=True, text=True,
                              stdout=subprocess.PIPE).stdout.strip()
    text = systems.run_machine(
        "the UEFI application", clock, "-bios", firmware, "-device", "virtio-blk-pci,drive=esp",
        "-drive", f"if=none,id=esp,format=raw,readonly=on,file=fat:{str(UEFI).replace(',', ',,')}")
    if "\ninterrupts 1\n" not in text:
        raise Refusal(f"the UEFI application runs with interrupts off:\n{text[-3000:]}")
    return parse_settings("the UEFI application", text)


def run_kernel(clock):
    """Boots the kernel that measures itself; returns {setting: run}."""
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        image = images.build_image(kernel(), pathlib.Path(folder) / "compute.iso", bios_only=True)
        text = systems.run_machine("Farjump's kernel", clock, *systems.card(image), "-device",
                                   "isa-debug-exit,iobase=0xf4,iosize=4")
    return parse_settings("Farjump's kernel", text)


def run(clock):
    """Runs all settings, one machine at a time; returns {setting: run}."""
    build()
    found = run_kernel(clock) | run_uefi(clock)
    for key in ("linux", "farjump"):
        found[key] = systems.boot(key, clock, OPERATIONS)
    for key, setting in SETTINGS.items():
        runs.refuse_failures(setting.title, found[key], OPERATIONS)
    return {key: found[key] for key in SETTINGS}


def run_on_host():
    """Runs the program on this machine, if that has the same kind of CPU and of kernel; returns the
    run, or None."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return None
    text = subprocess.run([PROGRAM, ",".join(OPERATIONS)], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    return runs.parse_whole("this host", text)
