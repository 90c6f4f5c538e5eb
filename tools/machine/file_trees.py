"""Trees of files to be copied, and a summary of them, on the host and in the machine."""

import hashlib
import os
import random

SIZES = (0, 1, 511, 4095, 4096, 4097, 9000, 40_000)


def make_tree(folder, has_links, files=120, seed=1):
    """Makes files of many sizes, with names in UTF-8, in nested directories."""
    numbers = random.Random(seed)
    for index in range(files):
        at = folder.joinpath(f"directory {index % 6}", *["ä"] * (index % 3))
        at.mkdir(parents=True, exist_ok=True)
        name = f"file {index}" + "ü" * numbers.choice((0, 1, 40))
        (at / name).write_bytes(numbers.randbytes(SIZES[index % len(SIZES)]))
    deep = folder
    for index in range(12):
        deep = deep / f"d{index}"
    deep.mkdir(parents=True)
    (deep / "end").write_text("deep\n")
    if has_links:
        for length in (1, 59, 60, 200):
            (folder / f"link {length}").symlink_to("x" * length)


def summary(folder):
    """Returns a checksum of all names, texts of links, and contents of files, as `SUMMARY` makes it."""
    lines = []
    for path in folder.rglob("*"):
        shown = f"./{path.relative_to(folder)}"
        if path.is_symlink():
            lines.append(f"{os.readlink(path)} {shown}")
        elif path.is_dir():
            lines.append(f"d {shown}")
        else:
            lines.append(f"{hashlib.md5(path.read_bytes()).hexdigest()}  {shown}")
    text = "".join(f"{line}\n" for line in sorted(lines, key=os.fsencode))
    return hashlib.md5(os.fsencode(text)).hexdigest()


# The same by busybox.
SUMMARY = r"""s() {
cd $1
{ find . -mindepth 1 -type d ! -name lost+found | sed 's/^/d /'
find . -type f -print0 | xargs -0 md5sum
find . -type l | while read -r l; do echo "$(readlink "$l") $l"; done
} | LC_ALL=C sort | md5sum | cut -c1-32
cd /
}"""
