"""Text on framebuffers of several sizes and formats, read glyph by glyph."""

import re

from machine.glyphs import screen_text
from machine.images import image
from machine.qemu import Qemu
from machine.tools import ovmf

MODES = (
    # GRUB's gfxpayload, more arguments for QEMU
    ("640x480x32", ()),
    ("800x600x16", ()),
    ("1024x768x24", ()),
    ("1920x1080x32", ()),
    ("3840x2160x32", ("-vga", "none", "-device", "VGA,vgamem_mb=64")),
)


def expect_text(qemu, pattern, most_unknown=None):
    """Waits until the screen's text matches the regular expression, and has no more than
    `most_unknown` cells that are no character of the font."""
    def found():
        lines, pixels = screen_text(qemu)
        match = re.search(pattern, "\n".join(lines), re.M)
        # Rows are drawn one after the other, so others may be incomplete.
        is_drawn = most_unknown is None or match and match.string.count("?") <= most_unknown
        return match and is_drawn and (match, pixels)

    return qemu.wait_for(found, lambda: "\n".join(screen_text(qemu)[0]))


def shows_text(mode, arguments):
    width, height = (int(number) for number in mode.split("x")[:2])
    with Qemu("-m", "128", "-cdrom", image(video=mode), "-boot", "d", *arguments) as qemu:
        qemu.expect("farjump> ")
        info = qemu.command("info")
        assert f"screen       framebuffer {width} x {height}, " in info, info
        # The cursor's cell follows the prompt: a reversed blank isn't a glyph.
        expect_text(qemu, rf"framebuffer {width} x {height}[\s\S]*^farjump>\s*\??$")
        # Typed on the keyboard and shown on the screen, with enough output to scroll.
        for _ in range(3):
            qemu.type_keys("info\n")
            qemu.expect("farjump> ")
        # All cells are text, without remains of the previous content.
        expect_text(qemu, r"^last traced .*\nfarjump>\s*\??$", most_unknown=1)
        # A report is shown in its colours, up to its last line.
        qemu.send("fault page-fault\r")
        match, pixels = expect_text(qemu, r"^The kernel has stopped")
        assert re.search(r"^exception 14, #PF: page-fault$", match.string, re.M)
        reddish = sum(pixels[at] > 100 and pixels[at + 1] < 50 and pixels[at + 2] < 50
                      for at in range(0, len(pixels), 3))
        assert reddish > 1000, "the title isn't on red"


def uefi_has_a_screen():
    """Without a serial port: the test types on the keyboard and reads the screen."""
    with Qemu("-m", "256", "-bios", ovmf(), "-cdrom", image(bios_only=False),
              has_serial=False) as qemu:
        expect_text(qemu, r"^farjump>")
        qemu.type_keys("info\n")
        expect_text(qemu, r"^firmware +UEFI$")


def add_to(suite):
    for mode, arguments in MODES:
        suite.add(f"framebuffer::shows_text_{mode}",
                  lambda mode=mode, arguments=arguments: shows_text(mode, arguments))
    suite.add("framebuffer::uefi_has_a_screen", uefi_has_a_screen)
