"""A sealed root disk: each block is checked when it is read; nothing of a damaged one is used."""

import hashlib
import re

from machine.disks import Ext2, MIB
from machine.images import kernel_path
from machine.once import once
from machine.qemu import Qemu
from machine.sealed import OTHER, SECRET, SealedDisk, disk_arguments
from machine.tools import call
from machine.trees import busybox

made = once(SealedDisk)


def booted(image, disk, device="virtio-blk-pci"):
    """Boots an image, with a disk, which isn't changed."""
    return Qemu("-m", "128", "-cdrom", image, *disk_arguments(disk, device))


def disk_is_read_as_it_was_sealed():
    with booted(made().image(), made().disk) as qemu:
        qemu.expect("dm-0 is vda, whose blocks are checked when they are read")
        qemu.expect("farjump> ")
        assert qemu.command("cat /secret").encode().startswith(SECRET[:400]), qemu.output[-400:]
        text = qemu.command("seal")
        done = call("seal", "verify", "--key", made().key, made().image())
        root = done.stdout.split("disk: 8388608 bytes, root ")[1].split()[0]
        assert f"the root disk vda, {8 * MIB} bytes, root {root}" in text, text
        assert re.search("^dm-0 .* ro +vda, verified$", qemu.command("disks"), re.M)


def blocks_smaller_than_hashed_ones_are_read():
    """The file system of tools/disk has blocks of 1 KiB, and is a partition."""
    disk = made().path / "userland"
    done = call("disk", disk)
    assert done.returncode == 0, done
    image = made().image('root=/dev/nvme0n1p2 init=/bin/sh -- -c "md5sum /bin/busybox; '
                         'echo x >/new; echo done"', disk)
    with booted(image, disk, "nvme") as qemu:
        wanted = hashlib.md5(busybox().read_bytes()).hexdigest()
        qemu.expect(f"{wanted}  /bin/busybox")
        qemu.expect("Read-only file system")
        qemu.expect("done")


def damaged_block_stops_the_machine():
    at = made().disk.read_bytes().index(SECRET)
    damaged = made().with_flip(at)
    with booted(made().image(), damaged) as qemu:
        qemu.expect("farjump> ")
        assert qemu.command("cat /other").encode().startswith(OTHER[:400])
        qemu.send("cat /secret\r")
        qemu.expect(f"refused: the root disk vda differs from what was sealed, from byte {at} on")
        qemu.expect("then reset the machine")
        assert b"secret secret" not in qemu.output.encode(), qemu.output[-800:]
    with booted(made().image(), made().with_flip(1024)) as qemu:
        qemu.expect("refused: the root disk vda differs from what was sealed, from byte 0 on")


def damaged_block_is_an_error_if_its_owner_says_so():
    at = made().disk.read_bytes().index(SECRET)
    with booted(made().image("root=/dev/vda init=none seal=eio"), made().with_flip(at)) as qemu:
        qemu.expect("farjump> ")
        assert "input/output error" in qemu.command("cat /secret"), qemu.output[-400:]
        assert qemu.command("cat /other").encode().startswith(OTHER[:400])
        assert f"from byte {at} on" in qemu.output, qemu.output[-800:]


def other_disk_is_refused():
    longer = made().path / "longer"
    longer.write_bytes(made().disk.read_bytes() + bytes(MIB))
    with booted(made().image(), longer) as qemu:
        qemu.expect(f"refused: the root disk vda has {9 * MIB} bytes, {8 * MIB} were sealed")
    other = made().path / "other"
    other.write_bytes(bytes(8 * MIB))
    Ext2(4096).make(other, made().path / "tree")
    with booted(made().image(), other) as qemu:
        qemu.expect("refused: the root disk vda differs from what was sealed, from byte 0 on")


def missing_disk_is_not_verified():
    with Qemu("-m", "128", "-cdrom", made().image("root=/dev/vda init=none seal=scrub")) as qemu:
        qemu.expect("there is no disk or partition /dev/vda")
        qemu.expect("farjump> ")
        text = qemu.command("seal")
        part = "\nnot verified, because the disk of root= isn't there:\n  the root disk, "
        assert part in text, text


def bad_calls_are_explained():
    path = made().path
    (path / "odd").write_bytes(bytes(5000))
    (path / "qcow2").write_bytes(b"QFI\xfb" + bytes(4092))
    for arguments, complaint in (
            (("seal", "hash-disk", "--hashes", path / "h", path / "qcow2"), "in the format qcow2"),
            (("seal", "hash-disk", "--hashes", path / "h", path / "odd"), "aren't whole blocks"),
            (("seal", "hash-disk", "--hashes", path / "h", "--partition", 3, made().disk),
             "has no partition 3"),
            (("seal", "hash-disk", made().disk), "--hashes is missing"),
            (("iso", "--disk", made().disk, kernel_path(), path / "i"), "--disk needs --seal"),
            (("iso", "--disk", made().disk, "--seal", made().key, kernel_path(), path / "i"),
             "the command line has no root=")):
        done = call(*arguments)
        assert done.returncode == 1 and complaint in done.stderr, done


def add_to(suite):
    for test in (disk_is_read_as_it_was_sealed, blocks_smaller_than_hashed_ones_are_read,
                 damaged_block_stops_the_machine, damaged_block_is_an_error_if_its_owner_says_so,
                 other_disk_is_refused, missing_disk_is_not_verified, bad_calls_are_explained):
        suite.add(f"sealed_disk::{test.__name__}", test)
