"""Reads the text on a framebuffer by comparing glyphs."""

import functools
import json
import os
import pathlib
import struct
import subprocess
import tempfile

from . import ROOT

SIZES = ((8, 16), (12, 24), (16, 32), (32, 64))


@functools.cache
def font_files():
    """Returns the folder of the font's files, in cargo's copy of the crate."""
    metadata = subprocess.run(["cargo", "metadata", "--format-version", "1", "--offline",
                               "--filter-platform", "x86_64-unknown-linux-gnu"],
                              cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              check=True, text=True, env=os.environ).stdout
    package, = (package for package in json.loads(metadata)["packages"]
                if package["name"] == "spleen-font")
    return pathlib.Path(package["manifest_path"]).parent / "fonts"


@functools.cache
def glyphs(width, height):
    """Returns {rows: character} of the characters that the kernel prints; a row is a tuple
    of booleans."""
    data = (font_files() / f"spleen-{width}x{height}.psfu").read_bytes()
    characters = {}
    if data[:2] == b"\x36\x04":
        count, start, size = (512 if data[2] & 1 else 256), 4, data[3]
        index = 0
        for word, in struct.iter_unpack("<H", data[start + count * size:]):
            if word == 0xFFFF:
                index += 1
            elif word < 0x7F or word == ord("±"):
                characters[chr(word)] = index
    else:
        start, _, count, size = struct.unpack_from("<4I", data, 8)
        for index, entry in enumerate(data[start + count * size:].split(b"\xff")[:count]):
            for c in entry.split(b"\xfe")[0].decode():
                characters[c] = index
    row_bytes = (width + 7) // 8
    result = {}
    # ASCII, and the other characters that the kernel prints.
    for code in [*range(0x20, 0x7F), ord("±")]:
        at = start + characters[chr(code)] * size
        rows = tuple(tuple(bool(data[at + y * row_bytes + x // 8] >> (7 - x % 8) & 1)
                           for x in range(width)) for y in range(height))
        result[rows] = chr(code)
    return result


def cell_size(width, height):
    """Returns the width and height of a character on a screen of this width and height."""
    return next(
        (size for size in reversed(SIZES) if width // size[0] >= 120 and height // size[1] >= 40),
        SIZES[0])


def screen_pixels(qemu):
    """Returns the screen's width and height in pixels, and all of them as bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "screen.ppm"
        qemu.qmp("screendump", filename=str(path))
        data = path.read_bytes()
    head, size, depth, pixels = data.split(b"\n", 3)
    assert (head, depth) == (b"P6", b"255"), data[:20]
    width, height = (int(number) for number in size.split())
    return width, height, pixels


def screen_text(qemu):
    """Returns the lines of text on a framebuffer, and its pixels. A cell that matches no
    known character is `?`; colours, and therefore the cursor, are ignored."""
    width, height, pixels = screen_pixels(qemu)
    cell_width, cell_height = cell_size(width, height)
    known = glyphs(cell_width, cell_height)

    @functools.cache
    def shape(row, background):
        return tuple(row[at:at + 3] != background for at in range(0, 3 * cell_width, 3))

    lines = []
    for row in range(height // cell_height):
        line = ""
        for column in range(width // cell_width):
            starts = (3 * (y * width + column * cell_width)
                      for y in range(row * cell_height, (row + 1) * cell_height))
            cell = [pixels[at:at + 3 * cell_width] for at in starts]
            line += known.get(tuple(shape(part, cell[0][:3]) for part in cell), "?")
        lines.append(line.rstrip())
    return lines, pixels
