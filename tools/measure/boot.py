"""Boots each system for the first program or for a prompt; counts the instructions from the
kernel's first one, by the plugin of tools/count, and the memory that is in use by then."""

import dataclasses
import re
import stat
import struct
import subprocess
import tempfile
import threading

from machine import BUILD, cpio, images, linux, trees
from machine.qemu import Qemu

from . import systems
from .plugin import plugin_argument
from .run import Refusal

MEMORIES_MIB = (128, 512, 6144)
USUAL_MIB = 512
# Where the 32-bit entry of a Linux is loaded, and where it unpacks the kernel with `nokaslr`:
# Linux, Documentation/arch/x86/boot.rst; CONFIG_PHYSICAL_START.
LINUX_ENTRY = 0x100000
LINUX_UNPACKED = 0x1000000
HANG_CPU_S = 900

_archives = threading.Lock()


@dataclasses.dataclass(frozen=True)
class Goal:
    """What a boot is counted to: the first program's first instruction and, if there is a prompt,
    the prompt's wait for input.

    program: its path in the archive and its arguments; without one the kernel has the prompt.
    """
    name: str
    program: tuple = ()
    prompt: str = ""


PROGRAM = Goal("program", ("/first",))
# The shell asks the terminal where the cursor is.
SHELL = Goal("shell", ("/bin/busybox", "sh"), "# \x1b[6n")
PROMPT = Goal("prompt", (), "farjump> ")


@dataclasses.dataclass(frozen=True)
class Boot:
    """The figures of a boot; None where there is none.

    program: instructions from the entry to the first program.
    unpacked: those of them that run before the kernel is unpacked.
    prompt: instructions from the entry to the wait for input.
    used_bytes: RAM that the firmware reports as usable, and that isn't free when the first
        program makes its first system call, without the size of the initramfs.
    seen_bytes: the part of it that the program sees: the total of sysinfo(2) minus what is free.
    """
    program: int | None = None
    unpacked: int = 0
    prompt: int | None = None
    used_bytes: int | None = None
    seen_bytes: int | None = None


def _program_file(goal):
    """Returns the path of the first program."""
    return trees.busybox() if goal is SHELL else BUILD / "bench/first"


def archive(goal):
    """Makes the initramfs of a goal, the same for all systems; returns its path."""
    subprocess.run([systems.ROOT / "tools/bench-programs"], check=True, stdout=subprocess.DEVNULL)
    tree = {}
    if goal.program:
        trees.add_file(tree, goal.program[0].lstrip("/"), _program_file(goal).read_bytes(),
                       trees.PROGRAM)
    trees.add_mount_points(tree)
    # Linux opens it for the first program.
    tree[b"dev/console"] = cpio.Node(stat.S_IFCHR | 0o600, device=(5, 1))
    path = BUILD / f"bench/{goal.name}.cpio"
    data = cpio.pack(tree, in_place=True)
    with _archives:
        if not path.exists() or path.read_bytes() != data:
            path.write_bytes(data)
    return path


def _entry(path):
    """Returns the address of an ELF file's first instruction."""
    return struct.unpack_from("<Q", path.read_bytes(), 24)[0]


def boot(key, goal, memory_mib, out=None, arguments=()):
    """Boots a system, and returns the figures. `out` is a file for the plugin's output, and
    `arguments` are more arguments for it."""
    system = systems.SYSTEMS[key]
    files = archive(goal)
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        serial, counts = f"{folder}/serial", out or f"{folder}/counts"
        words = ["transparent_hugepage=never", *systems.COMMON, *system.options]
        if system.is_linux:
            places = [LINUX_ENTRY, LINUX_UNPACKED]
            machine = linux.machine(linux.kernel(), files,
                                    ["nokaslr", f"rdinit={goal.program[0]}", *words],
                                    goal.program[1:])
        else:
            places = [_entry(images.kernel_path())]
            init = goal.program[0] if goal.program else "none"
            line = " ".join(["quiet", f"init={init}", *words, "--", *goal.program[1:]])
            machine = systems.card(images.image(line, initramfs=files))
        argument = plugin_argument(
            counts, *arguments, *(f"{name}={place:x}" for name, place in zip(["from", "watch"], places)),
            *([f"prompt={goal.prompt}", f"serial={serial}"] if goal.prompt else []))
        with Qemu(*systems.CLOCKS[systems.Clock.INSTRUCTIONS], "-m", str(memory_mib),
                  *systems.MACHINE, *machine, "-plugin", argument, serial_file=serial) as qemu:
            def is_done():
                if qemu.process.poll() is not None:
                    return True
                return goal.prompt and "\nend\n" in _read(counts)
            qemu.wait_for(is_done, lambda: f"{system.title} does not end:\n{_read(serial)[-3000:]}",
                          HANG_CPU_S)
        return parse(system.title, places, goal, _read(counts), _read(serial))


def _read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def parse(title, places, goal, counts, serial):
    """Returns the figures of what the plugin and the first program have printed."""
    if not re.search("^end$", counts, re.M):
        raise Refusal(f"{title} has not reached the {goal.name}:\n{serial[-3000:]}")
    reached = {int(place, 16): int(count)
               for place, count in re.findall(r"^reached (\w+) (\d+)$", counts, re.M)}
    program = re.search(r"^program (\w+) (\d+)$", counts, re.M)
    prompt = re.search(r"^prompt (\d+)$", counts, re.M)
    if goal.program:
        entry = _entry(_program_file(goal))
        if not program or int(program[1], 16) != entry:
            raise Refusal(f"{title}: the first program does not begin at {entry:#x}: {counts}")
        if missing := [place for place in places if place not in reached]:
            raise Refusal(f"{title} has not passed {missing[0]:#x}")
    used, seen = (_memory(title, serial) if goal is PROGRAM else (None, None))
    return Boot(int(program[2]) if program else None,
                reached[places[-1]] if program else 0,
                int(prompt[1]) if prompt else None, used, seen)


def _memory(title, serial):
    """Returns the bytes of RAM in use, all and those that a program sees, by what the first
    program has printed."""
    memory = re.search(r"^memory (\d+) (\d+)\r?$", serial, re.M)
    if not memory:
        raise Refusal(f"{title}: the first program has not ended:\n{serial[-3000:]}")
    total, free = map(int, memory.groups())
    # Each kernel describes the firmware's map in its own words.
    ranges = re.findall(r"^log .*e820: \[mem 0x(\w+)-0x(\w+)\] usable", serial, re.M)
    usable = sum(int(end, 16) + 1 - int(start, 16) for start, end in ranges)
    if kib := re.search(r"^log .*boot: memory: (\d+) KiB", serial, re.M):
        usable = int(kib[1]) * 1024
    if not usable:
        raise Refusal(f"{title}: its log has no memory map:\n{serial[-3000:]}")
    return usable - free - archive(PROGRAM).stat().st_size, total - free
