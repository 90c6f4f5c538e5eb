"""The stub: its three errors, and the CPU's state before and after the far jump."""

import re

from machine import gdb
from machine.images import image
from machine.qemu import Qemu

CR0_PE, CR0_WP, CR0_PG = 1 << 0, 1 << 16, 1 << 31
CR0_NW, CR0_CD = 1 << 29, 1 << 30
CR4_PAE, CR4_MCE, CR4_OSFXSR, CR4_LA57 = 1 << 5, 1 << 6, 1 << 9, 1 << 12
EFER_LME, EFER_LMA, EFER_NXE = 1 << 8, 1 << 10, 1 << 11
PAGE_4K, PAGE_2M = 4 << 10, 2 << 20
DIRECT_MAP = 0xFFFF_8000_0000_0000
KERNEL_BASE = 0xFFFF_FFFF_8000_0000
STACKS, STACK_SLOT = 0xFFFF_FFFF_C000_0000, 64 << 10


def expect_error(qemu, number, sentence):
    """Waits for the error on the serial line and on the VGA text screen."""
    text = f"ERR: {number}: {sentence}"
    qemu.expect("^" + re.escape(text))
    qemu.expect_screen("^" + re.escape(text))


def error_2_without_long_mode():
    """On a CPU without long mode."""
    with Qemu("-m", "128", "-cpu", "qemu32", "-cdrom", image()) as qemu:
        expect_error(qemu, 2, "this CPU has no long mode; a 64-bit one is needed")


def error_1_without_cpuid():
    """gdb makes the stub find that the ID bit of EFLAGS can't be changed."""
    with Qemu("-m", "128", "-cdrom", image(), gdb=True, paused=True) as qemu:
        gdb.run(qemu, "hbreak *(long)&cpuid_verdict", "continue", "set $eax = 0")
        expect_error(qemu, 1, "this CPU has no CPUID; a 64-bit one is needed")


def error_0_without_multiboot2():
    """gdb replaces the loader's magic number by that of Multiboot 1."""
    with Qemu("-m", "128", "-cdrom", image(), gdb=True, paused=True) as qemu:
        gdb.run(qemu, "hbreak *(long)&_start", "continue", "set $eax = 0x2badb002")
        expect_error(qemu, 0, "not loaded by Multiboot2; use the command multiboot2 of GRUB")


def registers_at(label):
    """Returns the machine's state at a label: registers, and QEMU's output for the code
    segment and the TLB."""
    with Qemu("-m", "128", "-cdrom", image(), gdb=True, paused=True) as qemu:
        text = gdb.run(qemu, f"hbreak *(long)&{label}", "continue",
                       *(f'printf "{name}=%lx\\n", (long)${name}'
                         for name in ("cr0", "cr3", "cr4", "efer", "pc")),
                       'printf "p4=%lx\\n", (long)&page_tables', keep_stopped=True)
        registers, tlb = qemu.monitor("info registers"), qemu.monitor("info tlb")
    values = {name: int(value, 16)
              for name, value in re.findall(r"^(cr0|cr3|cr4|efer|pc|p4)=([0-9a-f]+)$", text, re.M)}
    assert len(values) == 6, text
    values["cs64"] = re.search(r"^CS =.* (CS\d+)", registers, re.M)[1]
    values["tlb"] = [(int(page, 16), int(frame, 16), flags) for page, frame, flags in
                     re.findall(r"^([0-9a-f]{16}): ([0-9a-f]{16}) (\S+)\r?$", tlb, re.M)]
    return values


def gdb_steps_into_the_kernel_without_complaints():
    """gdb shows the source line of each step, on both sides of the jump to the higher
    half."""
    with Qemu("-m", "128", "-cdrom", image(), gdb=True, paused=True) as qemu:
        text = gdb.run(qemu, "hbreak *(long)&long_mode_start", "continue", "stepi",
                       "hbreak *(long)&higher_half", "continue", "stepi", "backtrace 1")
    assert "in read in CU" not in text and "not in symtab" not in text, text
    assert re.search(r"higher_half \(\) at \S*/asm/higher_half.asm:\d+", text), text


