"""Reads of a disk whose blocks are verified, by Farjump's seal and by dm-verity of Linux: the disk
and the machines of two operations of bench/programs/storage.c.

Both read the same disk, once below the verified device and once through it. The root file system of
Farjump is on it, sealed; that of Linux is an initramfs, whose first program sets dm-verity up by
veritysetup. Linux has the module with the SHA-256 for vectors, as Debian loads it.
"""

import pathlib
import random
import re
import subprocess

from machine import cpio, images, linux, trees
from machine.disks import Ext2, MIB
from machine.sealed import new_key

from . import plugin, systems
from .operations import Operation
from .run import Refusal, parse_whole
from .storage import Row, kernel_counts

# The part with data, before the hashes of dm-verity. Farjump's seal covers both.
DATA_MIB, DISK_MIB = 64, 66
RUNS = 3
OPERATIONS = (
    Operation("device_read_1m", "the next 1 MiB of a disk, by calls of 64 KiB"),
    Operation("verified_read_1m", "the same, each block compared with its hash"),
)
NAMES = tuple(operation.name for operation in OPERATIONS)
_VERITYSETUP = "/usr/sbin/veritysetup"
# The hashes follow the data, without a superblock that says so.
_GEOMETRY = ("--no-superblock", "--salt=-", f"--data-blocks={DATA_MIB * MIB // 4096}",
             f"--hash-offset={DATA_MIB * MIB}")
_MODULES = ("sha256-ssse3", "reed_solomon", "dm-mod", "dm-bufio", "dm-verity")
_INIT = """#!/bin/busybox sh
busybox=/bin/busybox
$busybox mount -t devtmpfs none /dev
$busybox mount -t proc none /proc
$busybox mount -t sysfs none /sys
for module in {modules}; do
    $busybox insmod /modules/$module.ko || echo "no module $module"
done
until [ -e /dev/nvme0n1 ]; do $busybox usleep 10000; done
DM_DISABLE_UDEV=1 {veritysetup} open {geometry} /dev/nvme0n1 verified \\
    /dev/nvme0n1 {root}
exec /bench "$@"
"""


class Machines:
    """The disk, and what each system boots with it, in `folder`."""

    def __init__(self, folder):
        self._folder = pathlib.Path(folder)
        self._disk = self._folder / "disk"
        # Downloads its modules, too.
        linux.kernel()
        programs = trees.benchmarks()
        self._make_disk(programs)
        root = self._hash_disk()
        self._archive = self._folder / "initramfs"
        self._archive.write_bytes(cpio.pack(_linux_tree(programs, root)))
        line = " ".join(["quiet", *systems.COMMON, "root=/dev/nvme0n1", "init=/init", "--",
                         ",".join(NAMES)])
        self._image = images.build_image(images.kernel_path(), self._folder / "image", line,
                                         bios_only=True, seal=new_key(self._folder / "key"),
                                         disk=self._disk)

    def _make_disk(self, programs):
        folder = self._folder / "tree"
        folder.mkdir()
        tree = dict(programs)
        trees.add_mount_points(tree)
        trees.write_to(tree, folder)
        (folder / "data").write_bytes(random.Random(1).randbytes((DATA_MIB - 8) * MIB))
        self._disk.write_bytes(bytes(DATA_MIB * MIB))
        Ext2(4096).make(self._disk, folder)
        with self._disk.open("r+b") as file:
            file.truncate(DISK_MIB * MIB)

    def _hash_disk(self):
        """Writes the hashes of dm-verity to the disk; returns their root."""
        try:
            done = subprocess.run([_VERITYSETUP, "format", *_GEOMETRY, self._disk, self._disk],
                                  check=True, stdout=subprocess.PIPE, text=True)
        except FileNotFoundError:
            raise Refusal(f"{_VERITYSETUP} is missing; install cryptsetup-bin") from None
        return re.search(r"Root hash:\s+(\w+)", done.stdout)[1]

    def run(self, key, clock, counts=None):
        """Boots a system; returns the run. The plugin writes to the file `counts`, if given."""
        system = systems.SYSTEMS[key]
        if system.is_linux:
            machine = linux.machine(linux.kernel(), self._archive,
                                    ["nokaslr", *systems.COMMON, *system.options],
                                    [",".join(NAMES)])
        else:
            machine = systems.card(self._image)
        drive = ("-drive", f"if=none,id=disk,format=raw,snapshot=on,file={self._disk}",
                 "-device", "nvme,drive=disk,serial=disk")
        counting = ("-plugin", plugin.plugin_argument(counts)) if counts else ()
        text = systems.run_machine(system.title, clock, *machine, *drive, *counting)
        return parse_whole(system.title, text)

    def count(self, key):
        """Boots a system; returns (run, {name: the kernel's instructions})."""
        counts = self._folder / "counts"
        run = self.run(key, systems.Clock.DISK, counts)
        if missing := set(NAMES) - set(run.figures):
            raise Refusal(f"{systems.SYSTEMS[key].title} has no {', '.join(sorted(missing))}")
        return run, kernel_counts(run, counts.read_text().splitlines())


def rows(found):
    """Returns the rows of `found`, {system: [{name: the kernel's instructions} of each run]}."""
    return [Row(operation, {key: [counts[operation.name] for counts in series]
                            for key, series in found.items()}) for operation in OPERATIONS]


def tick_cells(found):
    """Returns the cells of the table of ticks, its heads first, of `found`, {system: [run…]}: the
    minimum of all samples, and the ratio to the faster Linux."""
    titles = [system.title for system in systems.SYSTEMS.values()]
    lines = [["ticks under plain TCG", *titles, "ratio"]]
    for name in NAMES:
        least = {key: min(run.figures[name].minimum for run in series)
                 for key, series in found.items()}
        ratio = least["farjump"] / min(least[key] for key in systems.LINUXES)
        lines.append([name, *(f"{least[key]:,}" for key in systems.SYSTEMS), f"{ratio:.3f}"])
    return lines


def _linux_tree(programs, root):
    """Returns the files of Linux's initramfs, for a root hash."""
    script = _INIT.format(modules=" ".join(_MODULES), veritysetup=_VERITYSETUP,
                          geometry=" ".join(_GEOMETRY), root=root)
    tree = {**programs, b"bench": programs[b"init"]}
    trees.add_file(tree, "init", script.encode(), trees.PROGRAM)
    for module in _MODULES:
        path, = linux.FOLDER.glob(f"lib/modules/**/{module}.ko")
        trees.add_file(tree, f"modules/{module}.ko", path.read_bytes())
    libraries = subprocess.run(["ldd", _VERITYSETUP], check=True, stdout=subprocess.PIPE,
                               text=True).stdout
    for path in [_VERITYSETUP, *re.findall(r"(/\S+) \(0x", libraries)]:
        trees.add_file(tree, path.lstrip("/"), pathlib.Path(path).read_bytes(), trees.PROGRAM)
    trees.add_mount_points(tree)
    trees.add_directory(tree, "sys")
    trees.add_directory(tree, "run")
    return tree
