"""Reads and changes the firmware's ACPI tables in a machine's memory."""

import contextlib
import struct

from . import gdb
from .images import image
from .qemu import Qemu


def tables_in_memory(qemu):
    """Walks from the RSDP in the BIOS's ROM; returns (signature, address, bytes)."""
    rom = qemu.read_memory(0xE0000, 0x20000)
    root, = struct.unpack_from("<I", rom, rom.index(b"RSD PTR ") + 16)

    def table(address):
        length, = struct.unpack("<I", qemu.read_memory(address + 4, 4))
        content = qemu.read_memory(address, length)
        return content[:4].decode(), address, content

    tables = [table(root)]
    for address, in struct.iter_unpack("<I", tables[0][2][36:]):
        tables.append(table(address))
    fadt = next(content for name, _, content in tables if name == "FACP")
    tables.append(table(struct.unpack_from("<I", fadt, 40)[0]))
    return tables


@contextlib.contextmanager
def changed_tables(change):
    """Boots a kernel and changes the firmware's tables before rust_main. `change` takes
    {signature: (address, bytes)} and returns [(address, new byte)]."""
    with Qemu("-m", "128", "-cdrom", image(), gdb=True, paused=True) as qemu:
        gdb.run(qemu, "hbreak *(long)&rust_main", "continue", "delete", keep_stopped=True)
        tables = {name: (address, content) for name, address, content in tables_in_memory(qemu)}
        # The stub's direct map covers the first GiB, and is writable. A char of Rust would
        # have four bytes.
        gdb.run(qemu, *(f"set {{unsigned char}}{0xFFFF_8000_0000_0000 + address:#x} = {value}"
                        for address, value in change(tables)))
        yield qemu
