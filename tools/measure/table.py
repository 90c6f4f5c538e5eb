"""The table, as text and as JSON."""

import errno
import json

from .systems import SYSTEMS


_HEADS = ["Linux", "mitigations=off", "Farjump", "ratio"]


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


def instruction_table(rows):
    """Returns the cells of the table of instructions, its heads first."""
    return [["instructions", *_HEADS, "floor"],
            *([row.operation.name, *_cells(row, row.instructions, row.instruction_ratio()),
               _number(row.operation.floor)] for row in rows)]


def tick_table(rows):
    """Returns the cells of the table of ticks, its heads first."""
    return [["ticks", *_HEADS],
            *([row.operation.name, *_cells(row, row.ticks, row.tick_ratio())] for row in rows)]


def as_text(cells):
    """Returns a table in columns."""
    widths = [max(map(len, column)) for column in zip(*cells)]
    return "\n".join("  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])])
                     for row in cells) + "\n"


def as_markdown(cells):
    """Returns a table in Markdown."""
    rule = ["---"] + ["---:"] * (len(cells[0]) - 1)
    return "".join("| " + " | ".join(row) + " |\n" for row in (cells[0], rule, *cells[1:]))


def as_json(rows, versions, checks, boots):
    """Returns the table as JSON text."""
    return json.dumps({
        "versions": versions,
        "checks": checks,
        "operations": {
            row.operation.name: {
                "what": row.operation.what, "floor": row.operation.floor,
                "instructions": row.instructions, "instruction_ratio": row.instruction_ratio(),
                "ticks": row.ticks, "tick_ratio": row.tick_ratio(), "skips": row.skips,
            } for row in rows},
        "boot": boots}, indent=1, ensure_ascii=False) + "\n"
