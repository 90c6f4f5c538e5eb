"""The log of the writes of a QEMU disk, and what a power cut would have left of them.

QEMU's driver blklogwrites writes the log in the format of Linux's dm-log-writes
(Documentation/admin-guide/device-mapper/log-writes.rst): a super block, then entries, each with its
data behind it.
"""

import struct
import typing

_MAGIC = 0x6A736677736872
SECTOR_BYTES = 512
# Flags of an entry.
_FLUSH, _DISCARD = 1, 4


class Write(typing.NamedTuple):
    """A write, or a flush without data."""

    start: int  # in bytes
    data: bytes
    is_flush: bool


def blockdev(name, disk, log):
    """Returns QEMU's arguments for the node `name`: the disk in the file `disk`, whose writes are logged
    in the file `log`."""
    return ("-blockdev", f"driver=blklogwrites,node-name={name},log-super-update-interval=1,"
                         f"file.driver=file,file.filename={disk},"
                         f"log.driver=file,log.filename={log}")


def read_log(path):
    """Returns the writes of a log, in their order."""
    log = path.read_bytes()
    magic, version, count, sector_bytes = struct.unpack_from("<QQQI", log)
    assert (magic, version, sector_bytes) == (_MAGIC, 1, SECTOR_BYTES), (magic, version, sector_bytes)
    writes, at = [], SECTOR_BYTES
    for _ in range(count):
        sector, sectors, flags, _ = struct.unpack_from("<QQQQ", log, at)
        assert not flags & _DISCARD, "no program discards"
        at += SECTOR_BYTES
        data = log[at:at + sectors * SECTOR_BYTES]
        at += len(data)
        writes.append(Write(sector * SECTOR_BYTES, data, bool(flags & _FLUSH)))
    return writes


def cuts(before, writes, count, numbers):
    """Yields the contents of the disk after each of `count` power cuts at random moments. What was
    written before the last flush is there. Of later writes, any may be missing, and of one write
    any sectors.

    before: the contents of the disk before the first write.
    numbers: a `random.Random`.
    """
    durable, flushed = bytearray(before), 0
    for moment in sorted(numbers.randrange(len(writes) + 1) for _ in range(count)):
        flushes = [index for index in range(flushed, moment) if writes[index].is_flush]
        if flushes:
            for write in writes[flushed:flushes[-1] + 1]:
                _apply(durable, write)
            flushed = flushes[-1] + 1
        left = bytearray(durable)
        # All of them, none, or each with the same probability.
        share = numbers.choice((0, 0.5, 0.9, 1))
        for write in writes[flushed:moment]:
            if numbers.random() < share:
                _apply(left, write)
            elif numbers.random() < 0.2:
                for offset in range(0, len(write.data), SECTOR_BYTES):
                    if numbers.random() < 0.5:
                        at = write.start + offset
                        left[at:at + SECTOR_BYTES] = write.data[offset:offset + SECTOR_BYTES]
        yield left


def _apply(disk, write):
    disk[write.start:write.start + len(write.data)] = write.data
