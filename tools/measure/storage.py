"""Operations on a disk: the disk, the counts of bench/programs/storage.c, and the table.

How long a disk takes depends on the host, and so does what a kernel does in that time: a count is not
the same in each run. A figure is the median of the runs' medians, and the table shows how much the
runs differ.
"""

import dataclasses
import fcntl
import json
import pathlib
import random
import statistics
import tempfile

from machine import BUILD, disks

from . import plugin, systems
from .operations import Operation
from .run import Refusal

DISK = BUILD / "bench/storage.img"
DATA_MIB = 64
DIRECTORIES, FILES = 4, 10000
# Requests that the disk answers in a second. The next one of them waits for a longer time than a
# kernel takes to become idle: it always does.
REQUESTS_PER_S = 1000
RUNS = 3
_HEADS = ["Linux", "mitigations=off", "Farjump", "ratio", "runs of Linux", "mitigations=off",
          "Farjump"]

OPERATIONS = (
    Operation("disk_read_4k_direct", "4 KiB at random, O_DIRECT"),
    Operation("disk_read_4k_cached", "4 KiB at random, in memory"),
    Operation("disk_read_1m", "the next 1 MiB of a file, by calls of 64 KiB"),
    Operation("disk_write_1m_fsync", "1 MiB of a new file, by calls of 64 KiB, and fsync"),
    Operation("disk_create_fsync", "a new empty file, fsync, close"),
    Operation("disk_create_4k_fsync", "a new file of 4 KiB, fsync, close"),
    Operation("disk_create_4k_syncfs", "a new file of 4 KiB, syncfs, close"),
    Operation("disk_unlink", "unlink of an empty file"),
    Operation("disk_stat_cold", "stat, each of 10,000 files for the first time"),
    Operation("disk_stat_warm", "stat, each of 10,000 files again"),
)
NAMES = tuple(operation.name for operation in OPERATIONS)


@dataclasses.dataclass
class Row:
    """An operation: {system: [the kernel's instructions in each run, the median of its samples]}."""
    operation: Operation
    counts: dict

    def figure(self, key):
        """Returns the median of a system's runs, or None."""
        found = self.counts.get(key)
        return round(statistics.median(found)) if found else None

    def spread(self, key):
        """Returns how much a system's runs differ, as a part of their median; None without runs."""
        found = self.counts.get(key)
        return (max(found) - min(found)) / statistics.median(found) if found else None

    def ratio(self):
        """Returns Farjump's figure divided by that of the faster Linux, or None."""
        linux = [figure for key in systems.LINUXES if (figure := self.figure(key))]
        ours = self.figure("farjump")
        return ours / min(linux) if linux and ours is not None else None


def build_disk():
    """Makes the disk, if it is older than this file; returns its path."""
    DISK.parent.mkdir(parents=True, exist_ok=True)
    with (BUILD / "bench/storage.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not DISK.exists() or DISK.stat().st_mtime < pathlib.Path(__file__).stat().st_mtime:
            part = DISK.with_suffix(".part")
            part.unlink(missing_ok=True)
            _make(part)
            part.rename(DISK)
    return DISK


def _make(path):
    with path.open("wb") as file:
        file.truncate(256 * disks.MIB)
    disks.host("mke2fs", "-q", "-t", "ext2", "-b", 4096, "-I", 256, "-N", 65536, "-m", 0, "-E",
               "hash_seed=6d652d00-6d65-4d00-8000-000000000001,lazy_itable_init=0",
               "-U", "6d652d00-6d65-4d00-8000-000000000000", path)
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        data, empty = pathlib.Path(folder) / "data", pathlib.Path(folder) / "empty"
        data.write_bytes(random.Random(1).randbytes(DATA_MIB * disks.MIB))
        empty.touch()
        commands = [f"write {data} data"]
        for number in range(DIRECTORIES):
            commands += [f"mkdir many-{number}", f"cd many-{number}",
                         *(f"write {empty} file-{index:04}" for index in range(FILES)), "cd /"]
        disks.debugfs(path, *commands)
    path.with_suffix(".commands").unlink()
    # Adds the indexes of the directories. 1: the file system was changed.
    disks.host("e2fsck", "-fyD", path, statuses=(0, 1))


def devices():
    """Returns QEMU's arguments for the disk. What is written to it is not kept."""
    path = str(build_disk()).replace(",", ",,")
    return ("-drive", f"if=none,id=storage,format=raw,snapshot=on,file={path},"
            f"throttling.iops-total={REQUESTS_PER_S}", "-device", "nvme,drive=storage,serial=storage")


def boot(key, names, counts, *arguments):
    """Boots a system with the disk and runs operations; returns the run. The plugin writes to the
    file `counts`; it gets the other arguments too."""
    return systems.boot(key, systems.Clock.DISK, names, devices=devices(),
                        plugin=plugin.plugin_argument(counts, *arguments))


def count(key, names):
    """Boots a system and runs operations; returns (run, {name: the kernel's instructions})."""
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        path = f"{folder}/counts"
        run = boot(key, names, path)
        with open(path, encoding="ascii") as file:
            return run, kernel_counts(run, file.read().splitlines())


def kernel_counts(run, lines):
    """Returns {name: the median of the kernel's instructions} of the lines that the plugin has
    written: a mark of each sample, operation after operation."""
    marks = [tuple(map(int, line.split()[1:3])) for line in lines if line.startswith("mark ")]
    if len(marks) != sum(figure.samples for figure in run.figures.values()):
        raise Refusal(f"the plugin has {len(marks)} counts of {len(run.figures)} operations")
    found = {}
    for name, figure in run.figures.items():
        own, marks = marks[:figure.samples], marks[figure.samples:]
        found[name] = statistics.median(_usual(own)) / run.batches[name]
    return found


def _usual(marks):
    """Returns the kernel's instructions of the samples in which the process beside has run. In the
    others, the disk has answered before the kernel had switched to it. All samples count if it has run
    in less than a quarter of them: then the operation does not wait."""
    own = min(program for _, program in marks)
    waited = [kernel for kernel, program in marks if program > 2 * own]
    return waited if 4 * len(waited) >= len(marks) else [kernel for kernel, _ in marks]


def rows(found):
    """Returns the rows of `found`, {system: [{name: the kernel's instructions} of each run]}."""
    made = [Row(operation, {key: [counts[operation.name] for counts in series
                                  if operation.name in counts]
                            for key, series in found.items()}) for operation in OPERATIONS]
    return [row for row in made if any(row.counts.values())]


def cells(made):
    """Returns the cells of the table, its heads first."""
    lines = [["instructions of the kernel", *_HEADS]]
    for row in made:
        figures = [row.figure(key) for key in systems.SYSTEMS]
        spreads = [row.spread(key) for key in systems.SYSTEMS]
        ratio = row.ratio()
        lines.append([row.operation.name,
                      *("-" if figure is None else f"{figure:,}" for figure in figures),
                      "-" if ratio is None else f"{ratio:.3f}",
                      *("-" if spread is None else f"{100 * spread:.1f} %" for spread in spreads)])
    return lines


def as_json(made, versions, checks, **more):
    """Returns the table, and more entries, as JSON text."""
    return json.dumps({
        "versions": versions, "checks": checks, **more,
        "operations": {
            row.operation.name: {
                "what": row.operation.what, "runs": row.counts,
                "instructions": {key: row.figure(key) for key in systems.SYSTEMS},
                "ratio": row.ratio(), "spread": {key: row.spread(key) for key in systems.SYSTEMS},
            } for row in made}}, indent=1, ensure_ascii=False) + "\n"
