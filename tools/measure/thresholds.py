"""Reads, checks and writes the limits of Farjump's figures: bench/thresholds.txt."""

import pathlib

from machine import ROOT

from . import boot_rows, operations

NAMES = (*operations.NAMES, *boot_rows.NAMES)
FILE = ROOT / "bench/thresholds.txt"
# The tolerance, in thousandths: a figure that is further above its threshold is a failure, and one
# that is further below is an improvement.
TOLERANCE = 5

_HEAD = """\
# The instructions of each operation on Farjump, and of its boot, and the bytes of memory and of the
# image. make bench-check compares them with new figures: it fails if one is 0.5 % above.
# tools/bench-linux --tighten lowers those that are below.
# Other compilers make other instructions. These are of
"""


def read(path=FILE):
    """Returns ({name: figure}, the compiler that they were counted with)."""
    found, compiler = {}, ""
    for line in pathlib.Path(path).read_text().splitlines() if pathlib.Path(path).exists() else ():
        if line.startswith("# rustc"):
            compiler = line.removeprefix("# ")
        elif line and not line.startswith("#"):
            name, instructions = line.split()
            found[name] = int(instructions)
    return found, compiler


def write(thresholds, compiler, path=FILE):
    """Writes thresholds in the order of the tables."""
    width = max(map(len, thresholds), default=0)
    lines = [f"{name:{width}} {thresholds[name]:>12}\n" for name in NAMES if name in thresholds]
    pathlib.Path(path).write_text(f"{_HEAD}# {compiler}\n" + "".join(lines))


def _unit(name):
    return boot_rows.UNITS.get(name, "instructions")


def breach(name, run, thresholds):
    """Returns the reason why an operation of a run fails the check, or an empty text."""
    if name not in run.figures:
        return f"{name} has no figure" + f": error {run.skips.get(name)}" * (name in run.skips)
    if name not in thresholds:
        return f"{name} has no threshold: add it by tools/bench-linux --tighten"
    count, threshold = run.figures[name].median, thresholds[name]
    if 1000 * count <= threshold * (1000 + TOLERANCE):
        return ""
    return (f"{name} takes {count:,} {_unit(name)}, {100 * (count / threshold - 1):.1f} % more than "
            f"its threshold, {threshold:,}")


def _is_lower(count, threshold):
    return 1000 * count < threshold * (1000 - TOLERANCE)


def improvements(run, thresholds):
    """Returns a line for each operation that takes less than its threshold."""
    return [f"{name} takes {figure.median:,} {_unit(name)}, "
            f"{100 * (1 - figure.median / thresholds[name]):.1f} % less than its threshold, "
            f"{thresholds[name]:,}"
            for name, figure in run.figures.items()
            if name in thresholds and _is_lower(figure.median, thresholds[name])]


def tightened(run, thresholds):
    """Returns the thresholds with those of new operations, and with lower ones where a run takes
    less by more than the tolerance."""
    found = {name: count for name, count in thresholds.items() if name in NAMES}
    for name, figure in run.figures.items():
        if name not in found or _is_lower(figure.median, found[name]):
            found[name] = figure.median
    return found
