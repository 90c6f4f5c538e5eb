"""Drives of CDs at an AHCI controller (ATAPI)."""

import hashlib
import random
import subprocess
import tempfile

from machine import shell
from machine.disks import MIB
from machine.images import kernel_path

SECTOR_BYTES = 2048


def drive(node):
    """Returns QEMU's arguments for a drive at a controller of its own. `node` describes the medium."""
    return ("-blockdev", f"{node},node-name=medium,read-only=on", "-device", "ich9-ahci,id=a",
            "-device", "ide-cd,bus=a.1,drive=medium,id=drive")


def medium():
    """Returns the file of a medium with random contents, not a multiple of a page long."""
    file = tempfile.NamedTemporaryFile(prefix="farjump-cd-")
    file.write(random.Random(1).randbytes(MIB + SECTOR_BYTES))
    file.flush()
    return file


def hash_of_kernel():
    """Returns the hash of the kernel's file, as tools/iso copies it."""
    with tempfile.NamedTemporaryFile() as file:
        subprocess.run(["objcopy", "--strip-all", kernel_path(), file.name], check=True)
        return hashlib.sha256(open(file.name, "rb").read()).hexdigest()


def boot_medium_is_read():
    """On a machine whose own controller has the drive from which it was booted."""
    with shell.machine("quiet", "-M", "q35") as qemu:
        typist = shell.Typist(qemu)
        assert "sr0" in typist.run("cat /proc/partitions")
        assert typist.run("mount -t iso9660 /dev/sr0 /mnt") == ""
        assert "multiboot2 /boot/farjump" in typist.run("cat /mnt/boot/grub/grub.cfg")
        assert typist.run("sha256sum </mnt/boot/farjump") == f"{hash_of_kernel()}  -\n"
        assert "Read-only file system" in typist.run("touch /mnt/x")
        assert typist.run("umount /mnt") == ""
        assert "Permission denied" in typist.run("echo >/dev/sr0")


def medium_is_read_until_it_goes():
    with medium() as file:
        node = f"driver=raw,file.driver=file,file.filename={file.name}"
        with shell.machine("quiet", *drive(node)) as qemu:
            typist = shell.Typist(qemu)
            shown = typist.run("dmesg | grep sr0")
            assert "sr0: QEMU DVD-ROM, serial number" in shown and "; port 1, 1 commands" in shown, \
                shown
            expected = hashlib.sha256(open(file.name, "rb").read()).hexdigest()
            for command in ("sha256sum </dev/sr0", "dd if=/dev/sr0 bs=6k iflag=direct 2>/dev/null"
                            " | sha256sum"):
                assert typist.run(command) == f"{expected}  -\n"
            # By several processes at once.
            typist.run("d() { dd if=/dev/sr0 bs=64k iflag=direct 2>/dev/null | sha256sum; }")
            assert typist.run("(for i in 1 2 3 4; do d & done; wait)") == f"{expected}  -\n" * 4
            qemu.qmp("blockdev-open-tray", id="drive", force=True)
            qemu.qmp("blockdev-remove-medium", id="drive")
            for _ in range(2):
                shown = typist.run("dd if=/dev/sr0 iflag=direct bs=2k count=1 of=/dev/null")
                assert "No such device" in shown, shown
            shown = typist.run("dmesg | grep 'sr0: Read'")
            assert shown.endswith("sr0: Read at sector 0: there is no medium\n"), shown
            assert shown.count("\n") == 1, shown


def sector_that_cannot_be_read_is_reported():
    with medium() as file:
        node = (f"driver=raw,file.driver=blkdebug,file.image.driver=file,"
                f"file.image.filename={file.name},file.inject-error.0.event=read_aio,"
                f"file.inject-error.0.sector=400")
        with shell.machine("quiet", *drive(node)) as qemu:
            typist = shell.Typist(qemu)
            shown = typist.run("dd if=/dev/sr0 of=/tmp/a bs=2k iflag=direct")
            assert "Input/output error" in shown, shown
            assert typist.run("stat -c %s /tmp/a") == f"{100 * SECTOR_BYTES}\n"
            assert "sr0: Read at sector 100: sense key 0x5" in typist.run("dmesg | grep sr0:")
            last = hashlib.sha256(open(file.name, "rb").read()[101 * SECTOR_BYTES:]).hexdigest()
            assert typist.run("dd if=/dev/sr0 bs=2k skip=101 iflag=direct 2>/dev/null | sha256sum"
                              ) == f"{last}  -\n"


def drive_without_a_medium_is_no_disk():
    with shell.machine("quiet", "-M", "pc", "-device", "ich9-ahci,id=a", "-device",
                       "ide-cd,bus=a.1") as qemu:
        typist = shell.Typist(qemu)
        assert "port 1: no medium in the drive" in typist.run("dmesg | grep ahci")
        assert "No such file" in typist.run("ls /dev/sr0")
        qemu.send("poweroff\r")
        qemu.process.wait()


def add_to(suite):
    for test in (boot_medium_is_read, medium_is_read_until_it_goes,
                 sector_that_cannot_be_read_is_reported, drive_without_a_medium_is_no_disk):
        suite.add(f"cd_drives::{test.__name__}", test)
