"""File systems on disks: what the host has made is read, and what programs write is clean for the host
and equal to what they have written."""

import hashlib
import re
import shutil

from machine import ROOT, programs, shell
from machine.disks import (KINDS, MIB, Disks, Ext2, Ext4, Fat, Iso9660, commands_for, debugfs, host,
                           run)
from machine.file_trees import make_tree, summary
from machine.images import image
from machine.qemu import Qemu


def tree_of_the_host_is_read(kind, size_bytes):
    with Disks() as disks:
        tree = disks.folder / "tree"
        tree.mkdir()
        make_tree(tree, kind.has_links)
        path = disks.add(kind, size_bytes, tree)
        before = hashlib.sha256(path.read_bytes()).hexdigest()
        with disks.machine() as (_, typist):
            run(typist, f"mount -t {kind.name} -o ro /dev/nvme0n1 /a")
            assert typist.run("s /a") == summary(tree) + "\n"
            assert "Read-only file system" in typist.run("echo x >/a/x")
            assert f" /a {kind.name} ro," in typist.run("cat /proc/mounts")
            run(typist, "umount /a")
        assert hashlib.sha256(path.read_bytes()).hexdigest() == before


def tree_of_programs_is_read_by_the_host(kind, size_bytes, is_debug=False, bus="nvme"):
    """A tree is copied, changed by several processes at once, and read again after it was mounted
    again."""
    with Disks(bus) as disks:
        tree = disks.folder / "tree"
        tree.mkdir()
        make_tree(tree, kind.has_links)
        disks.add(Ext2(4096), 64 * MIB, tree)
        path = disks.add(kind, size_bytes)
        copy = "cp -a" if kind.has_links else "cp -r"
        with disks.machine(cpus=4, is_debug=is_debug) as (_, typist):
            first, second = disks.names
            run(typist, f"mount -t ext2 -o ro /dev/{first} /a",
                f"mount -t {kind.name} /dev/{second} /b",
                f"{copy} /a /b/tree && rm -r /b/tree/lost+found",
                f"p() {{ {copy} /b/tree /b/$1; rm -r /b/$1/*4; mv /b/$1 /b/$1.new; }}",
                "(for i in 1 2 3; do p $i & done; wait)")
            assert typist.run("s /b/tree") == summary(tree) + "\n"
            run(typist, "mv /b/1.new /b/2.new/inner", "rm -r /b/3.new", "umount /b",
                f"mount -t {kind.name} /dev/{second} /b")
            assert typist.run("s /b/tree") == summary(tree) + "\n"
            whole = typist.run("s /b").strip()
            run(typist, "umount /b")
        kind.check(path)
        extracted = disks.folder / "extracted"
        extracted.mkdir()
        kind.extract(path, extracted)
        assert summary(extracted / "tree") == summary(tree)
        assert summary(extracted) == whole


def full_disk_gives_back_what_was_written(kind, size_bytes):
    with Disks() as disks:
        path = disks.add(kind, min(size_bytes, (16 if kind.name == "ext2" else 40) * MIB))
        free = "df -k /a | tail -1 | awk '{print $4}'"
        with disks.machine() as (_, typist):
            run(typist, f"mount -t {kind.name} /dev/nvme0n1 /a", "mkdir /a/d; echo kept >/a/kept")
            before = typist.run(free)
            typist.run("seq 200000 | head -c 1000000 >/tmp/part")
            run(typist, "w() { for i in $(seq 99); do cat /tmp/part || break; done; }")
            assert "No space left" in typist.run("w >/a/full")
            assert "No space left" in typist.run("cat /a/full >/a/more")
            size = int(typist.run("stat -c %s /a/full"))
            part = "".join(f"{number}\n" for number in range(1, 200_001)).encode()[:1_000_000]
            expected = hashlib.md5((part * 99)[:size]).hexdigest()
            run(typist, f"umount /a; mount -t {kind.name} /dev/nvme0n1 /a")
            assert typist.run("md5sum </a/full") == f"{expected}  -\n"
            assert typist.run("cat /a/kept") == "kept\n"
            run(typist, "rm /a/full /a/more")
            assert typist.run(free) == before
            run(typist, "umount /a")
        kind.check(path)


