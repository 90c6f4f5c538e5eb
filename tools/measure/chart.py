"""A chart of the table, as SVG: a bar for each operation, from 0 to the ratio."""

from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT, TOP = 860, 190, 60, 56
ROW, BAR = 25, 9
# The longest ratio that has a whole bar.
RATIO_MAX = 2.0
GOAL = 0.5
INSTRUCTIONS, TICKS, GOAL_LINE, PARITY = "#2f6f9f", "#d08a2e", "#3a8f3a", "#888888"


def _x(ratio):
    return LEFT + (WIDTH - LEFT - RIGHT) * min(ratio, RATIO_MAX) / RATIO_MAX


def _text(x, y, text, anchor="start", fill="#222222", size=11):
    return (f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="{fill}" font-size="{size}">'
            f'{escape(text)}</text>')


def _bar(y, ratio, fill):
    if ratio is None:
        return ""
    width = _x(ratio) - LEFT
    return (f'<rect x="{LEFT}" y="{y:g}" width="{width:.1f}" height="{BAR}" fill="{fill}"/>'
            + _text(LEFT + width + 4, y + BAR - 1, f"{ratio:.2f}", fill=fill, size=9))


def _line(ratio, height, stroke, label):
    x = _x(ratio)
    return (f'<line x1="{x:.1f}" y1="{TOP - 6}" x2="{x:.1f}" y2="{height - 8}" stroke="{stroke}" '
            f'stroke-dasharray="4 3"/>' + _text(x, TOP - 10, label, "middle", stroke))


def draw(rows):
    """Returns the chart of rows that have a ratio."""
    rows = [row for row in rows
            if row.instruction_ratio() is not None or row.tick_ratio() is not None]
    height = TOP + ROW * len(rows) + 16
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        _text(LEFT, 16, "Farjump divided by the faster Linux; shorter is better"),
        _text(LEFT, 32, "■ instructions", fill=INSTRUCTIONS),
        _text(LEFT + 100, 32, "■ ticks under plain TCG", fill=TICKS)]
    for i, row in enumerate(rows):
        y = TOP + ROW * i
        parts += [_text(LEFT - 8, y + BAR + 3, row.operation.name, "end"),
                  _bar(y, row.instruction_ratio(), INSTRUCTIONS),
                  _bar(y + BAR + 1, row.tick_ratio(), TICKS)]
    parts += [_line(GOAL, height, GOAL_LINE, "half of Linux"), _line(1, height, PARITY, "Linux"),
              "</svg>"]
    return "\n".join(filter(None, parts)) + "\n"
