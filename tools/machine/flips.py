"""Flips bits of a sealed image, and boots it: what refuses it, and what it says."""

import random
import re
import subprocess

from . import partitions
from .boot_states import booting
from .qemu import Ended
from .waiting import HANG_S, Timeout

# ECMA-119, 6.2.1: the first bytes of a CD, for boot code and partition tables.
SYSTEM_AREA = range(32768)
# The limit of the CPU time of a boot, in seconds: several times that of the sealed image.
BOOT_CPU_S = 4
# What the firmware and GRUB show when they give up.
GIVEN_UP = re.compile(r"No bootable device|BdsDxe: failed to|error: |grub rescue>|grub>")
# The stub's first words.
STARTED = "stub: "
ANSWER = (r"(?:refused: |(?=there is no disk or partition ))([^\r\x1b]+)[\r\x1b]"
          "|^exception |^panic: ")
PROMPT = "farjump> "

# What may come of a boot: an error of the firmware or of GRUB, a refusal of the kernel, a report of
# the kernel or its end in the middle of its start, nothing at all, the prompt.
BEFORE, KERNEL, STOPPED, SILENT, BOOTED = (
    "refused before the kernel", "refused by the kernel", "the kernel failed", "no sign of life",
    "booted")


def regions(image):
    """Returns {name: [range of bytes]} of all regions of an image."""
    text = subprocess.run(["xorriso", "-indev", image, "-find", "/", "-type", "f", "-exec",
                           "report_lba"], check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True).stdout
    size = image.stat().st_size
    found = {"boot code and partition tables": [SYSTEM_AREA]}
    for lba, length, path in re.findall(r"lba: +\d+ , +(\d+) , +\d+ , +(\d+) , '(.*)'", text):
        start = int(lba) * 2048
        found.setdefault(name_of(path), []).append(range(start, start + int(length)))
    taken = sorted((part for parts in found.values() for part in parts), key=lambda part: part.start)
    gaps, end = [], 0
    for part in [*taken, range(size, size)]:
        if part.start > end:
            gaps.append(range(end, part.start))
        end = max(end, part.stop)
    found["directories, gaps, padding, backup GPT"] = gaps
    return found


def disk_regions(disk):
    """Returns {name: [range of bytes]} of all regions of a disk that tools/disk has made."""
    table = partitions.LENGTH_BYTES
    size = disk.stat().st_size
    fat, root = partitions.read_gpt(disk)
    return {"protective MBR": [range(partitions.SECTOR_BYTES)],
            "GPT": [range(partitions.SECTOR_BYTES, table)],
            "another partition": [fat],
            "root partition": [root],
            "gaps": [range(table, fat.start), range(fat.stop, root.start),
                     range(root.stop, size - table + partitions.SECTOR_BYTES)],
            "backup GPT": [range(size - table + partitions.SECTOR_BYTES, size)]}


def name_of(path):
    """Returns the name of the region of a file."""
    names = {"/boot/farjump": "kernel, packed", "/boot/farjump.symbols": "symbols, packed",
             "/boot/initramfs": "initramfs", "/boot/seal": "manifest and signature",
             "/boot/seal.tree": "hash tree", "/boot/grub/grub.cfg": "grub.cfg",
             "/efi.img": "EFI partition with GRUB"}
    if path in names:
        return names[path]
    if path.endswith(".sig"):
        return "signatures for GRUB"
    if "/i386-pc/" in path:
        return "GRUB for the BIOS"
    return "other files of GRUB"


def flips(parts, count, seed):
    """Returns `count` places, (byte, bit), in ranges of bytes; the same for the same seed."""
    source = random.Random(seed)
    total = sum(len(part) for part in parts)
    places = []
    for _ in range(count):
        at = source.randrange(total)
        for part in parts:
            if at < len(part):
                places.append((part[at], source.randrange(8)))
                break
            at -= len(part)
    return places


def flipped(image, place, copy):
    """Writes an image with one bit flipped to `copy`."""
    at, bit = place
    data = bytearray(image.read_bytes())
    data[at] ^= 1 << bit
    copy.write_bytes(data)
    return copy


def outcome(image, *arguments, state=None, cpu_s=BOOT_CPU_S, seconds=HANG_S, end=PROMPT):
    """Boots an image, or goes on booting it from a `State`; returns (what came of it, the text of a
    refusal or of a report). It has booted if it shows `end`."""
    with booting(image, arguments, state=state) as qemu:
        def answer():
            found = re.search(f"{ANSWER}|{end}", qemu.output, re.M)
            if found or STARTED in qemu.output:
                return found
            # UEFI shows its texts, and those of GRUB, on the serial line, too.
            return GIVEN_UP.search("\n".join([qemu.output, *qemu.screen()]))

        try:
            found = qemu.wait_for(answer, lambda: "no answer", cpu_s, seconds)
        except (Timeout, Ended):
            return (STOPPED, qemu.output[-400:]) if STARTED in qemu.output else (SILENT, "")
        if found.re is GIVEN_UP:
            return BEFORE, ""
        if found[1]:
            return KERNEL, found[1]
        return (BOOTED, "") if found[0] == end else (STOPPED, qemu.output[-400:])
