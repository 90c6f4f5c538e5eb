"""The kernel's address space, as listed by the kernel and by QEMU."""

import re

from machine.images import image
from machine.qemu import Qemu

SIZES = {"4K": 4 << 10, "2M": 2 << 20, "1G": 1 << 30}
GIB = 1 << 30
DIRECT_MAP = 0xFFFF_8000_0000_0000

RANGE = re.compile(r"^([0-9a-f]{16})-([0-9a-f]{16}) ([0-9a-f]{12}) +(\d+) x (\w\w) "
                   r"(\S{6}) (.*)$", re.M)
TLB = re.compile(r"^([0-9a-f]{16}): ([0-9a-f]{16}) ([XGPDACTUW-]{9})\r?$", re.M)
MEM = re.compile(r"^([0-9a-f]{16})-([0-9a-f]{16}) [0-9a-f]{16} ([u-])r([w-])\r?$", re.M)


def by_the_kernel(qemu):
    """Returns all pages, {address: (frame, size, rights)}, and the names of ranges."""
    pages, places = {}, []
    for start, last, frame, count, size, rights, place in RANGE.findall(qemu.command("maps")):
        start, last, frame, count = int(start, 16), int(last, 16), int(frame, 16), int(count)
        assert last - start + 1 == count * SIZES[size], (hex(start), count)
        for offset in range(0, count * SIZES[size], SIZES[size]):
            assert start + offset not in pages, hex(start + offset)
            pages[start + offset] = (frame + offset, SIZES[size], rights)
        places.append((start, last + 1, rights, place))
    return pages, places


def by_qemu(qemu):
    """Returns all pages of QEMU's `info tlb`, {address: (frame, flags)}."""
    def canonical(page):
        return page | 0xFFFF << 48 if page >> 47 & 1 else page
    return {canonical(int(page, 16)): (int(frame, 16), flags)
            for page, frame, flags in TLB.findall(qemu.monitor("info tlb"))}


def merged(ranges):
    """Merges adjacent ranges (start, end, what) that have the same `what`."""
    result = []
    for start, end, what in sorted(ranges):
        if result and result[-1][1] == start and result[-1][2] == what:
            result[-1] = (result[-1][0], end, what)
        else:
            result.append((start, end, what))
    return result


def agrees_with_qemu(memory_mib, cpu):
    """Compares address, frame, size and rights of each page."""
    with Qemu("-m", memory_mib, "-cpu", cpu, "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")
        pages, places = by_the_kernel(qemu)
        seen = by_qemu(qemu)
        assert pages.keys() == seen.keys(), [hex(p) for p in pages.keys() ^ seen.keys()][:5]
        for page, (frame, size, rights) in pages.items():
            seen_frame, flags = seen[page]
            assert frame == seen_frame, (hex(page), hex(frame), hex(seen_frame))
            # QEMU's letters: X not executable, P large, C PCD, T PWT. Here, PWT alone
            # means write-combining.
            letters = {"X": rights[2] == "-", "G": rights[4] == "g", "P": size > SIZES["4K"],
                       "C": rights[5] in "dn", "T": rights[5] in "dc", "U": rights[3] == "u",
                       "W": rights[1] == "w"}
            for letter, is_set in letters.items():
                assert (letter in flags) == is_set, (hex(page), rights, flags)

        listed = merged([(start, end, (rights[3] == "u", rights[1] == "w"))
                       for start, end, rights, _ in places])
        mem = [(int(start, 16), int(end, 16) & (1 << 64) - 1, (user == "u", write == "w"))
               for start, end, user, write in MEM.findall(qemu.monitor("info mem"))]
        assert listed == mem, (listed[:3], mem[:3])

        # All RAM is mapped, by pages of 1 GiB where the CPU has them.
        direct = {page - DIRECT_MAP: size for page, (_, size, _) in pages.items()
                  if DIRECT_MAP <= page < DIRECT_MAP + (1 << 42)}
        assert sum(direct.values()) > (memory_mib << 20) - (2 << 20), sum(direct.values())
        has_gib_pages = GIB in direct.values()
        assert has_gib_pages == (memory_mib >= 4096 and cpu == "max"), cpu
        # No frame is writable at one address and executable at another, or the same.
        executable = {frame for frame, _, rights in pages.values() if rights[2] == "x"}
        writable = [(frame, size) for frame, size, rights in pages.values() if rights[1] == "w"]
        assert executable
        for frame, size in writable:
            if size == SIZES["4K"]:
                assert frame not in executable, hex(frame)
            else:
                assert not any(frame <= other < frame + size for other in executable), hex(frame)
        assert "all as it should be" in qemu.command("audit")