def direct_transfers_pass_the_pages(kind, size_bytes):
    """With O_DIRECT, in a file alone, and beside changes by the pages."""
    with Disks() as disks:
        path = disks.add(kind, size_bytes)
        with disks.machine() as (_, typist):
            run(typist, f"mount -t {kind.name} /dev/nvme0n1 /a",
                "seq 90000 | head -c 500224 >/tmp/x",
                # 977 sectors, 127 of them at a time.
                "dd if=/tmp/x of=/a/x oflag=direct bs=65024 2>/dev/null",
                "dd if=/a/x iflag=direct bs=2560 2>/dev/null | cmp - /tmp/x")
            shown = typist.run("farjump cache")
            assert re.search(r"^nvme0n1 +\d+ +0 ", shown, re.M), shown
            typist.define("p() {\n dd if=/tmp/x of=$1 conv=notrunc bs=512 skip=$2 seek=$3 \\\n"
                          "count=$4 $5 2>/dev/null\n}")
            run(typist, "cat /a/x >/dev/null; cp /tmp/x /tmp/y")
            # Sectors of one page by its page and beside it, over several pages, behind the end.
            for number, (place, count, flag) in enumerate((
                    (100, 9, ""), (103, 3, "oflag=direct"), (8, 24, "oflag=direct"), (17, 1, ""),
                    (16, 1, "oflag=direct"), (977, 7, "oflag=direct"), (990, 5, "oflag=direct"),
                    (984, 2, ""), (1100, 1, ""))):
                run(typist, f"p /a/x {number * 60} {place} {count} {flag}",
                    f"p /tmp/y {number * 60} {place} {count}")
            run(typist, "dd if=/a/x iflag=direct bs=4k 2>/dev/null | cmp - /tmp/y",
                "cmp /a/x /tmp/y", f"umount /a; mount -t {kind.name} /dev/nvme0n1 /a",
                "cmp /a/x /tmp/y", "umount /a")
        kind.check(path)


def file_of_fsync_survives_a_power_cut(kind, size_bytes):
    with Disks() as disks:
        path = disks.add(kind, size_bytes)
        with disks.machine() as (qemu, typist):
            run(typist, f"mount -t {kind.name} /dev/nvme0n1 /a",
                "seq 50000 | dd of=/a/stored conv=fsync 2>/dev/null",
                # Changes that are under way.
                "for i in 1 2 3 4 5 6 7 8 9; do cp /a/stored /a/$i; done; rm /a/3 /a/7")
            qemu.process.kill()
        assert kind.mend(path)
        kind.check(path)
        extracted = disks.folder / "extracted"
        extracted.mkdir()
        kind.extract(path, extracted)
        expected = "".join(f"{number}\n" for number in range(1, 50_001))
        assert (extracted / "stored").read_text() == expected


def programs_make_file_systems():
    """busybox's mke2fs and mkfs.vfat."""
    with Disks() as disks:
        for index, kind in enumerate((Ext2(1024), Fat(32))):
            disks.add(kind, 40 * MIB)
        with disks.machine() as (_, typist):
            typist.run("mke2fs /dev/nvme0n1 >/dev/null; mkfs.vfat /dev/nvme1n1")
            run(typist, "mount -t ext2 /dev/nvme0n1 /a", "mount -t vfat /dev/nvme1n1 /b",
                "cp -r /bin/busybox /a/; cp /bin/busybox /b/BusyBox.bin",
                "cmp /a/busybox /b/busybox.BIN", "umount /a; umount /b")
        for kind, path in zip((Ext2(1024), Fat(32)), disks.paths):
            kind.check(path)