def state_before_the_far_jump():
    state = registers_at("far_jump")
    assert state["cr0"] & (CR0_PE | CR0_WP | CR0_PG) == CR0_PE | CR0_WP | CR0_PG, state
    assert state["cr4"] == CR4_PAE, state
    assert state["cr3"] == state["p4"], state
    assert state["efer"] == EFER_LME | EFER_LMA | EFER_NXE, state
    # Compatibility mode: still the loader's 32-bit code segment.
    assert state["cs64"] == "CS32", state


def state_after_the_far_jump():
    for label, base in (("long_mode_start", 0), ("higher_half", KERNEL_BASE)):
        state = registers_at(label)
        assert state["cs64"] == "CS64", state
        assert state["efer"] == EFER_LME | EFER_LMA | EFER_NXE, state
        assert state["cr3"] == state["p4"], state
        assert base <= state["pc"] < base + (1 << 30), state


def tables_show_the_first_gib_and_the_stacks():
    tlb = registers_at("higher_half")["tlb"]
    # QEMU shows 48 bits of a page's address, sign-extended or not.
    def canonical(page):
        return page | 0xFFFF << 48 if page >> 47 & 1 else page
    pages = [(canonical(page), frame) for page, frame, _ in tlb]
    expected = [(base + offset, offset) for base in (0, DIRECT_MAP, KERNEL_BASE)
                for offset in range(0, 1 << 30, PAGE_2M)]
    assert pages[:len(expected)] == expected, pages[:5]
    # The boot CPU's stacks: each is at the end of its slot, and their frames are adjacent.
    ends = [(STACKS + (slot + 1) * STACK_SLOT, size)
            for slot, size in enumerate((60 << 10, *[24 << 10] * 4))]
    stacks = [page for end, size in ends for page in range(end - size, end, PAGE_4K)]
    first = pages[len(expected)][1]
    assert pages[len(expected):] == [(page, first + index * PAGE_4K)
                                     for index, page in enumerate(stacks)], pages[len(expected):]
    # All pages are writable, and only for the kernel; all except the stacks' are large.
    assert all("W" in flags and "U" not in flags for _, _, flags in tlb), tlb[:5]
    assert all("P" in flags for _, _, flags in tlb[:len(expected)]), tlb[:5]


def control_registers_of_the_firmware_are_not_inherited():
    """gdb sets the registers as if the firmware had used 5-level paging, machine checks, SSE and
    disabled caches, and the loader had only turned off paging."""
    with Qemu("-m", "128", "-smp", "2", "-cpu", "max,la57=on", "-cdrom", image(), gdb=True,
              paused=True) as qemu:
        gdb.run(qemu, "hbreak *(long)&_start", "continue",
                f"set $cr4 = $cr4 | {CR4_LA57 | CR4_PAE | CR4_MCE | CR4_OSFXSR}",
                f"set $cr0 = $cr0 | {CR0_CD | CR0_NW}")
        qemu.expect("smp: 2 CPUs run")
        qemu.expect("farjump> ")
        registers = [qemu.monitor(f"cpu {cpu}") + qemu.monitor("info registers")
                     for cpu in range(2)]
        for text in registers:
            cr0, cr4 = (int(re.search(rf"^{name}=([0-9a-f]+)|\b{name}=([0-9a-f]+)", text)
                            .expand(r"\1\2"), 16) for name in ("CR0", "CR4"))
            assert not cr0 & (CR0_CD | CR0_NW) and not cr4 & CR4_LA57, text


def first_line_has_the_address_of_the_tables():
    p4 = registers_at("higher_half")["cr3"]
    with Qemu("-m", "128", "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")
        first = qemu.output.splitlines()[0]
        match = re.fullmatch(r"\[ {4}0\.000000\] stub: page tables built, P4 at 0x([0-9a-f]{8})",
                             first)
        assert match and int(match[1], 16) == p4, (first, hex(p4))


def add_to(suite):
    for test in (error_0_without_multiboot2, error_1_without_cpuid, error_2_without_long_mode,
                 gdb_steps_into_the_kernel_without_complaints,
                 state_before_the_far_jump, state_after_the_far_jump,
                 tables_show_the_first_gib_and_the_stacks,
                 control_registers_of_the_firmware_are_not_inherited,
                 first_line_has_the_address_of_the_tables):
        suite.add(f"stub::{test.__name__}", test)
