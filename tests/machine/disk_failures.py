"""Disks that fail while files are written: who wrote gets the error, and the rest goes on."""

import os
import re

from machine import shell
from machine.disks import MIB, NAMES, Disks, Ext2, Ext4, Fat, run

# The command register of a function in its configuration space (PCI Local Bus Specification, 6.2.2), by
# the ports of QEMU's machine.
ADDRESS_PORT, DATA_PORT, COMMAND = 0xCF8, 0xCFC, 4

# File systems that a disk may be too short for.
SHORT = (Ext2(1024), Ext4(1024), Fat(16))


def write_errors_reach_who_wrote(bus):
    """A sector can't be written: fsync fails for the file that has it, and only for that."""
    with Disks(bus) as disks:
        path = disks.add(Ext2(1024), 16 * MIB)
        disk, _ = disks.names
        # No structures are there, and files get there after some others.
        node = (f"driver=raw,node-name=d0,file.driver=blkdebug,file.image.driver=file,"
                f"file.image.filename={path},file.inject-error.0.event=write_aio,"
                f"file.inject-error.0.sector=4000")
        with shell.machine("quiet", "-blockdev", node, *disks.attached(0)) as qemu:
            typist = shell.Typist(qemu)
            run(typist, "mkdir /a", f"mount -t ext2 /dev/{disk} /a")
            typist.run("w() { seq 30000 | dd of=/a/$1 conv=fsync bs=64k 2>&1; }")
            failed = [name for name in "abcdefghijk"
                      if "Input/output error" in typist.run(f"w {name} | tail -1")]
            assert len(failed) == 1, failed
            found = re.findall(rf"{disk}: Write .*at sector (\d+): ", typist.run("dmesg"))
            assert found and all(4000 - 512 <= int(sector) <= 4000 for sector in found), found
            # The next fsync has nothing to report.
            assert "error" not in typist.run(f"echo | dd of=/a/{failed[0]} conv=notrunc,fsync 2>&1")
            run(typist, "umount /a")
        Ext2(1024).check(path)


def disk_that_goes_leaves_the_rest(bus, ids):
    """The function of the first disk no longer decodes its addresses, as if it had been pulled out, while
    files are written: their writers get errors, nothing hangs, and the other disk works."""
    with Disks(bus) as disks:
        for _ in range(2):
            disks.add(Ext2(1024), 16 * MIB)
        first, second = disks.names
        with disks.machine() as (qemu, typist):
            run(typist, f"mount -t ext2 /dev/{first} /a", f"mount -t ext2 /dev/{second} /b",
                "seq 1000 >/a/x; seq 1000 >/b/x; sync")
            place = re.search(rf"^(..):(..)\.(.) {ids} ", typist.run("farjump lspci"), re.M)
            number, slot, function = (int(digits, 16) for digits in place.groups())
            address = 1 << 31 | number << 16 | slot << 11 | function << 8 | COMMAND
            qemu.monitor(f"o/w {ADDRESS_PORT:#x} {address:#x}")
            qemu.monitor(f"o/h {DATA_PORT:#x} 0")
            typist.run("w() { seq 9999 | dd of=$1 conv=fsync 2>&1; }")
            # At the latest after the driver's waits for an answer.
            shown = typist.run("w /a/y")
            assert re.search("No such device|Input/output error", shown), shown
            shown = typist.run("dmesg")
            assert re.search("ERROR .*(disk is|disks are) gone", shown), shown
            shown = typist.run(f"dd if=/dev/{first} of=/dev/null iflag=direct bs=4k count=1")
            assert "No such device" in shown, shown
            shown = typist.run("w /b/y")
            assert "records out" in shown and "error" not in shown, shown
            typist.run("umount /a")
            run(typist, "umount /b")
        Ext2(1024).check(disks.paths[1])


def disk_that_is_too_short_is_refused():
    """A disk that ends in the middle of its file system isn't mounted, and the reason is said."""
    with Disks() as disks:
        for kind in SHORT:
            os.truncate(disks.add(kind, 16 * MIB), 6 * MIB)
        with disks.machine() as (_, typist):
            for number, kind in enumerate(SHORT):
                disk = f"nvme{number}n1"
                shown = typist.run(f"mount -t {kind.name} /dev/{disk} /a")
                assert "Structure needs cleaning" in shown, (kind.name, shown)
                reason = rf"ERROR .*{disk}: can't be mounted as {kind.name}: .* larger than (its|the) disk"
                assert re.search(reason, typist.run("dmesg")), (kind.name, typist.run("dmesg"))


def add_to(suite):
    suite.add("disk_failures::disk_that_is_too_short_is_refused", disk_that_is_too_short_is_refused)
    for bus in NAMES:
        suite.add(f"disk_failures::write_errors_reach_who_wrote {bus}",
                  lambda bus=bus: write_errors_reach_who_wrote(bus))
    for bus, ids in (("nvme", "1b36:0010"), ("virtio", "1af4:1001"), ("ahci", "8086:2922")):
        suite.add(f"disk_failures::disk_that_goes_leaves_the_rest {bus}",
                  lambda bus=bus, ids=ids: disk_that_goes_leaves_the_rest(bus, ids))