def commands_look_into_memory():
    with Qemu("-m", 128, "-cpu", "max", "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")
        features = re.search(r"^features on +(.*)$", qemu.command("info"), re.M)[1].split()
        assert {"WP", "NXE", "PGE", "SMEP", "SMAP", "UMIP"} <= set(features), features

        places = {place: start for start, _, _, place in by_the_kernel(qemu)[1]}
        text, data = places["kernel text"], places["kernel data"]
        walk = qemu.command(f"pt {text:x}")
        assert f"{text:#018x}: kernel text" in walk, walk
        assert re.search(r"P1\[ *\d+\] 0x\w{16} 4 KiB page at 0x\w+ r-x-g-", walk), walk
        physical = int(re.search(r"physical address (0x\w+)", walk)[1], 16)
        assert "nothing is mapped there" in qemu.command("pt 0x1000")
        assert "not canonical" in qemu.command("pt 800000000000")
        assert "usage: pt ADDRESS" in qemu.command("pt")

        # `peek` shows the same bytes as QEMU, from physical memory.
        dump = qemu.command(f"peek {text:x} 20")
        shown = bytes.fromhex("".join(re.findall(r"^\w{16} ((?: \w{4}){8})", dump, re.M)))
        assert shown == qemu.read_memory(physical, 32), dump
        assert "can't be read" in qemu.command("peek 0")
        assert "can't be read" in qemu.command(f"peek {places['boot stack'] - 1:x}")

        assert "the page is read-only" in qemu.command(f"poke {text:x} cc")
        assert "nothing is mapped there" in qemu.command("poke 5 1")
        assert "more than a byte" in qemu.command(f"poke {data:x} 100")
        # Unused memory: the last bytes of the direct map.
        end = max(end for _, end, _, place in by_the_kernel(qemu)[1] if place == "direct map")
        assert re.search("is 5a now", qemu.command(f"poke {end - 1:x} 5a"))
        assert qemu.read_memory(end - 1 - DIRECT_MAP, 1) == b"\x5a"

        memory = qemu.command("mem")
        counts = {name: int(count) for name, count in
                  re.findall(r"^  ([a-z ]+?)  +(\d+) +\d+ KiB$", memory, re.M)}
        assert counts["boot stub"] == 0 and counts["page tables"] >= 10, memory
        assert 2 * counts["all"] == sum(counts.values()), memory


def changed_entry_is_found():
    """`poke` changes an entry of the page tables, through the direct map, so that a page of
    constants becomes writable; `audit` reports the page."""
    with Qemu("-m", 64, "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")
        places = {place: start for start, _, _, place in by_the_kernel(qemu)[1]}
        rodata = places["kernel rodata"]
        walk = qemu.command(f"pt {rodata:x}")
        table = int(re.search(r"P2\[.*table at (0x\w+)", walk)[1], 16)
        index, entry = re.search(r"P1\[ *(\d+)\] (0x\w+)", walk).groups()
        alias = DIRECT_MAP + table + 8 * int(index)
        assert "is " in qemu.command(f"poke {alias:x} {int(entry, 16) & 0xFF | 2:x}")
        audit = qemu.command("audit")
        assert f"other rights than its place has: page {rodata:#018x} (kernel rodata)" in audit
        assert "1 rule is broken" in audit, audit


def add_to(suite):
    for memory_mib in (128, 6144):
        for cpu in ("max", "qemu64"):
            suite.add(f"memory::maps_agree_with_qemu_{memory_mib}_mib_{cpu}",
                      lambda memory_mib=memory_mib, cpu=cpu: agrees_with_qemu(memory_mib, cpu))
    for test in (commands_look_into_memory, changed_entry_is_found):
        suite.add(f"memory::{test.__name__}", test)
