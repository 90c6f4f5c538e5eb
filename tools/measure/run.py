"""Reads and checks the output of a run of bench/programs."""

import dataclasses
import re


class Refusal(Exception):
    """The figures can't be used; the text is the reason, with the rows."""


@dataclasses.dataclass
class Figure:
    """The ticks of an operation: instructions, under `-icount`."""
    minimum: int
    median: int
    maximum: int
    samples: int

    def __str__(self):
        return f"{self.minimum} {self.median} {self.maximum}"


@dataclasses.dataclass
class Run:
    """What a run has printed, by the names of operations and of check values.

    batches: how many operations a sample has.
    skips: the error numbers of those that the kernel can't do.
    failures: texts.
    """
    figures: dict = dataclasses.field(default_factory=dict)
    batches: dict = dataclasses.field(default_factory=dict)
    checks: dict = dataclasses.field(default_factory=dict)
    skips: dict = dataclasses.field(default_factory=dict)
    failures: list = dataclasses.field(default_factory=list)

    @classmethod
    def joined(cls, runs):
        """Returns the check values, skips and failures of several runs as one run."""
        whole = cls()
        for run in runs:
            whole.checks |= run.checks
            whole.skips |= run.skips
            whole.failures += run.failures
        return whole


def parse(text):
    """Returns the run whose output `text` is; unknown lines are ignored."""
    run = Run()
    for line in text.splitlines():
        if match := re.fullmatch(r"op (\w+) (\d+) (\d+) (\d+) (\d+)", line):
            run.figures[match[1]] = Figure(*map(int, match.groups()[1:]))
        elif match := re.fullmatch(r"(batch|check|skip) (\w+) (\d+)", line):
            kind = {"batch": run.batches, "check": run.checks, "skip": run.skips}[match[1]]
            kind[match[2]] = int(match[3])
        elif re.match(r"(failed|status) ", line):
            run.failures.append(line)
    return run


def parse_whole(system, text):
    """Returns the run whose output `text` is; raises `Refusal` if it ends before the last line."""
    if not re.search("^end$", text, re.M):
        raise Refusal(f"{system} has ended too early:\n{text[-3000:]}")
    return parse(text)


def refuse_failures(system, run, names):
    """Raises `Refusal` if an operation has failed, or is missing."""
    missing = [name for name in names if name not in run.figures and name not in run.skips]
    if run.failures or missing:
        raise Refusal("\n".join([f"{system}: {line}" for line in run.failures]
                                + [f"{system}: {name} has no figure" for name in missing]))


def refuse_differences(system, first, second):
    """Raises `Refusal` if two runs of one system under `-icount` differ."""
    rows = []
    for kind in ("figures", "checks", "skips"):
        one, other = getattr(first, kind), getattr(second, kind)
        rows += [f"{system}: two runs differ: {name}: {one.get(name, 'nothing')}, then "
                 f"{other.get(name, 'nothing')}"
                 for name in sorted(one | other) if one.get(name) != other.get(name)]
    if rows:
        raise Refusal("\n".join(rows))


def refuse_other_checks(runs):
    """Refuses runs, {system: run}, that did not do the same work. A system may lack the value of
    an operation that it can't do."""
    rows = []
    for name in sorted({name for run in runs.values() for name in run.checks}):
        values = {system: run.checks.get(name) for system, run in runs.items()
                  if name in run.checks or not run.skips}
        if len(set(values.values())) > 1:
            rows.append(f"check values differ: {name}: "
                        + ", ".join(f"{system} {value}" for system, value in values.items()))
    if rows:
        raise Refusal("\n".join(rows))
