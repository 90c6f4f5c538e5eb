"""Makes the rows of the table: each has one operation on all systems."""

import dataclasses

from .operations import OPERATIONS
from .systems import LINUXES


@dataclasses.dataclass
class Row:
    """An operation on all systems.

    instructions, ticks: {system: figure or None}; empty where they weren't counted.
    skips: {system: error number} of systems that can't do it.
    """
    operation: object
    instructions: dict
    ticks: dict
    skips: dict

    def instruction_ratio(self):
        """Returns Farjump's instructions divided by those of the faster Linux, or None."""
        return _ratio(self.instructions)

    def tick_ratio(self):
        """Returns Farjump's ticks divided by those of the faster Linux, or None."""
        return _ratio(self.ticks)


def _ratio(figures):
    linux = [figures[key] for key in LINUXES if figures.get(key)]
    ours = figures.get("farjump")
    return ours / min(linux) if linux and ours is not None else None


def rows(instructions, ticks):
    """Returns the rows of `instructions`, {system: run}, and `ticks`, {system: [run…]}. A row
    has the median of the instructions, and the minimum of the ticks."""
    found = []
    for operation in OPERATIONS:
        name = operation.name
        counted = {key: run.figures[name].median for key, run in instructions.items()
                   if name in run.figures}
        ticked = {key: min(run.figures[name].minimum for run in series if name in run.figures)
                  for key, series in ticks.items()
                  if any(name in run.figures for run in series)}
        skips = {key: run.skips[name] for key, run in
                 [*instructions.items(), *((key, run) for key in ticks for run in ticks[key])]
                 if name in run.skips}
        if counted or ticked or skips:
            found.append(Row(operation, counted, ticked, skips))
    return found
