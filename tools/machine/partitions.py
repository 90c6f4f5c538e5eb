"""Writes partition tables: an MBR, or a GPT.

Source: UEFI specification, "GUID Partition Table (GPT) Disk Layout".
"""

import struct
import typing
import uuid
import zlib

LINUX = uuid.UUID("0FC63DAF-8483-4772-8E79-3D69D8477DE4")
BASIC_DATA = uuid.UUID("EBD0A0A2-B9E5-4433-87C0-68B6B72699C7")

SECTOR_BYTES = 512
_ENTRIES, _ENTRY_BYTES = 128, 128
# The protective MBR and a GPT, where a sector has SECTOR_BYTES.
LENGTH_BYTES = 2 * SECTOR_BYTES + _ENTRIES * _ENTRY_BYTES


class Partition(typing.NamedTuple):
    """A partition of a GPT, from the sector `first` to the sector `last`."""
    first: int
    last: int
    name: str = ""
    kind: uuid.UUID = LINUX
    identity: uuid.UUID | None = None


def write_mbr(disk, entries, sector_bytes):
    """Writes an MBR with (type, first sector, sectors)."""
    record = bytearray(sector_bytes)
    record[440:444] = struct.pack("<I", 0xFA12_34CE)
    for index, (kind, first, count) in enumerate(entries):
        record[446 + 16 * index:462 + 16 * index] = struct.pack("<4xB3xII", kind, first, count)
    record[510:512] = b"\x55\xaa"
    disk.seek(0)
    disk.write(record)


def write_gpt(disk, partitions, sectors, sector_bytes, identity=uuid.UUID(int=7)):
    """Writes a protective MBR and both copies of a GPT with `partitions`: those of Partition, or
    tuples of their first fields. Identities that aren't given are numbered."""
    write_mbr(disk, [(0xEE, 1, min(sectors - 1, 0xFFFF_FFFF))], sector_bytes)
    entries = bytearray(_ENTRIES * _ENTRY_BYTES)
    for index, partition in enumerate(partitions):
        partition = Partition(*partition)
        own = partition.identity or uuid.UUID(int=0x1234 + index)
        name = (partition.name or f"part{index}").encode("utf-16-le").ljust(72, b"\0")
        entries[index * _ENTRY_BYTES:(index + 1) * _ENTRY_BYTES] = (
            partition.kind.bytes_le + own.bytes_le
            + struct.pack("<QQQ", partition.first, partition.last, 0) + name)
    length = -(-len(entries) // sector_bytes)
    last = sectors - 1
    for own, other, at in ((1, last, 2), (last, 1, last - length)):
        def header(checksum):
            return struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, checksum, 0, own,
                               other, 2 + length, last - length - 1, identity.bytes_le, at,
                               _ENTRIES, _ENTRY_BYTES, zlib.crc32(entries))
        disk.seek(own * sector_bytes)
        disk.write(header(zlib.crc32(header(0))))
        disk.seek(at * sector_bytes)
        disk.write(entries)


def read_gpt(path):
    """Returns the partitions of a disk that has a GPT, as ranges of bytes."""
    with path.open("rb") as disk:
        table = disk.read(LENGTH_BYTES)[2 * SECTOR_BYTES:]
    places = (struct.unpack_from("<QQ", table, at + 32) for at in range(0, len(table), _ENTRY_BYTES))
    return [range(first * SECTOR_BYTES, (last + 1) * SECTOR_BYTES) for first, last in places if last]
