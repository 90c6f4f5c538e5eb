"""Damaged file systems, each on a partition of its own: programs get errors, the kernel goes on, and
nothing is read or written outside of the partition."""

import os
import re

from machine.damage import KINDS, bases
from machine.disks import Disks, run
from machine.file_trees import summary
from machine.partitions import write_gpt

# The images of each kind, and those of them that a disk has.
IMAGES = int(os.environ.get("DAMAGED_IMAGES", "5"))
DISK_IMAGES = 25
SECTOR_BYTES = 512
# Between two partitions, and before the first one and after the last one.
GAP = bytes([0xA7]) * (64 * SECTOR_BYTES)
FIRST_BYTES = 1 << 20
WRITABLE = ("ext2", "vfat")
# What the kernel says about a damaged file system.
SAID = (r"ERROR mounted: nvme0n1p\d+: the file system is damaged: .*; unmount it and run fsck on it",
        r"(ERROR|warning) kinds: \S+: can't be mounted as \w+: (the file system is damaged|\S).*",
        r"ERROR mounted: \S+: the room of file \d+ isn't free again: the file system is damaged.*",
        r"ERROR node: file \d+: its room behind the end isn't free: the file system is damaged",
        r"warning kinds: \S+: it was not unmounted.*")
# Looks at all files, changes them, and makes and removes some, without regard to errors: a damaged
# directory may contain itself, so what is looked at has a limit. Prints whether the image was mounted.
USE = r"""u() {
mount -t $1 /dev/nvme0n1p$2 /a 2>/dev/null || { echo refused; return; }
cd /a
ls -lR . 2>&1 | head -c 30000 >/dev/null
find . -maxdepth 6 -type f 2>/dev/null | head -99 >/tmp/files
tr '\n' '\0' </tmp/files | xargs -0 head -c 99999 >/dev/null 2>&1
if [ $1 = ext2 ] || [ $1 = vfat ]; then c >/dev/null 2>&1; fi
cd /
umount /a && echo used
}
c() {
mkdir new; seq 3000 >new/x; mv new/x a/moved; mv many new/; ln a/moved a/b/same
n=0
while read -r f; do
n=$((n+1)); if [ $((n%5)) = 0 ]; then echo >"$f"; else echo $f >>"$f"; fi
done </tmp/files
cat a/moved; sync; rm a/moved a/pieces
find a new -maxdepth 8 -depth -delete
ls -lR . | head -c 30000
}"""


def write_disk(path, images):
    """Writes a disk with the images on partitions; returns where these are."""
    places, end = [], FIRST_BYTES
    for image in images:
        length = -(-len(image) // SECTOR_BYTES) * SECTOR_BYTES
        places.append(range(end, end + length))
        end += length + len(GAP)
    with open(path, "wb") as disk:
        sectors = (end + FIRST_BYTES) // SECTOR_BYTES
        disk.truncate(sectors * SECTOR_BYTES)
        write_gpt(disk, [(place.start // SECTOR_BYTES, place.stop // SECTOR_BYTES - 1)
                         for place in places], sectors, SECTOR_BYTES)
        for place, image in zip(places, images):
            disk.seek(place.start - len(GAP))
            disk.write(GAP)
            write_sparsely(disk, image)
            disk.seek(place.stop)
            disk.write(GAP)
    return places


def write_sparsely(disk, image):
    """Writes an image without its zeros, which are there already."""
    start, size = disk.tell(), 1 << 16
    for at in range(0, len(image), size):
        piece = image[at:at + size]
        if piece.strip(b"\0"):
            disk.seek(start + at)
            disk.write(piece)


def damaged_images_are_no_danger(first, count):
    """Images with the numbers from `first` on, of each kind, and one of each without damage, which is read
    after all others."""
    with Disks() as disks:
        names, images, whole = [], [], []
        for kind in KINDS:
            made = bases(kind)
            for number in range(first, first + count):
                names.append((kind, number))
                images.append(made[number % len(made)].damaged(number))
            whole.append(made[0])
        path = disks.folder / "damaged.img"
        places = write_disk(path, [*images, *(base.image for base in whole)])
        disks.paths.append(path)
        used = set()
        with disks.machine() as (_, typist):
            typist.define(USE)
            for number, (kind, seed) in enumerate(names, 1):
                shown = typist.run(f"u {kind} {number}")
                assert shown in ("used\n", "refused\n"), (kind, seed, shown)
                if shown == "used\n":
                    used.add((kind, seed))
            for number, base in enumerate(whole, len(names) + 1):
                run(typist, f"mount -t {base.kind} -o ro /dev/nvme0n1p{number} /b")
                assert typist.run("s /b") == f"{base.summary}\n", base.kind
                run(typist, "umount /b")
            shown = typist.run("farjump audit")
            assert len(re.findall(": all as it should be$", shown, re.M)) == 2, shown
            shown = typist.run("dmesg")
            lines = re.findall(r"^\[[ .\d]+\] ((?:ERROR|warning) .*)$", shown, re.M)
            for line in lines:
                assert any(re.fullmatch(said, line) for said in SAID), line
            assert any(re.fullmatch(SAID[0], line) for line in lines), lines
        assert len(used) > len(names) // 2, (len(used), len(names))
        with open(path, "rb") as disk:
            for (kind, seed), place, image in zip(names, places, images):
                disk.seek(place.start - len(GAP))
                left = disk.read(len(GAP) + len(place) + len(GAP))
                assert left.startswith(GAP) and left.endswith(GAP), (kind, seed)
                if (kind, seed) not in used or kind not in WRITABLE:
                    assert left[len(GAP):len(GAP) + len(image)] == image, (kind, seed)


def add_to(suite):
    for first in range(0, IMAGES, DISK_IMAGES):
        count = min(IMAGES - first, DISK_IMAGES)
        suite.add(f"damaged_images::damaged_images_are_no_danger (from {first})",
                  lambda first=first, count=count: damaged_images_are_no_danger(first, count))