def programs_print_the_same(names, kind, size_bytes, cpus=2, is_debug=False):
    """Programs of user/tests, in directories on a disk, print what they print on Linux on a tmpfs."""
    with Disks() as disks:
        path = disks.add(kind, size_bytes)

        def start(words):
            options = ["quiet", "init=/bin/run-tests", "--", "on", "/dev/nvme0n1", kind.name, *words]
            built = image(" ".join(options), is_debug=is_debug, initramfs=programs.build_archive())
            return Qemu("-m", "512", "-cpu", programs.CPU, "-smp", str(cpus), "-boot", "d",
                        "-cdrom", built, *disks.arguments())

        wrong = {}
        for name, output in programs.run(start, names).items():
            if difference := programs.difference_from_linux(name, output):
                wrong[name] = difference
        assert not wrong, wrong
        kind.check(path)


def programs_print_the_same_on_ext2():
    # Those that use files, and don't show properties of a tmpfs: its kind, holes, fallocate.
    names = """access append at-calls bad-pointers binds chmod chroot close close-shared copies deep-tree
        directories directory-rights dup elf-errors exec exec-errors exec-scripts fcntl-flags fifo getcwd
        getdents groups link-unlink locks lseek mmap-file mmap-truncated mounts names non-blocking
        open-flags partial-write read-write rename setuid-program stat statx stress symlinks times
        truncate user-ids vectors xattr""".split()
    programs_print_the_same(names, Ext2(4096), 256 * MIB)


def the_prompt_shows_what_is_in_memory():
    """`cache` and `blkdump`, at the prompt beside programs."""
    with Disks() as disks:
        path = disks.add(Ext2(1024), 8 * MIB)
        with disks.machine() as (qemu, typist):
            run(typist, "mount -t ext2 /dev/nvme0n1 /a", "seq 3000 >/a/x; sync")
            qemu.qmp("send-key", keys=[{"type": "qcode", "data": key}
                                       for key in ("ctrl", "alt", "esc")])
            qemu.expect("farjump> ")
            shown = qemu.command("cache")
            assert re.search(r"^nvme0n1 +[1-9]\d* +16 +0  ext2$", shown, re.M), shown
            assert "to be written: 0 KiB" in shown, shown
            with open(path, "rb") as disk:
                disk.seek(1024)
                first = disk.read(16)
            row = " ".join(first[at:at + 2].hex() for at in range(0, 16, 2))
            assert f"0000000400  {row}" in qemu.command("blkdump nvme0n1 2")
            assert "has the sectors 0 to 3fff" in qemu.command("blkdump nvme0n1 4000")
            assert "there is no such disk" in qemu.command("blkdump sdx")


def mounts_are_refused_with_a_reason():
    with Disks() as disks:
        path = disks.add(Ext2(1024), 8 * MIB)
        disks.add(Fat(12), 8 * MIB)
        # A feature that isn't supported.
        host("debugfs", "-w", "-R", "feature extents", path)
        with shell.machine("", *disks.arguments()) as qemu:
            typist = shell.Typist(qemu)
            assert "Invalid argument" in typist.run("mount -t ext2 /dev/nvme0n1 /tmp")
            shown = typist.run("dmesg | grep nvme0n1:")
            assert "can't be mounted as ext2: " in shown and "extent" in shown, shown
            assert "No such device" in typist.run("mount -t xfs /dev/nvme0n1 /tmp")
            assert "Block device required" in typist.run("mount -t ext2 /dev/null /tmp")
            assert "Invalid argument" in typist.run("mount -t ext2 /dev/nvme1n1 /tmp")
            assert "Invalid argument" in typist.run("mount -t vfat -o x=y /dev/nvme1n1 /tmp")
            run(typist, "mount -t vfat /dev/nvme1n1 /tmp", "cd /tmp; echo x > y")
            assert "Device or resource busy" in typist.run("mount -t ext2 /dev/nvme1n1 /mnt")
            assert "Device or resource busy" in typist.run("mount -t vfat -r /dev/nvme1n1 /mnt")
            run(typist, "mount -t vfat /dev/nvme1n1 /mnt; cat /mnt/y >/dev/null; umount /mnt")
            assert "Device or resource busy" in typist.run("umount /tmp")
            run(typist, "cd /; umount /tmp")


