"""Damaged information of a loader: the kernel reports it and continues."""

import contextlib
import re
import struct

from machine import gdb
from machine.images import image
from machine.qemu import Qemu

END_TAG, MEMORY_MAP_TAG, OLD_ACPI_TAG = 0, 6, 14


def corrupted(*commands):
    """Boots a kernel; gdb changes the loader's structure (at $rsi) before rust_main reads
    it."""
    qemu = Qemu("-m", "64", "-cdrom", image(), gdb=True, paused=True)
    gdb.run(qemu, "hbreak *(long)&rust_main", "continue", *commands)
    return qemu


def expect_going_on(qemu, complaint):
    qemu.expect(complaint)
    qemu.expect("farjump> ")
    assert "available" in qemu.command("info")


def size_beyond_all_memory():
    with corrupted("set {int}$rsi = 0xfffffff8") as qemu:
        expect_going_on(qemu, "ERROR boot: the loader's information at 0x[0-9a-f]+ isn't")


def size_cut_in_the_middle():
    with corrupted("set {int}$rsi = 64") as qemu:
        expect_going_on(qemu, "ERROR boot: the loader's information is invalid, and ignored: ")


def tag_of_impossible_size():
    with corrupted("set {int}($rsi + 12) = 0x7fffffff") as qemu:
        expect_going_on(qemu, "and ignored: the tag at offset 8 can't have 2147483647 bytes")


def address_beyond_the_mapped_memory():
    with corrupted("set $rsi = 0x50000000") as qemu:
        expect_going_on(qemu, "information at 0x50000000 isn't a structure in the first GiB")


def magic_number_of_another_loader():
    with corrupted("set $rdi = 0x2badb002") as qemu:
        expect_going_on(qemu, "ERROR boot: EAX was 0x2badb002, not 0x36d76289")


def find_tag(structure, number):
    """Returns the offset of a tag in the loader's structure."""
    tag = 8
    while (head := struct.unpack_from("<II", structure, tag))[0] != number:
        assert head[0] != END_TAG, structure
        tag += (head[1] + 7) & ~7
    return tag


@contextlib.contextmanager
def stopped_at_rust_main(*arguments):
    """Yields a machine that has stopped before rust_main, and the address and the bytes of
    its loader's structure."""
    with Qemu("-m", "64", *arguments, "-cdrom", image(), gdb=True, paused=True) as qemu:
        text = gdb.run(qemu, "hbreak *(long)&rust_main", "continue",
                       'printf "RSI=%lx\\n", $rsi', "delete", keep_stopped=True)
        start = int(re.search("RSI=([0-9a-f]+)", text)[1], 16)
        size, = struct.unpack("<I", qemu.read_memory(start, 4))
        yield qemu, start, qemu.read_memory(start, size)


def without_a_memory_map():
    """The type of the map's tag is changed to an unknown one."""
    with stopped_at_rust_main() as (qemu, start, structure):
        gdb.run(qemu, f"set {{int}}{start + find_tag(structure, MEMORY_MAP_TAG)} = 77")
        expect_going_on(qemu, "warning boot: the loader gave no memory map")


def damaged_rsdp_is_reported_and_another_found():
    """GRUB's copy has a wrong checksum; that of the BIOS is valid."""
    with stopped_at_rust_main() as (qemu, start, structure):
        # The manufacturer, which follows the tag's head, the signature and the checksum.
        byte = start + find_tag(structure, OLD_ACPI_TAG) + 8 + 9
        gdb.run(qemu, f"set {{char}}{byte} = 0x7f")
        qemu.expect("warning boot: the RSDP of ACPI 1.0 has a wrong checksum; left out")
        expect_going_on(qemu, r"acpi: \d+ tables by BOCHS")


def damaged_table_is_reported():
    """The root table has a wrong checksum, so the other tables can't be found."""
    with stopped_at_rust_main() as (qemu, _, structure):
        rsdt, = struct.unpack_from("<I", structure, find_tag(structure, OLD_ACPI_TAG) + 8 + 16)
        gdb.run(qemu, f"set {{char}}{rsdt + 10} = 0x7f")
        expect_going_on(qemu, f"warning acpi: RSDT at {rsdt:#x} isn't used: its checksum is wrong")


def table_in_unlisted_rom_is_used():
    """The root table is at 0xe0000, which QEMU's memory map doesn't list."""
    with stopped_at_rust_main("-M", "pc") as (qemu, start, structure):
        rsdp = start + find_tag(structure, OLD_ACPI_TAG) + 8
        old, checksum = struct.unpack("<I", qemu.read_memory(rsdp + 16, 4))[0], 8
        size, = struct.unpack("<I", qemu.read_memory(old + 4, 4))
        table = qemu.read_memory(old, size)
        new = 0xE0000
        fields = sum(old.to_bytes(4, "little")) - sum(new.to_bytes(4, "little"))
        sum_byte = (qemu.read_memory(rsdp + checksum, 1)[0] + fields) & 0xFF
        gdb.run(qemu, f"set {{int}}{rsdp + 16} = {new}",
                f"set {{unsigned char}}{rsdp + checksum} = {sum_byte}",
                *(f"set {{unsigned char}}{new + index} = {byte}"
                  for index, byte in enumerate(table)))
        expect_going_on(qemu, r"acpi: 6 tables by BOCHS")
        assert re.search("^RSDT +0x0*e0000 ", qemu.command("acpi"), re.M), qemu.output


def command_line_of_4000_characters():
    words = " ".join(f"word{number:04}=value" for number in range(268))[:4000]
    with Qemu("-m", "64", "-cdrom", image(words)) as qemu:
        qemu.expect(r"\.\.\. \(\d{4} bytes\)")
        qemu.expect("unknown option, or invalid value: word0000=value")
        qemu.expect("word0200=value")
        qemu.expect("farjump> ")
        shown = qemu.command("info")
        options = re.search(r"^options +(.*)$", shown, re.M)[1]
        assert len(options) >= 3990 and options.startswith("word0000=value word0001"), len(options)


def add_to(suite):
    for test in (size_beyond_all_memory, size_cut_in_the_middle, tag_of_impossible_size,
                 address_beyond_the_mapped_memory, magic_number_of_another_loader,
                 without_a_memory_map, damaged_rsdp_is_reported_and_another_found,
                 damaged_table_is_reported, table_in_unlisted_rom_is_used, command_line_of_4000_characters):
        suite.add(f"bad_information::{test.__name__}", test)
