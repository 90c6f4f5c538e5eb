"""What a loader should not hand over: the kernel says so and goes on."""

import re
import struct

from machine import gdb
from machine.images import image
from machine.qemu import Qemu

MEMORY_MAP_TAG = 6


def corrupted(*commands):
    """Boots a kernel whose loader's structure (at $rsi) gdb has changed before
    rust_main saw it."""
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
        expect_going_on(qemu, "ERROR boot: the loader's information makes no sense: ")


def tag_of_absurd_size():
    with corrupted("set {int}($rsi + 12) = 0x7fffffff") as qemu:
        expect_going_on(qemu, "makes no sense: the tag at offset 8 can't have 2147483647 bytes")


def address_beyond_the_mapped_memory():
    with corrupted("set $rsi = 0x50000000") as qemu:
        expect_going_on(qemu, "information at 0x50000000 isn't a structure in the first GiB")


def magic_number_of_another_loader():
    with corrupted("set $rdi = 0x2badb002") as qemu:
        expect_going_on(qemu, "ERROR boot: EAX was 0x2badb002, not 0x36d76289")


def without_a_memory_map():
    """The tag of type 6 gets a type that nobody knows."""
    with Qemu("-m", "64", "-cdrom", image(), gdb=True, paused=True) as qemu:
        text = gdb.run(qemu, "hbreak *(long)&rust_main", "continue",
                       'printf "RSI=%lx\\n", $rsi', "delete", keep_stopped=True)
        start = int(re.search("RSI=([0-9a-f]+)", text)[1], 16)
        size, = struct.unpack("<I", qemu.read_memory(start, 4))
        structure = qemu.read_memory(start, size)
        tag = 8
        while (head := struct.unpack_from("<II", structure, tag))[0] != MEMORY_MAP_TAG:
            tag += (head[1] + 7) & ~7
        gdb.run(qemu, f"set {{int}}{start + tag} = 77")
        expect_going_on(qemu, "warning boot: the loader gave no memory map")


def command_line_of_4000_characters():
    words = " ".join(f"word{number:04}=value" for number in range(268))[:4000]
    with Qemu("-m", "64", "-cdrom", image(words)) as qemu:
        qemu.expect(r"\.\.\. \(\d{4} bytes\)")
        qemu.expect("option not known or with a value that doesn't suit: word0000=value")
        qemu.expect("word0200=value")
        qemu.expect("farjump> ")
        shown = qemu.command("info")
        options = re.search(r"^options +(.*)$", shown, re.M)[1]
        assert len(options) >= 3990 and options.startswith("word0000=value word0001"), len(options)


def add_to(suite):
    for test in (size_beyond_all_memory, size_cut_in_the_middle, tag_of_absurd_size,
                 address_beyond_the_mapped_memory, magic_number_of_another_loader,
                 without_a_memory_map, command_line_of_4000_characters):
        suite.add(f"bad_information::{test.__name__}", test)