def read_only_remount_waits_for_writers():
    """It is refused while a file is open for writing, or will be removed when it is closed."""
    kind = Ext2(1024)
    with Disks() as disks:
        path = disks.add(kind, 8 * MIB)
        with disks.machine() as (_, typist):
            run(typist, "mount -t ext2 /dev/nvme0n1 /a", "exec 5>/a/x")
            remount = "mount -o remount,ro /dev/nvme0n1 /a"
            assert "Device or resource busy" in typist.run(remount)
            run(typist, "echo text >&5", "exec 5<&-", "exec 5</a/x", "rm -f /a/x")
            assert "Device or resource busy" in typist.run(remount)
            run(typist, "mkdir /a/d", "exec 5<&-", remount)
            assert "Read-only file system" in typist.run("mkdir /a/e")
            run(typist, "mount -o remount,rw /dev/nvme0n1 /a", "mkdir /a/e", "umount /a")
        kind.check(path)


def journal_is_applied_in_memory_only():
    """A disk that was not unmounted is read as it will be, and stays as it is."""
    with Disks() as disks:
        kind = Ext4(1024)
        tree = disks.folder / "tree"
        tree.mkdir()
        (tree / "removed").write_text("old\n")
        path = disks.add(kind, 16 * MIB, tree)
        changed = disks.folder / "changed.img"
        shutil.copy(path, changed)
        (tree / "removed").unlink()
        make_tree(tree, kind.has_links, files=20)
        debugfs(changed, "rm removed", *commands_for(tree))
        kind.put_into_journal(path, changed)
        before = path.read_bytes()
        with disks.machine() as (_, typist):
            assert "Invalid argument" in typist.run("mount -t ext2 /dev/nvme0n1 /a")
            run(typist, "mount -t ext4 /dev/nvme0n1 /a")
            assert typist.run("s /a") == summary(tree) + "\n"
            assert "Read-only file system" in typist.run("echo x >/a/x")
            assert "Read-only file system" in typist.run("mkdir /a/d")
            assert "/dev/nvme0n1 /a ext4 ro," in typist.run("cat /proc/mounts")
            shown = typist.run("dmesg | grep nvme0n1:")
            assert "can't be mounted as ext2: a journal that needs recovery" in shown, shown
            said = "was not unmounted cleanly; its journal is applied in memory only"
            assert shown.count(said) == 1, shown
            run(typist, "umount /a")
        assert path.read_bytes() == before
        # The host comes to the same.
        host("e2fsck", "-p", path, statuses=(0, 1))
        host("e2fsck", "-fn", path)


def machine_boots_from_a_disk():
    """`make disk`, and `root=` on the command line; the file system is clean after `poweroff`."""
    with Disks() as disks:
        path = disks.folder / "disk.img"
        host(ROOT / "tools/disk", path)
        disks.paths.append(path)
        with Qemu("-m", "128", "-boot", "d", "-cdrom", image("root=/dev/nvme0n1p2 rw"),
                  *disks.arguments()) as qemu:
            typist = shell.Typist(qemu)
            assert "/dev/nvme0n1p2 / ext2 rw," in typist.run("cat /proc/mounts")
            run(typist, "mount -t vfat /dev/nvme0n1p1 /mnt", "cp /mnt/LICENSE /root/copy")
            qemu.send("poweroff\r")
            qemu.expect("the first program has ended")
            qemu.process.wait()
        root = disks.folder / "root.img"
        copy_second_partition(path, root)
        Ext2(1024).check(root)
        assert b"Filesystem state:         clean" in host("dumpe2fs", "-h", root)
        copied = host("debugfs", "-R", "cat /root/copy", root)
        assert copied.endswith((ROOT / "LICENSE").read_bytes())


