"""The table of boots of tools/bench-linux: what it counts, and what it refuses."""

import itertools
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

from machine import ROOT, images
from machine.qemu import Qemu
from machine.tools import call

sys.path.insert(0, str(ROOT / "tools"))

from measure import boot, boot_rows, plugin, profile  # noqa: E402
from measure.run import Refusal  # noqa: E402

PLACES = [0x100000, 0x1000000]
COUNTS = """reached 100000 0
reached 1000000 40
program {entry:x} 100
mark 100 0
end
"""
SERIAL = """memory 9000 7000\r
log [    0.000000] BIOS-e820: [mem 0x0000000000000000-0x0000000000000fff] usable\r
log [    0.000000] BIOS-e820: [mem 0x0000000000100000-0x0000000000107fff] usable\r
end\r
"""


def parsed(counts=COUNTS, serial=SERIAL, places=PLACES):
    size = boot.archive(boot.PROGRAM).stat().st_size
    # The entry of the program that the archive has.
    entry, = struct.unpack_from("<Q", (boot.BUILD / "bench/first").read_bytes(), 24)
    return boot.parse("Linux", places, boot.PROGRAM, counts.format(entry=entry), serial), size


def refused(complaint, action):
    try:
        action()
    except Refusal as refusal:
        assert complaint in str(refusal), refusal
    else:
        raise AssertionError(f"not refused: {complaint}")


def memory_in_use_is_what_the_firmware_has_minus_what_is_free():
    found, initramfs = parsed()
    assert found == boot.Boot(100, 40, None, 0x9000 - 7000 - initramfs, 2000), found
    farjump = "memory 9000 7000\r\nlog [    0.0] boot: memory: 36 KiB in 7 regions\r\nend\r\n"
    assert parsed(serial=farjump)[0].used_bytes == 36 * 1024 - 7000 - initramfs


def boot_that_reaches_something_else_is_refused():
    refused("has not reached the program", lambda: parsed("reached 100000 0\n"))
    refused("does not begin at", lambda: parsed(COUNTS.replace("{entry:x}", "7f0000")))
    refused("has not passed 0x1000000", lambda: parsed(COUNTS.replace("reached 1000000 40\n", "")))
    refused("the first program has not ended", lambda: parsed(serial="end\n"))
    refused("its log has no memory map", lambda: parsed(serial="memory 9000 7000\n"))


def two_boots_that_differ_are_refused():
    figures = [boot.Boot(100), boot.Boot(101)]
    original, boot.boot = boot.boot, lambda *_: figures.pop()
    try:
        refused("Farjump: two boots to the program with 512 MiB differ: ",
                lambda: boot_rows.measure("farjump", ["boot_program_512m"]))
        figures[:] = [boot.Boot(100), boot.Boot(100)]
        assert boot_rows.measure("farjump", ["boot_program_512m"]) == {"boot_program_512m": 100}
    finally:
        boot.boot = original


def table_has_the_ratio_to_linux():
    found = {"linux": {"boot_program_512m": 2000}, "farjump": {"boot_program_512m": 20,
                                                               "boot_prompt_512m": 18}}
    head, *rows = boot_rows.cells(found)
    assert head == ["boot", "unit", "Linux", "Farjump", "ratio"]
    assert rows == [["boot_program_512m", "instructions", "2,000", "20", "0.0100"],
                    ["boot_prompt_512m", "instructions", "-", "18", "-"]], rows
    assert boot_rows.as_values(found)["boot_program_512m"]["ratio"] == 0.01


def length_of_a_packed_linux_is_read():
    image = bytearray(4096)
    image[0x1F1] = 1
    struct.pack_into("<II", image, 0x248, 16, 100)
    struct.pack_into("<I", image, 1024 + 16 + 100 - 4, 5000)
    assert boot_rows.unpacked_bytes(bytes(image)) == 5000


def boot_is_counted_from_the_entry_to_the_first_program():
    plugin.plugin()
    counted = profile.count_boot()
    (kernel, program, costly), = counted.marks
    assert program == 0 and costly["rdtsc"] and costly["cr3"], counted.marks
    # Blocks count as a whole, also where QEMU begins one again for the access to a device in it.
    total = sum(counted.stacks.values())
    assert kernel <= total < 1.04 * kernel, (total, kernel)
    of_start = sum(count for stack, count in counted.stacks.items() if "bring_up::start" in stack)
    assert of_start > 0.8 * kernel, (of_start, kernel)
    outermost = {stack[0] for stack in counted.stacks}
    assert "_start" in outermost, outermost
    figure = boot_rows.measure("farjump", ["boot_program_512m"])["boot_program_512m"]
    assert figure == kernel, (figure, kernel)


