"""The table, as text and as JSON."""

import errno
import json

from .systems import SYSTEMS


def _number(value):
    return "-" if value is None else f"{value:,}"


def _ratio(value):
    return "-" if value is None else f"{value:.3f}"


def _cells(row, figures, ratio):
    cells = []
    for key in SYSTEMS:
        if key in row.skips and key not in figures:
            cells.append(errno.errorcode.get(row.skips[key], str(row.skips[key])))
        else:
            cells.append(_number(figures.get(key)))
    return [*cells, _ratio(ratio)]


def _heads(unit):
    return ["Linux", "mitigations=off", "Farjump", f"ratio of {unit}"]


def lines(rows, has_instructions, has_ticks, is_markdown=False):
    """Returns the lines of the table."""
    heads = ["operation"]
    body = [[row.operation.name] for row in rows]
    if has_instructions:
        heads += [*_heads("instructions"), "floor"]
        for cells, row in zip(body, rows):
            cells += [*_cells(row, row.instructions, row.instruction_ratio()),
                      _number(row.operation.floor)]
    if has_ticks:
        heads += _heads("ticks")
        for cells, row in zip(body, rows):
            cells += _cells(row, row.ticks, row.tick_ratio())
    if is_markdown:
        rule = ["---"] + ["---:"] * (len(heads) - 1)
        return ["| " + " | ".join(cells) + " |" for cells in (heads, rule, *body)]
    widths = [max(len(cells[i]) for cells in (heads, *body)) for i in range(len(heads))]
    return ["  ".join([cells[0].ljust(widths[0])]
                      + [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:])])
            for cells in (heads, *body)]


def as_json(rows, versions, checks):
    """Returns the table as JSON text."""
    return json.dumps({
        "versions": versions,
        "checks": checks,
        "operations": {
            row.operation.name: {
                "what": row.operation.what, "floor": row.operation.floor,
                "instructions": row.instructions, "instruction_ratio": row.instruction_ratio(),
                "ticks": row.ticks, "tick_ratio": row.tick_ratio(), "skips": row.skips,
            } for row in rows}}, indent=1, ensure_ascii=False) + "\n"
