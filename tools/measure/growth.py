"""How operations grow with a parameter: with the CPUs, the processes alive, the regions of an
address space, the files in a directory. Counts them and makes the tables."""

import dataclasses
import json
import statistics
import tempfile

from . import plugin, run as runs, systems, table

# The instructions of a CPU's turn: as long as a PAUSE of a real CPU, so that a CPU that waits for a
# lock looks at it as often as there.
SLICE = 64
MEMORY_MIB = 4096
SYSTEMS = {"farjump": "Farjump", "linux": "Linux"}


@dataclasses.dataclass(frozen=True)
class Family:
    """Operations with the same parameter.

    what: what the parameter is.
    limit: how many times the smallest parameter's figure the others may have.
    unlimited: the operations that are only shown.
    """
    name: str
    what: str
    parameters: tuple
    limit: float
    operations: tuple
    unlimited: tuple = ()

    def units(self):
        """Returns the names of its units in bench/programs."""
        return [f"{self.name}_{parameter}" for parameter in self.parameters]


FAMILIES = (
    Family("cpus", "CPUs, a process on each", (1, 2, 4, 8), 1.25,
           ("page_fault", "fork_exit_wait", "pipe_self", "pipe_roundtrip", "create_unlink")),
    Family("alive", "processes alive", (10, 1000, 10000), 1.5,
           ("getpid", "kill", "wait_nohang", "fork_exit_wait", "fork_exit_wait_any",
            "pipe_roundtrip", "switch", "page_fault", "proc_stat")),
    Family("regions", "regions in the address space", (1, 100, 10000), 1.5,
           ("page_fault", "mmap_munmap", "mprotect", "fork_exit_wait"), ("fork_exit_wait",)),
    Family("files", "files in the directory", (10, 10000, 100000), 1.5,
           ("open_close", "stat", "create", "unlink", "rename", "readdir_entry")),
)
UNITS = [unit for family in FAMILIES for unit in family.units()]


def names(units):
    """Returns the names of the operations of units, as bench/programs prints them."""
    return [f"{operation}_{unit}" for unit in units for family in FAMILIES
            if unit in family.units() for operation in family.operations]


def machines(units):
    """Returns the machines to boot, [(system, CPUs, units)]: one for each unit of several CPUs, and
    one for all others."""
    on_cpus = [unit for unit in units if unit.startswith("cpus_")]
    others = [unit for unit in units if unit not in on_cpus]
    groups = [(int(unit.rpartition("_")[2]), [unit]) for unit in on_cpus]
    groups += [(1, others)] * bool(others)
    return [(key, cpus, group) for cpus, group in groups for key in SYSTEMS]


def boot(key, cpus, units):
    """Boots a system and runs units; returns the run, whose figures are instructions."""
    if not units[0].startswith("cpus_"):
        return systems.boot(key, systems.Clock.INSTRUCTIONS, units, memory_mib=MEMORY_MIB)
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        out = f"{folder}/counts"
        run = systems.boot(key, systems.Clock.INSTRUCTIONS, units, memory_mib=MEMORY_MIB, cpus=cpus,
                           plugin=plugin.plugin_argument(out, f"slice={SLICE}"))
        with open(out, encoding="ascii") as file:
            add_figures(run, file.read().splitlines(), cpus)
    return run


def add_figures(run, lines, cpus):
    """Adds the figures of operations on several CPUs, from what the plugin has written: a line of
    each CPU in each sample, operation after operation. An operation of a sample has the
    instructions of all CPUs, and those in which they spun, divided by the operations of all."""
    counts = [sum(map(int, line.split()[2:])) for line in lines if line.startswith("cpu ")]
    samples, rest = divmod(len(counts), cpus * max(len(run.batches), 1))
    if rest or not samples:
        raise runs.Refusal(f"the plugin has {len(counts)} counts of {len(run.batches)} operations "
                           f"on {cpus} CPUs")
    for name, operations in run.batches.items():
        figures = []
        for _ in range(samples):
            figures.append(round(sum(counts[:cpus]) / (cpus * operations)))
            del counts[:cpus]
        run.figures[name] = runs.Figure(min(figures), round(statistics.median(figures)),
                                        max(figures), samples)


@dataclasses.dataclass
class Row:
    """An operation: {system: {parameter: instructions}}."""
    family: Family
    operation: str
    figures: dict

    def ratio(self, key):
        """Returns the largest figure divided by that of the smallest parameter, or None."""
        figures = self.figures.get(key, {})
        first = figures.get(self.family.parameters[0])
        return max(figures.values()) / first if first else None

    def is_above(self, key):
        """Returns whether the ratio is above the limit."""
        ratio = self.ratio(key)
        return ratio is not None and ratio > self.family.limit \
            and self.operation not in self.family.unlimited


def rows(found):
    """Returns the rows of `found`, {system: [run…]}, that have a figure."""
    made = []
    for family in FAMILIES:
        for operation in family.operations:
            figures = {key: {parameter: run.figures[name].median
                             for parameter in family.parameters for run in series
                             if (name := f"{operation}_{family.name}_{parameter}") in run.figures}
                       for key, series in found.items()}
            if any(figures.values()):
                made.append(Row(family, operation, figures))
    return made


def cells(family, made):
    """Returns the cells of a family's table, its heads first."""
    heads = [f"{SYSTEMS[key]}, {parameter:,}" if parameter == family.parameters[0]
             else f"{parameter:,}" for key in SYSTEMS for parameter in (*family.parameters, 0)]
    heads = [head if head != "0" else "ratio" for head in heads]
    lines = [[family.what, *heads]]
    for row in made:
        line = [row.operation]
        for key in SYSTEMS:
            figures, ratio = row.figures.get(key, {}), row.ratio(key)
            line += [f"{figures[parameter]:,}" if parameter in figures else "-"
                     for parameter in family.parameters]
            line.append("-" if ratio is None else f"{ratio:.2f}" + " !" * row.is_above(key))
        lines.append(line)
    return lines


def tables(made, write):
    """Returns the tables as text; `write` is one of `table`."""
    return "\n".join(write(cells(family, [row for row in made if row.family is family]))
                     for family in FAMILIES if any(row.family is family for row in made))


def breaches(made):
    """Returns a line for each row of Farjump above its limit."""
    return [f"{row.operation} takes {row.ratio('farjump'):.2f} times as many instructions with more "
            f"{row.family.what}; the limit is {row.family.limit}"
            for row in made if row.is_above("farjump")]


def as_json(made, versions, checks):
    """Returns the tables as JSON text."""
    return json.dumps({
        "versions": versions, "checks": checks, "slice": SLICE, "memory_mib": MEMORY_MIB,
        "families": {family.name: {
            "what": family.what, "limit": family.limit, "operations": {
                row.operation: {
                    "instructions": row.figures, "ratio": {key: row.ratio(key) for key in SYSTEMS},
                    "is_limited": row.operation not in family.unlimited}
                for row in made if row.family is family}}
            for family in FAMILIES}}, indent=1, ensure_ascii=False) + "\n"


def text(made, is_markdown):
    """Returns the tables in Markdown, or in columns."""
    return tables(made, table.as_markdown if is_markdown else table.as_text)
