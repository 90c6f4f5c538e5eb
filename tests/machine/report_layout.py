"""Reports on the screen: their size and their colours."""

import re

from machine.glyphs import screen_text
from machine.images import image
from machine.qemu import COLUMNS, ROWS, VGA_TEXT
from machine.stopped import ANOTHER, STOPPED, snapshot

WHITE_ON_RED, GREY_ON_BLACK = 0x4F, 0x07


def wrapped(text):
    """Returns the rows that a text takes on a screen."""
    return [line[at:at + COLUMNS].rstrip() for line in text.splitlines()
            for at in range(0, max(len(line), 1), COLUMNS)]


def reports_fit_a_screen():
    """Each fault in the list of `fault`: the screen shows the report from the title to the
    prompt, the title white on red."""
    with snapshot() as machine:
        listed = machine.qemu.command("fault").partition("stops with a report:")[2]
        names = re.findall(r"^  (?:\S+ )?([a-z0-9-]+)$", listed.partition("read ADDRESS")[0], re.M)
        assert len(names) >= 26, names
        for name in [*names, "write ffffffff80130000", "execute ffff800000001000"]:
            report = machine.fail(name)
            if ANOTHER in report:
                report = report.partition(ANOTHER)[2].lstrip("\n")
            rows = wrapped(report.strip("\n")) + [STOPPED.rstrip()]
            assert any(row.startswith("  log    [") for row in rows), rows
            expect_rows(machine.qemu, name, rows)
            assert rows[0].startswith(("exception ", "panic: ")), rows
            assert any(row.startswith("  where  ") for row in rows), rows
            assert name == "panic" or "in-report" in name or rows[1].startswith("  cause  "), rows
            # No line wraps.
            assert name not in names or max(map(len, rows)) < COLUMNS, rows
            at = machine.qemu.screen().index(rows[0])
            # The rest of the screen is empty.
            assert "in-report" in name or not any(machine.qemu.screen()[:at]), name
            attributes = machine.qemu.read_memory(VGA_TEXT + 2 * COLUMNS * at, 4 * COLUMNS)[1::2]
            title = attributes[:len(rows[0])]
            assert set(title) == {WHITE_ON_RED}, (name, title.hex())
            assert set(attributes[COLUMNS:]) == {GREY_ON_BLACK}, (name, attributes.hex())


def expect_rows(qemu, name, rows):
    """Waits until the screen ends with these rows."""
    assert len(rows) <= ROWS, rows

    def shown():
        return "\n".join(qemu.screen()).rstrip("\n").split("\n")

    qemu.wait_for(lambda: shown()[-len(rows):] == rows,
                  lambda: "\n".join([name, *shown(), "---- instead of", *rows]))


def reports_fit_a_framebuffer():
    """On the smallest framebuffer: 80 columns, 30 rows."""
    with snapshot("-cdrom", image(video="640x480x32"), "-boot", "d") as machine:
        for how in ("page-fault", "panic in screen", "double-fault in interrupt"):
            report = machine.fail(how)
            rows = wrapped(report.strip("\n")) + [STOPPED.rstrip()]

            def is_shown():
                lines, pixels = screen_text(machine.qemu)
                shown = "\n".join(lines).rstrip("\n").split("\n")
                return shown[-len(rows):] == rows and (shown, pixels)

            shown, pixels = machine.qemu.wait_for(is_shown, lambda: "\n".join(
                [how, *screen_text(machine.qemu)[0], "---- not", *rows]))
            at = 3 * 640 * 16 * (len(shown) - len(rows))
            assert tuple(pixels[at:at + 3]) == (0xAA, 0, 0) or pixels[at] > 100 > pixels[at + 1], \
                pixels[at:at + 3]


def add_to(suite):
    for test in (reports_fit_a_screen, reports_fit_a_framebuffer):
        suite.add(f"report_layout::{test.__name__}", test)
