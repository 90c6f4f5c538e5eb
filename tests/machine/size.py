"""The size of the kernel and its symbols, and the time that symbols take at the start."""

import os
import pathlib
import re
import shutil
import struct
import tempfile

from machine.images import build_image, kernel_path
from machine.qemu import Qemu

KIB, MIB = 1 << 10, 1 << 20
# An instruction takes 8 ns, so that the firmware's waits have few instructions.
INSTRUCTION_NS = 8
COUNTED = ("-accel", "tcg", "-icount", "shift=3,sleep=off", "-rtc", "base=2026-01-01,clock=vm",
           "-seed", "1")


def loaded_bytes(elf):
    """Returns the bytes of an ELF file that are loaded, in the file and in memory."""
    start, = struct.unpack_from("<Q", elf, 32)
    size, count = struct.unpack_from("<2H", elf, 54)
    headers = (struct.unpack_from("<2I6Q", elf, start + i * size) for i in range(count))
    loaded = [(header[5], header[6]) for header in headers if header[0] == 1]
    return sum(file for file, _ in loaded), sum(memory for _, memory in loaded)


def instructions_to_the_symbols(image):
    """Returns the time of the step for symbols, from the log, in instructions. It counts from the
    line before: the steps before that calibrate the clock, and repeat that if a sample is bad."""
    with Qemu("-m", "128", *COUNTED, "-cdrom", image, "-boot", "d") as qemu:
        time = r"\[ *(\d+)\.(\d{6})\] "
        found = qemu.expect(rf"^{time}.*\n{time}.*symbols: ")
        begin, end = int(found[1] + found[2]), int(found[3] + found[4])
        return (end - begin) * 1000 // INSTRUCTION_NS


def kernel_and_symbols_are_small():
    """Kernel and symbols take less than 5 MiB of memory. With the table of symbols, the
    start takes hardly longer than with an empty one, which is rejected."""
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        kernel = pathlib.Path(folder) / "farjump"
        shutil.copy(kernel_path(), kernel)
        whole = build_image(kernel, f"{folder}/with.iso", bios_only=True)
        table = pathlib.Path(f"{kernel}.symbols")
        table_bytes = table.stat().st_size
        with_table = instructions_to_the_symbols(whole)
        table.write_bytes(b"")
        os.utime(table, (kernel.stat().st_mtime + 10,) * 2)
        without = instructions_to_the_symbols(
            build_image(kernel, f"{folder}/without.iso", bios_only=True))
    elf = kernel_path().read_bytes()
    file_bytes, memory_bytes = loaded_bytes(elf)
    print(f"ELF file {len(elf) // KIB} KiB, loaded {file_bytes // KIB} KiB of it, "
          f"{memory_bytes // KIB} KiB of memory; symbols {table_bytes // KIB} KiB; "
          f"they are read in {with_table} instructions, "
          f"an empty table is rejected after {without}")
    assert 0 < file_bytes <= memory_bytes and table_bytes > 100 * KIB
    assert memory_bytes + table_bytes < 5 * MIB, (memory_bytes, table_bytes)
    assert with_table - without < 1_000_000, (with_table, without)


def add_to(suite):
    suite.add("size::kernel_and_symbols_are_small", kernel_and_symbols_are_small)