def copy_second_partition(disk_path, to):
    """Copies the second partition of a disk into a file."""
    with open(disk_path, "rb") as disk, open(to, "wb") as copy:
        disk.seek(1024 + 128 + 32)
        start = int.from_bytes(disk.read(8), "little") * 512
        disk.seek(start)
        shutil.copyfileobj(disk, copy)


def machine_boots_from_ext4():
    """The same tree as `make disk` has, with `rootfstype=`."""
    with Disks() as disks:
        made, root = disks.folder / "made.img", disks.folder / "ext2.img"
        host(ROOT / "tools/disk", made)
        copy_second_partition(made, root)
        tree = disks.folder / "tree"
        tree.mkdir()
        Ext2(1024).extract(root, tree)
        path = disks.add(Ext4(4096), 64 * MIB, tree)
        before = path.read_bytes()
        options = "root=/dev/nvme0n1 rootfstype=ext4 ro"
        with Qemu("-m", "128", "-boot", "d", "-cdrom", image(options), *disks.arguments()) as qemu:
            typist = shell.Typist(qemu)
            assert "/dev/nvme0n1 / ext4 ro," in typist.run("cat /proc/mounts")
            assert "Read-only file system" in typist.run("touch /x")
            run(typist, "cmp /bin/busybox /proc/self/exe")
        assert path.read_bytes() == before


def add_to(suite):
    for name, (kind, size_bytes) in KINDS.items():
        tests = [tree_of_the_host_is_read, tree_of_programs_is_read_by_the_host]
        if name in ("ext2, 1 KiB", "FAT32"):
            tests += [full_disk_gives_back_what_was_written, direct_transfers_pass_the_pages,
                      file_of_fsync_survives_a_power_cut]
        for test in tests:
            suite.add(f"file_systems::{test.__name__} ({name})",
                      lambda test=test, kind=kind, size=size_bytes: test(kind, size))
    for name in ("ext2, 1 KiB", "FAT16"):
        kind, size_bytes = KINDS[name]
        # It checks the order of locks.
        suite.add(f"file_systems::tree_of_programs_is_read_by_the_host ({name}, debug build)",
                  lambda kind=kind, size=size_bytes: tree_of_programs_is_read_by_the_host(
                      kind, size, is_debug=True))
    for name, is_debug in (("ext2, 1 KiB", True), ("FAT16", False)):
        kind, size_bytes = KINDS[name]
        suite.add(f"file_systems::renames_of_many_at_once ({name}{', debug build' * is_debug})",
                  lambda kind=kind, size=size_bytes, is_debug=is_debug: programs_print_the_same(
                      ["rename-storm"], kind, size, cpus=4, is_debug=is_debug))
    for bus in ("virtio", "ahci"):
        suite.add(f"file_systems::tree_of_programs_is_read_by_the_host ({bus})",
                  lambda bus=bus: tree_of_programs_is_read_by_the_host(Ext2(4096), 96 * MIB, bus=bus))
    suite.add("file_systems::tree_of_the_host_is_read (ISO 9660)",
              lambda: tree_of_the_host_is_read(Iso9660(), 0))
    for block_bytes in (1024, 4096):
        suite.add(f"file_systems::tree_of_the_host_is_read (ext4, {block_bytes // 1024} KiB)",
                  lambda size=block_bytes: tree_of_the_host_is_read(Ext4(size), 64 * MIB))
    for test in (programs_make_file_systems, programs_print_the_same_on_ext2,
                 the_prompt_shows_what_is_in_memory, mounts_are_refused_with_a_reason,
                 read_only_remount_waits_for_writers,
                 journal_is_applied_in_memory_only, machine_boots_from_a_disk,
                 machine_boots_from_ext4):
        suite.add(f"file_systems::{test.__name__}", test)