def rows_of(text, head):
    """Returns [(name, number)] of the rows after the one that begins with `head`, up to the next
    one that isn't indented."""
    lines = text.replace("\r", "").splitlines()
    begin = next(index for index, line in enumerate(lines) if line.startswith(head))
    rows = itertools.takewhile(lambda line: line.startswith("  "), lines[begin + 1:])
    return [(match[1], int(match[2]))
            for match in (re.match(r"  (\S.*?) +(\d+) ", row) for row in rows)]


def command_shows_stages_image_and_memory():
    with Qemu("-m", "128", "-cdrom", images.image()) as qemu:
        qemu.expect("farjump> ")
        text = qemu.command("boot")
        usable_kib = int(re.search(r"^memory +(\d+) KiB available", qemu.command("info"), re.M)[1])
        frames = qemu.command("frames")
    *stages, (name, ticks) = rows_of(text, "stage ")
    assert name == "all" and ticks == sum(taken for _, taken in stages) > 0, text
    names = [name for name, _ in stages]
    assert names[0] == "stub" and names[-4:] == ["console", "drivers", "files", "processes"], text
    assert names.index("memory") < names.index("PCI buses") < names.index("threads"), text

    listing = subprocess.run(["size", "-A", "-d", images.kernel_path()], check=True, text=True,
                             stdout=subprocess.PIPE).stdout
    sections = {name: int(size) for name, size in re.findall(r"^\.(\w+) +(\d+)", listing, re.M)}
    image = dict(rows_of(text, "image "))
    assert image["code"] == sections["text"], (image, sections)
    assert image["constants"] == sections["rodata"], (image, sections)
    zeros = image["zeroed variables"]
    # They begin at the end of the variables, or at the next page.
    assert 0 <= image["variables"] - sections["data"] < 4096, (image, sections)
    assert 0 <= zeros - sections["bss"] < 4096, (image, sections)
    assert image["module symbols"] > 100_000, image

    *parts, (name, used) = rows_of(text, "memory in use")
    assert name == "all" and used == sum(size for _, size in parts), text
    free_kib = int(re.search(r"^ +free +\d+ +(\d+)", frames, re.M)[1])
    # The prompt itself has used some more since.
    assert 0 <= usable_kib - free_kib - used // 1024 < 256, (usable_kib, free_kib, used)
    heap_kib = int(re.search(r"^ +heap +\d+ +(\d+)", frames, re.M)[1])
    assert abs(dict(parts)["heap"] // 1024 - heap_kib) < 256, (parts, frames)


def initramfs_is_counted_as_files(*options):
    """The module's frames, which belong to files at the end of the boot, are counted once."""
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        root, archive = pathlib.Path(folder, "root"), pathlib.Path(folder, "archive")
        root.mkdir()
        (root / "data").write_bytes(bytes(8 << 20))
        done = call("initramfs", *options, "--root", root, archive)
        assert done.returncode == 0, done
        with Qemu("-m", "128", "-cdrom", images.image("init=none", initramfs=archive)) as qemu:
            qemu.expect("farjump> ")
            text = qemu.command("boot")
        assert dict(rows_of(text, "image "))["module initramfs"] == archive.stat().st_size, text
    *parts, (_, used) = rows_of(text, "memory in use")
    assert used == sum(size for _, size in parts), text
    assert "module initramfs" not in dict(parts) and dict(parts)["files"] >= 8 << 20, text


def packed_initramfs_is_left_to_the_kernel():
    """GRUB unpacks the kernel, but no initramfs."""
    initramfs_is_counted_as_files("--gzip")


def add_to(suite):
    for test in (command_shows_stages_image_and_memory, initramfs_is_counted_as_files,
                 packed_initramfs_is_left_to_the_kernel,
                 memory_in_use_is_what_the_firmware_has_minus_what_is_free,
                 boot_that_reaches_something_else_is_refused, two_boots_that_differ_are_refused,
                 table_has_the_ratio_to_linux, length_of_a_packed_linux_is_read,
                 boot_is_counted_from_the_entry_to_the_first_program):
        suite.add(f"boots::{test.__name__}", test)
