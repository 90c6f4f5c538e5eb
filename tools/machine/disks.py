"""Disks with file systems, and the host's programs for these."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile

from . import shell
from .file_trees import SUMMARY

MIB = 1 << 20


def host(program, *arguments, statuses=(0,), stderr=subprocess.STDOUT, environment=None):
    """Runs a program of the host, with more variables in its environment; returns its output."""
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    whole = {**os.environ, "PATH": path, "LC_ALL": "C.UTF-8", "MTOOLS_SKIP_CHECK": "1",
             **(environment or {})}
    done = subprocess.run([program, *map(str, arguments)], stdout=subprocess.PIPE, stderr=stderr,
                          env=whole)
    assert done.returncode in statuses, (program, arguments, done.stdout.decode(errors="replace"))
    return done.stdout


def debugfs(path, *commands, **more):
    """Changes an image of ext2 or ext4."""
    script = path.with_suffix(".commands")
    script.write_text("".join(f"{command}\n" for command in commands))
    host("debugfs", "-w", "-f", script, path, **more)


def commands_for(tree):
    """Returns commands of debugfs that make the files of `tree`."""
    for path in sorted(tree.rglob("*")):
        name = f'"/{path.relative_to(tree)}"'
        if path.is_symlink():
            yield f"symlink {name} {os.readlink(path)}"
        elif path.is_dir():
            yield f"mkdir {name}"
        else:
            yield f'write "{path}" {name}'


# ------------------------------------------------------------------ kinds --

class Ext2:
    """ext2, with blocks of a size, and with a number of inodes or mke2fs's default."""

    name, has_links = "ext2", True

    def __init__(self, block_bytes, inodes=None):
        self._block_bytes, self._inodes = block_bytes, inodes

    def make(self, path, tree=None):
        more = ["-d", tree] if tree else []
        more += ["-N", self._inodes] if self._inodes else []
        host("mke2fs", "-q", "-t", self.name, "-b", self._block_bytes, *more, path)

    def check(self, path):
        host("e2fsck", "-fn", path)

    def mend(self, path):
        """Returns whether no question had to be answered."""
        # 1: errors were corrected; 4: some were not, because that needs an answer.
        asks = b"RUN fsck MANUALLY" in host("e2fsck", "-p", path, statuses=(0, 1, 4))
        if asks:
            host("e2fsck", "-fy", path, statuses=(0, 1))
        return not asks

    def extract(self, path, folder):
        host("debugfs", "-R", f"rdump / {folder}", path)
        shutil.rmtree(folder / "lost+found", ignore_errors=True)

    def read(self, path, name):
        """Returns the contents of a file in the root directory."""
        return host("debugfs", "-R", f"cat {name}", path, stderr=subprocess.DEVNULL)


class Ext4(Ext2):
    """ext4, with blocks of a size, which is only read."""

    name = "ext4"

    def put_into_journal(self, path, changed):
        """Writes what is different in the image `changed` into the journal, and nowhere else."""
        old, new = path.read_bytes(), changed.read_bytes()
        starts = [at for at in range(0, len(old), self._block_bytes)
                  if old[at:at + self._block_bytes] != new[at:at + self._block_bytes]]
        contents = path.with_suffix(".blocks")
        contents.write_bytes(b"".join(new[at:at + self._block_bytes] for at in starts))
        numbers = ",".join(str(at // self._block_bytes) for at in starts)
        debugfs(path, "journal_open -c -v 3", f"journal_write -b {numbers} {contents}",
                "journal_close")


class Fat:
    """FAT with long names."""

    name, has_links = "vfat", False

    def __init__(self, bits):
        self._bits = bits

    def make(self, path, tree=None):
        host("mkfs.fat", "-F", self._bits, *(["-s", 1] if self._bits == 32 else []), path)
        if tree and any(tree.iterdir()):
            host("mcopy", "-s", "-i", path, *tree.iterdir(), "::")

    def check(self, path):
        host("fsck.fat", "-n", path)

    def mend(self, path):
        host("fsck.fat", "-a", path, statuses=(0, 1))
        return True

    def extract(self, path, folder):
        host("mcopy", "-s", "-n", "-i", path, "::*", folder)

    def read(self, path, name):
        return host("mtype", "-i", path, f"::{name}")


class Iso9660:
    """ISO 9660 with Rock Ridge, which is only read."""

    name, has_links = "iso9660", True

    def make(self, path, tree=None):
        host("xorriso", "-as", "mkisofs", "-quiet", "-R", "-o", path, tree)


KINDS = {"ext2, 1 KiB": (Ext2(1024), 96 * MIB), "ext2, 4 KiB": (Ext2(4096), 96 * MIB),
         "FAT12": (Fat(12), 12 * MIB), "FAT16": (Fat(16), 64 * MIB), "FAT32": (Fat(32), 96 * MIB)}


# ------------------------------------------------------------------ disks --

# The names of the first two disks.
NAMES = {"nvme": ("nvme0n1", "nvme1n1"), "virtio": ("vda", "vdb"), "ahci": ("sda", "sdb")}


class Disks:
    """Files of disks, in a folder that is removed at the end, and how they are attached."""

    def __init__(self, bus="nvme"):
        self._bus = bus
        self.names = NAMES[bus]
        self._folder = tempfile.TemporaryDirectory(prefix="farjump-disks-")
        self.folder = pathlib.Path(self._folder.name)
        self.paths = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._folder.cleanup()

    def add(self, kind, size_bytes, tree=None):
        path = self.folder / f"disk{len(self.paths)}.img"
        if size_bytes:
            path.touch()
            os.truncate(path, size_bytes)
        kind.make(path, tree)
        self.paths.append(path)
        return path

    def attached(self, index):
        """Returns QEMU's arguments for the device of the disk with QEMU's name `d{index}`."""
        end = f"drive=d{index},serial=s{index}"
        if self._bus == "ahci":
            return ("-device", f"ich9-ahci,id=ahci{index}",
                    "-device", f"ide-hd,bus=ahci{index}.0,{end}")
        device = {"nvme": "nvme", "virtio": "virtio-blk-pci"}[self._bus]
        return "-device", f"{device},{end}"

    def arguments(self):
        for index, path in enumerate(self.paths):
            yield from ("-drive", f"if=none,id=d{index},format=raw,file={path}")
            yield from self.attached(index)

    @contextlib.contextmanager
    def machine(self, cpus=2, **more):
        with shell.machine("quiet", *self.arguments(), cpus=cpus, **more) as qemu:
            typist = shell.Typist(qemu)
            typist.define(SUMMARY)
            typist.run("mkdir /a /b")
            yield qemu, typist


def run(typist, *lines):
    """Runs commands that print nothing."""
    for line in lines:
        shown = typist.run(line)
        assert shown == "", (line, shown)
