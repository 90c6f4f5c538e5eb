"""The rows of the table of boots: instructions, memory in use, and sizes of images."""

import concurrent.futures
import dataclasses
import os
import pathlib
import struct
import subprocess
import tempfile

from machine import ROOT, images, linux

from . import boot, systems
from .boot import MEMORIES_MIB, PROGRAM, PROMPT, SHELL, USUAL_MIB
from .run import Figure, Refusal

LINUX, FARJUMP = "linux", "farjump"
INSTRUCTIONS, BYTES = "instructions", "bytes"


@dataclasses.dataclass(frozen=True)
class Row:
    """A figure of each system: its name, its description, its unit, the boot that it is from, and
    what it is of that boot. Rows of images have no boot."""
    name: str
    what: str
    unit: str
    goal: object = None
    memory_mib: int = USUAL_MIB
    of_boot: object = None


def _size(memory_mib):
    return f"{memory_mib}m" if memory_mib < 1024 else f"{memory_mib // 1024}g"


ROWS = (
    *(Row(f"boot_program_{_size(mib)}", "from the kernel's entry to the first program",
          INSTRUCTIONS, PROGRAM, mib, lambda found: found.program) for mib in MEMORIES_MIB),
    Row(f"boot_unpacked_{_size(USUAL_MIB)}", "the same from the entry of the unpacked kernel",
        INSTRUCTIONS, PROGRAM, USUAL_MIB, lambda found: found.program - found.unpacked),
    Row(f"boot_shell_{_size(USUAL_MIB)}", "from the kernel's entry to the prompt of busybox",
        INSTRUCTIONS, SHELL, USUAL_MIB, lambda found: found.prompt),
    Row(f"boot_prompt_{_size(USUAL_MIB)}", "from the kernel's entry to the kernel's own prompt",
        INSTRUCTIONS, PROMPT, USUAL_MIB, lambda found: found.prompt),
    *(Row(f"memory_used_{_size(mib)}", "RAM in use when the first program starts", BYTES, PROGRAM,
          mib, lambda found: found.used_bytes) for mib in MEMORIES_MIB),
    Row(f"memory_seen_{_size(USUAL_MIB)}", "the part of it that a program sees", BYTES, PROGRAM,
        USUAL_MIB, lambda found: found.seen_bytes),
    Row("image_file", "the packed kernel, as the loader reads it", BYTES),
    Row("image_file_symbols", "the same with the names of its functions", BYTES),
    Row("image_unpacked", "the kernel unpacked, without names of functions", BYTES),
    Row("image_symbols", "the kernel unpacked, with the names of its functions", BYTES),
)
NAMES = tuple(row.name for row in ROWS)
UNITS = {row.name: row.unit for row in ROWS}


def measure(key, names, progress=lambda text: None):
    """Returns {name: figure} of a system, for the rows with these names that it has. Each machine
    is booted twice; raises `Refusal` if the figures differ."""
    rows = [row for row in ROWS if row.name in names
            and not (row.goal is PROMPT and key != FARJUMP)]
    machines = sorted({(row.goal, row.memory_mib) for row in rows if row.goal},
                      key=lambda one: (one[0].name, one[1]))

    def run(goal, memory_mib, number):
        found = boot.boot(key, goal, memory_mib)
        progress(f"{systems.SYSTEMS[key].title}: {goal.name}, {memory_mib} MiB, run {number}")
        return found

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        pending = {one: [pool.submit(run, *one, number) for number in (1, 2)] for one in machines}
        try:
            runs = {one: [job.result() for job in jobs] for one, jobs in pending.items()}
        finally:
            pool.shutdown(cancel_futures=True)
    for (goal, memory_mib), (first, second) in runs.items():
        if first != second:
            raise Refusal(f"{systems.SYSTEMS[key].title}: two boots to the {goal.name} with "
                          f"{memory_mib} MiB differ: {first}, then {second}")
    sizes = image_sizes(key) if any(not row.goal for row in rows) else {}
    return {row.name: row.of_boot(runs[row.goal, row.memory_mib][0]) if row.goal
            else sizes[row.name] for row in rows if row.goal or row.name in sizes}


def image_sizes(key):
    """Returns the bytes of a system's images."""
    if key == FARJUMP:
        kernel = images.kernel_path()
        with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
            stripped, table = pathlib.Path(folder) / "farjump", pathlib.Path(folder) / "symbols"
            # As tools/iso makes them.
            subprocess.run(["objcopy", "--strip-all", kernel, stripped], check=True)
            subprocess.run([ROOT / "tools/symbols", kernel, table], check=True)
            whole = [path.read_bytes() for path in (stripped, table)]
            unpacked = [len(data) for data in whole]
            packed = [len(_packed(data)) for data in whole]
            return {"image_file": packed[0], "image_file_symbols": sum(packed),
                    "image_unpacked": unpacked[0], "image_symbols": sum(unpacked)}
    image = linux.kernel().read_bytes()
    # It has the names in it, packed too.
    return {"image_file": len(image), "image_file_symbols": len(image),
            "image_symbols": unpacked_bytes(image)}


def _packed(data):
    """Returns a file as tools/iso packs it."""
    return subprocess.run(["gzip", "-9", "-n", "-c"], input=data, stdout=subprocess.PIPE,
                          check=True).stdout


def unpacked_bytes(image):
    """Returns the length of the kernel in a Linux image, which has the names of its functions.
    It stands after the packed kernel, whatever packed it.

    Source: Linux, Documentation/arch/x86/boot.rst, setup_sects, payload_offset, payload_length.
    """
    start = ((image[0x1F1] or 4) + 1) * 512
    offset, length = struct.unpack_from("<II", image, 0x248)
    return struct.unpack_from("<I", image, start + offset + length - 4)[0]


def figures(found):
    """Returns {name: figure} as the figures of a run, whose every sample is the same."""
    return {name: Figure(value, value, value, 1) for name, value in found.items()}


def ratio(figures_of_row):
    """Returns Farjump's figure divided by Linux's, or None."""
    ours, other = figures_of_row.get(FARJUMP), figures_of_row.get(LINUX)
    return ours / other if ours is not None and other else None


def by_row(found):
    """Returns [(row, {system: figure})] of {system: {name: figure}}."""
    rows = [(row, {key: values[row.name] for key, values in found.items() if row.name in values})
            for row in ROWS]
    return [(row, of_row) for row, of_row in rows if of_row]


def cells(found):
    """Returns the cells of the table, its heads first."""
    def number(value):
        return "-" if value is None else f"{value:,}"

    rows = [["boot", "unit", "Linux", "Farjump", "ratio"]]
    for row, of_row in by_row(found):
        share = ratio(of_row)
        rows.append([row.name, row.unit, number(of_row.get(LINUX)), number(of_row.get(FARJUMP)),
                     "-" if share is None else f"{share:.4f}"])
    return rows


def as_values(found):
    """Returns the table for JSON."""
    return {row.name: {"what": row.what, "unit": row.unit, **of_row, "ratio": ratio(of_row)}
            for row, of_row in by_row(found)}
