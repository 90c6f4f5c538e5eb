"""Power cuts: what fsync has promised is on the disk, whichever of the later writes are missing, and
the host's fsck mends the rest: that of FAT without questions, and that of ext2 usually."""

import os
import random

from machine import shell
from machine.disks import MIB, Disks, Ext2, Fat, run
from machine.partitions import write_gpt
from machine.write_log import SECTOR_BYTES, blockdev, cuts, read_log

# The number of power cuts of a test.
CUTS = int(os.environ.get("POWER_CUTS", "15"))
STEPS = 30
# The partition on which programs note what was promised, and that with the file system.
NOTES_START, START = MIB, 2 * MIB
# A step stores a file by fsync, notes that, and changes other files meanwhile. The notes are written at
# once, without a flush.
STEP = r"""step() {
seq $1 $((60*$1)) | dd of=/a/s$1 conv=fsync 2>/dev/null
printf %08d $1 | dd of=/dev/nvme0n1p1 bs=512 conv=sync oflag=direct 2>/dev/null
cp /a/s$1 /a/u$1; mkdir /a/d$1; mv /a/u$1 /a/d$1/x; cp /a/s$1 /a/again; seq 3000 >>/a/log
if [ $1 -gt 3 ]; then rm -r /a/d$(($1-3)); fi
if [ $(($1%4)) = 0 ]; then sync; mv /a/log /a/old; fi
}"""


def stored(step):
    """Returns the contents of the file of a step."""
    return "".join(f"{number}\n" for number in range(step, 60 * step + 1)).encode()


def what_was_promised_is_there(kind, size_bytes):
    numbers = random.Random(1)
    with Disks() as disks:
        path = disks.add(kind, size_bytes)
        file_system = path.read_bytes()
        disk, log = disks.folder / "whole.img", disks.folder / "log"
        log.touch()
        with open(disk, "wb") as file:
            file.truncate(START + size_bytes + MIB)
            sectors = (START + size_bytes) // SECTOR_BYTES
            write_gpt(file, [(NOTES_START // SECTOR_BYTES, START // SECTOR_BYTES - 1),
                             (START // SECTOR_BYTES, sectors - 1)],
                      sectors + MIB // SECTOR_BYTES, SECTOR_BYTES)
            file.seek(START)
            file.write(file_system)
        before = disk.read_bytes()
        with shell.machine("quiet", *blockdev("d", disk, log), "-device",
                           "nvme,drive=d,serial=s") as qemu:
            typist = shell.Typist(qemu)
            typist.run("mkdir /a")
            typist.define(STEP)
            run(typist, f"mount -t {kind.name} /dev/nvme0n1p2 /a",
                f"for i in $(seq {STEPS}); do step $i; done")
        promised, mended = set(), 0
        for left in cuts(before, read_log(log), CUTS, numbers):
            path.write_bytes(left[START:START + size_bytes])
            mended += kind.mend(path)
            kind.check(path)
            noted = int(left[NOTES_START:NOTES_START + 8].strip(b"\0") or b"0")
            promised.add(noted)
            for step in range(1, noted + 1):
                assert kind.read(path, f"s{step}") == stored(step), (noted, step)
        # e2fsck asks where it is to put a node of a directory that was removed before the node was.
        assert mended == CUTS or kind.name == "ext2" and mended >= CUTS // 2, (mended, CUTS)
        assert len(promised) > min(CUTS, STEPS) // 3, "the moments are spread over the steps"


def add_to(suite):
    for name, kind, size_bytes in (("ext2, 1 KiB", Ext2(1024), 8 * MIB),
                                   ("ext2, 4 KiB", Ext2(4096), 8 * MIB),
                                   ("FAT16", Fat(16), 16 * MIB), ("FAT32", Fat(32), 40 * MIB)):
        suite.add(f"power_cuts::what_was_promised_is_there ({name})",
                  lambda kind=kind, size=size_bytes: what_was_promised_is_there(kind, size))
