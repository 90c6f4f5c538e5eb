"""The tables of tools/bench-compute."""

import json

from .settings import OPERATIONS, SETTINGS

SCALAR, VECTOR = "gemv512_f32", "gemv512_f32_avx2"
_TITLES = [setting.title for setting in SETTINGS.values()]


def _number(value):
    return "-" if value is None else f"{value:,}"


def _above(value, bare):
    return "-" if None in (value, bare) else f"{100 * (value / bare - 1):+.4f} %"


def _ratio(value, other):
    return "-" if None in (value, other) else f"{value / other:.3f}"


def figures(runs, kind):
    """Returns {setting: {operation: the figure's `kind`, or None}}."""
    return {key: {name: getattr(run.figures[name], kind) if name in run.figures else None
                  for name in OPERATIONS} for key, run in runs.items()}


def fastest(rounds):
    """Returns {setting: {operation: the minimum of several runs, or None}}."""
    series = [figures(runs, "minimum") for runs in rounds]
    return {key: {name: min((found[key][name] for found in series
                             if found[key][name] is not None), default=None)
                  for name in OPERATIONS} for key in series[0]}


def instruction_table(runs):
    """Returns the cells of the table of instructions, its heads first."""
    medians, minima = figures(runs, "median"), figures(runs, "minimum")
    bare = medians["bare"]
    cells = [["instructions", *_TITLES]]
    for name in OPERATIONS:
        cells.append([name, *(_number(medians[key][name]) for key in SETTINGS)])
        for label, found in (("least", minima), ("median", medians)):
            cells.append([f"{label}, above bare",
                          *(_above(found[key][name], bare[name]) for key in SETTINGS)])
    return cells


def tick_table(ticks, unit):
    """Returns the cells of the table of ticks, its heads first."""
    cells = [[unit, *_TITLES]]
    for name in OPERATIONS:
        cells.append([name, *(_number(ticks[key][name]) for key in SETTINGS)])
        cells.append(["of bare", *(_ratio(ticks[key][name], ticks["bare"][name])
                                   for key in SETTINGS)])
    return cells


def vector_table(instructions, ticks, host, unit):
    """Returns the cells of the table of vector code, its heads first: how many times as many the
    scalar code takes. Each argument may be empty."""
    def times(found):
        return _ratio(found[SCALAR], found[VECTOR])

    cells = [[f"{SCALAR} / {VECTOR}", *_TITLES, "this host's CPU"]]
    if instructions:
        medians = figures(instructions, "median")
        cells.append(["instructions", *(times(medians[key]) for key in SETTINGS), "-"])
    if ticks:
        cells.append([unit, *(times(ticks[key]) for key in SETTINGS), "-"])
    if host:
        cells.append(["ticks", *["-"] * len(SETTINGS), times(host)])
    return cells


def as_json(found):
    """Returns all figures as JSON text."""
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"
