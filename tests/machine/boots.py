"""The table of boots of tools/bench-linux: what it counts, and what it refuses."""

import struct
import sys

from machine import ROOT, images

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
    try:
        figure = boot_rows.measure("farjump", ["boot_program_512m"])["boot_program_512m"]
    finally:
        images.remove_images()
    assert figure == kernel, (figure, kernel)


def add_to(suite):
    for test in (memory_in_use_is_what_the_firmware_has_minus_what_is_free,
                 boot_that_reaches_something_else_is_refused, two_boots_that_differ_are_refused,
                 table_has_the_ratio_to_linux, length_of_a_packed_linux_is_read,
                 boot_is_counted_from_the_entry_to_the_first_program):
        suite.add(f"boots::{test.__name__}", test)
