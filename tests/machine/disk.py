"""tools/disk: the file systems in its images, read by the host's programs."""

import os
import pathlib
import re
import subprocess
import tempfile

from machine import ROOT, trees
from machine.tools import call

MIB = 1 << 20


def host(program, *arguments):
    """Runs a program of the host; returns its output without the line of its version."""
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    done = subprocess.run([program, *map(str, arguments)], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env={**os.environ, "PATH": path})
    shown = done.stdout.decode(errors="surrogateescape")
    assert done.returncode == 0, (program, arguments, shown)
    return re.sub(r"^debugfs .*\n", "", shown)


def partitions(folder, image):
    """Writes the partitions of an image to files, by the table's first copy; returns their paths."""
    paths = []
    with open(image, "rb") as file:
        file.seek(1024)
        for index in range(2):
            entry = file.read(128)
            first, last = (int.from_bytes(entry[at:at + 8], "little") for at in (32, 40))
            paths.append(folder / f"partition{index + 1}")
            with open(image, "rb") as source:
                source.seek(first * 512)
                paths[-1].write_bytes(source.read((last + 1 - first) * 512))
    return paths


def made(folder, *arguments):
    """Makes an image; returns the paths of its two file systems, which have no errors."""
    image = folder / "disk.img"
    done = call("disk", *arguments, image)
    assert done.returncode == 0 and done.stdout == f"{image}\n" and not done.stderr, done
    assert [path.name for path in folder.glob("disk.img*")] == ["disk.img"]
    fat, ext2 = partitions(folder, image)
    host("fsck.fat", "-n", fat)
    host("e2fsck", "-fn", ext2)
    return fat, ext2


def image_has_both_file_systems():
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        folder = pathlib.Path(folder)
        fat, ext2 = made(folder)
        assert (folder / "disk.img").stat().st_size == 64 * MIB
        # The type of the file system and the label, in the boot sector.
        boot = fat.read_bytes()[:512]
        assert boot[71:90] == b"FARJUMP    FAT32   ", boot[71:90]
        assert host("mtype", "-i", fat, "::README.md") == (ROOT / "README.md").read_text()
        label = ext2.read_bytes()[1024 + 120:1024 + 136]
        assert label == b"farjump".ljust(16, b"\0"), label
        host("debugfs", "-R", f"dump /bin/busybox {folder}/busybox", ext2)
        assert (folder / "busybox").read_bytes() == trees.busybox().read_bytes()
        assert 'dest: "/bin/busybox"' in host("debugfs", "-R", "stat /sbin/init", ext2)
        for name in ("dev", "dev/pts", "proc", "sys", "mnt"):
            shown = host("debugfs", "-R", f"stat /{name}", ext2)
            assert re.search(r"Type: directory +Mode: +0755", shown), (name, shown)
        assert re.search(r"Mode: +01777", host("debugfs", "-R", "stat /tmp", ext2))
        fstab = host("debugfs", "-R", "cat /etc/fstab", ext2)
        assert "/dev/nvme0n1p2\t/\text2" in fstab and "devpts\t/dev/pts" in fstab, fstab


def image_has_the_files_of_a_directory():
    """Files of an ordinary user, with all permissions, links, and names that need quotes."""
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        folder = pathlib.Path(folder)
        tree = folder / "tree"
        (tree / "a folder" / "deep").mkdir(parents=True)
        (tree / "a folder" / 'with "quotes"').write_bytes(b"12345")
        (tree / os.fsdecode(b"not \xff UTF-8")).write_bytes(b"x" * 100_000)
        (tree / "program").write_bytes(b"#!/bin/sh\n")
        (tree / "program").chmod(0o4711)
        os.link(tree / "program", tree / "second name")
        (tree / "link").symlink_to("a folder/deep")
        (tree / "locked").mkdir(0o700)
        os.mkfifo(tree / "fifo")
        os.utime(tree / "program", (981_173_106, 981_173_106))
        _, ext2 = made(folder, "--size-mib", "100", "--root", tree)
        expected = {
            "/a folder": ("directory", "0755", 3), "/locked": ("directory", "0700", 2),
            '/a folder/with ""quotes""': ("regular", "0644", 1),
            "/program": ("regular", "04711", 2), "/second name": ("regular", "04711", 2),
            "/link": ("symlink", "0777", 1), "/fifo": ("FIFO", "0644", 1),
            "/etc/fstab": ("regular", "0644", 1), "/proc": ("directory", "0755", 2),
        }
        for name, (kind, mode, links) in expected.items():
            shown = host("debugfs", "-R", f'stat "{name}"', ext2)
            found = re.search(r"Type: (\S+) +Mode: +(\d+)", shown).groups()
            assert found == (kind, mode), (name, shown)
            assert re.search(r"User: +0 +Group: +0 ", shown), (name, shown)
            assert f"Links: {links} " in shown, (name, shown)
        shown = host("debugfs", "-R", "stat /program", ext2)
        assert f"mtime: 0x{981_173_106:x}" in shown, shown
        host("debugfs", "-R", f"rdump / {folder}", ext2)
        name = os.fsdecode(b"not \xff UTF-8")
        assert (folder / name).read_bytes() == b"x" * 100_000
        assert (folder / "a folder" / 'with "quotes"').read_bytes() == b"12345"
        assert os.readlink(folder / "link") == "a folder/deep"


def bad_calls_leave_no_file():
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        folder = pathlib.Path(folder)
        tree, image = folder / "tree", folder / "disk.img"
        tree.mkdir()
        for arguments, complaint in (
                (("--size-mib", "39"), "at least 40 MiB"), (("--root", folder / "none"), "none"),
                (("--nonsense",), "usage")):
            done = call("disk", *arguments, image)
            assert done.returncode != 0 and complaint in done.stderr, done
        (tree / "large").write_bytes(os.urandom(20 * MIB))
        done = call("disk", "--size-mib", "48", "--root", tree, image)
        assert done.returncode == 1 and done.stderr.startswith("disk: mke2fs: "), done
        assert [path.name for path in folder.iterdir()] == ["tree"]


def add_to(suite):
    for test in (image_has_both_file_systems, image_has_the_files_of_a_directory,
                 bad_calls_leave_no_file):
        suite.add(f"disk::{test.__name__}", test)
