"""Small images of file systems with damaged structures: the same ones in each run."""

import functools
import os
import pathlib
import random
import shutil
import struct
import tempfile

from .disks import Ext4, commands_for, debugfs, host
from .file_trees import summary

KIB = 1 << 10
# The time of everything, so that the same images are made in each run.
_TIME_S = 1_700_000_000
# The contents of all files, which are not damaged.
CONTENT = 0xD5
# Structures are found and exchanged by pieces of this size.
_PIECE_BYTES = 512
# Bytes and numbers that are the ends of ranges.
_EDGES = (0, 1, 2, 4, 0x0F, 0x7F, 0x80, 0xE5, 0xF7, 0xFE, 0xFF)
_EDGE_NUMBERS = (0, 1, 2, 0xFFFF, 0x0FFF_FFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF)


def make_small_tree(folder, has_links):
    """Makes files in some pieces, a directory of several blocks, and nested directories."""
    (folder / "a/b/c").mkdir(parents=True)
    (folder / "many").mkdir()
    for number in range(40):
        (folder / f"many/a name of an entry {number}").write_bytes(b"")
    for number in range(6):
        (folder / f"a/file {number}").write_bytes(bytes([CONTENT]) * (700 * number))
    with open(folder / "a/pieces", "wb") as pieces:
        for number in range(60):
            pieces.seek(number * 8192)
            pieces.write(bytes([CONTENT]) * 9)
    (folder / "a/b/large").write_bytes(bytes([CONTENT]) * 40_000)
    if has_links:
        (folder / "a/b/c/long").symlink_to("/".join(["x" * 99] * 3))
        (folder / "short").symlink_to("a/b")
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (_TIME_S, _TIME_S), follow_symlinks=False)


def _places(image, start):
    """Returns the places in the piece at `start` at which damage may do something: not those of zeros among
    zeros, and of contents."""
    piece = image[start:start + _PIECE_BYTES]
    if not piece.strip(bytes([0, CONTENT])):
        return []
    return [start + at for at in range(len(piece))
            if piece[max(at - 4, 0):at + 4].strip(bytes([0, CONTENT]))]


class Base:
    """An image without damage.

    name: what it is.
    kind: the name of its kind for `mount`.
    image: its bytes.
    summary: that of its files.
    """

    def __init__(self, name, kind, image, files):
        self.name, self.kind, self.image, self.summary = name, kind, image, files
        self._pieces = [places for start in range(0, len(image), _PIECE_BYTES)
                        if (places := _places(image, start))]

    def damaged(self, seed):
        """Returns the image with up to five damages, which the number `seed` selects."""
        numbers = random.Random(f"{self.name} {seed}")
        image = bytearray(self.image)
        for _ in range(numbers.randint(1, 5)):
            self._damage(image, numbers)
        return bytes(image)

    def _place(self, numbers):
        """Returns a place in a structure; a small one is as probable as a large one."""
        return numbers.choice(numbers.choice(self._pieces))

    def _damage(self, image, numbers):
        at, size = self._place(numbers), len(image)
        aligned = at - at % 4
        match numbers.randrange(9):
            case 0:
                image[at] ^= 1 << numbers.randrange(8)
            case 1:
                image[at] = numbers.randrange(256)
            case 2:
                image[at] = numbers.choice(_EDGES)
            case 3:
                struct.pack_into("<I", image, aligned, numbers.choice(_EDGE_NUMBERS))
            case 4:
                # The number of a block or an inode.
                order = numbers.choice("<>")
                struct.pack_into(f"{order}I", image, aligned, numbers.randrange(size // KIB))
            case 5:
                # The number of a cluster: chains with loops.
                struct.pack_into("<H", image, at - at % 2, numbers.randrange(2, 150))
            case 6:
                # A directory entry of FAT, or parts of other structures.
                self._copy(image, numbers, 32)
            case 7:
                self._copy(image, numbers, numbers.randint(1, 12))
            case 8:
                self._copy(image, numbers, _PIECE_BYTES)

    def _copy(self, image, numbers, length):
        """Writes bytes of one structure over those of another one."""
        source, to = (at - at % length for at in (self._place(numbers), self._place(numbers)))
        image[to:to + length] = image[source:source + length]


# ------------------------------------------------------------------- images --

_FIXED = {"E2FSPROGS_FAKE_TIME": str(_TIME_S), "SOURCE_DATE_EPOCH": str(_TIME_S)}
_UUID = "0fc63daf-8483-4772-8e79-3d69d8477de4"


def _ext(path, tree, kib, *options):
    """Makes an ext2, ext3 or ext4."""
    path.write_bytes(bytes(kib * KIB))
    host("mke2fs", "-q", "-N", 128, "-U", _UUID, "-E", f"hash_seed={_UUID}", *options, path,
         environment=_FIXED)
    debugfs(path, *commands_for(tree), environment=_FIXED)


def _ext4_in_use(path, tree, kib, *options):
    """Makes an ext4 that has changes in its journal."""
    _ext(path, tree, kib, "-t", "ext4", *options)
    changed = path.with_suffix(".changed")
    shutil.copy(path, changed)
    debugfs(changed, "mkdir new", "rm short", environment=_FIXED)
    Ext4(KIB).put_into_journal(path, changed)


def _fat(path, tree, kib, *options):
    path.write_bytes(bytes(kib * KIB))
    host("mkfs.fat", "--invariant", *options, path, environment=_FIXED)
    for folder in sorted(path for path in tree.rglob("*") if path.is_dir()):
        inner = f"::{folder.relative_to(tree)}"
        host("mmd", "-i", path, inner, environment=_FIXED)
        files = sorted(file for file in folder.iterdir() if file.is_file())
        if files:
            host("mcopy", "-m", "-i", path, *files, inner, environment=_FIXED)


def _iso9660(path, tree, _, *options):
    host("xorriso", "-as", "mkisofs", "-quiet", *options, "-o", path, tree, environment=_FIXED)


# The images of each kind: how they are made, their size, and options.
_IMAGES = {
    "ext2": ((_ext, 1024, "-t", "ext2", "-b", 1024),
             (_ext, 1024, "-t", "ext2", "-b", 1024, "-g", 256, "-I", 128, "-O", "^resize_inode"),
             (_ext, 1024, "-t", "ext2", "-b", 4096, "-O", "^filetype,^resize_inode")),
    "vfat": ((_fat, 1200, "-F", 12, "-s", 1), (_fat, 2400, "-F", 16, "-s", 1),
             (_fat, 34 * KIB, "-F", 32, "-s", 1)),
    "ext4": ((_ext, 1024, "-t", "ext4", "-b", 1024, "-O", "^has_journal"),
             (_ext, 1024, "-t", "ext4", "-b", 4096, "-O", "^has_journal,^metadata_csum"),
             (_ext4_in_use, 2048, "-b", 1024, "-O", "^metadata_csum")),
    "iso9660": ((_iso9660, 0, "-r", "-no-pad"), (_iso9660, 0, "-J", "-no-pad", "--norock")),
}
KINDS = tuple(_IMAGES)


@functools.cache
def bases(kind):
    """Makes the images of a kind; returns [Base]."""
    found = []
    for number, (make, kib, *options) in enumerate(_IMAGES[kind]):
        with tempfile.TemporaryDirectory(prefix="farjump-") as name:
            folder = pathlib.Path(name)
            tree, path = folder / "tree", folder / "base.img"
            make_small_tree(tree, has_links=kind != "vfat")
            make(path, tree, kib, *options)
            found.append(Base(f"{kind} {number}", kind, path.read_bytes(), summary(tree)))
    return found
