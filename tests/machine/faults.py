"""Each exception, provoked at the prompt: its report, and whether the kernel continues.

docs/interrupts.md has the same table.
"""

import re

from machine.images import image
from machine.qemu import Qemu

# The report of `fault NAME`: the title and a part of the cause. QEMU's interpreter
# reports a missing gate with a wrong index (twice the vector), so these have no number
# after "descriptor".
RESUMED = {
    "debug": ("exception 1, #DB", "a single step"),
    "breakpoint": ("exception 3, #BP", "INT3 instruction"),
    "overflow": ("exception 4, #OF", "INT 4"),
}
FATAL = {
    "divide-error": ("exception 0, #DE", "divided by zero"),
    "nmi": ("exception 2, NMI", "no reason from the chipset"),
    "bound-range": ("exception 5, #BR", "outside of the bounds"),
    "invalid-opcode": ("exception 6, #UD", "doesn't have"),
    "device-not-available": ("exception 7, #NM", "CR0.TS"),
    "double-fault": ("exception 8, #DF", "the stack pointer was in the middle of nowhere"),
    "coprocessor-segment-overrun": ("exception 9, CSO", "80387"),
    "invalid-tss": ("exception 10, #TS", "descriptor 10 of the GDT"),
    "segment-not-present": ("exception 11, #NP", "descriptor 9 of the GDT"),
    "stack-segment": ("exception 12, #SS", "descriptor 9 of the GDT"),
    "general-protection": ("exception 13, #GP", "isn't canonical"),
    "page-fault": ("exception 14, #PF", "read of 0x00007ffffffff000 by the kernel: "
                                       "nothing is mapped there"),
    "x87-floating-point": ("exception 16, #MF", "division by zero"),
    "alignment-check": ("exception 17, #AC", "isn't aligned"),
    "machine-check": ("exception 18, #MC", "MCG_STATUS 0x0"),
    "simd-floating-point": ("exception 19, #XM", "MXCSR"),
    "virtualization": ("exception 20, #VE", "EPT violation"),
    "control-protection": ("exception 21, #CP", "no known cause"),
    "hypervisor-injection": ("exception 28, #HV", "injected"),
    "vmm-communication": ("exception 29, #VC", "exit code 0x0"),
    "security": ("exception 30, #SX", "security exception"),
    "reserved": ("exception 11, #NP", r"descriptor \d+ of the IDT"),
    "stack-overflow": ("exception 8, #DF", "overflow of the boot stack: all of its 60 KiB"),
    "panic": ("panic: provoked by the command fault", "where +src/monitor/commands/session/fault.rs:"),
}
# Exceptions whose report runs on a stack of its own.
IST = {
    "double-fault": "double fault IST stack",
    "stack-overflow": "double fault IST stack",
    "nmi": "NMI IST stack",
    "machine-check": "machine check IST stack",
    "debug": "debug IST stack",
}


def machine(**options):
    return Qemu("-m", "64", "-cdrom", image(), **options)


def stops_with_a_report(name):
    title, cause = FATAL[name]
    with machine() as qemu:
        qemu.expect("farjump> ")
        qemu.send(f"fault {name}\r")
        qemu.expect(re.escape(title))
        qemu.expect(cause)
        if name != "panic":
            qemu.expect(r"where +RIP 0xffffffff8[0-9a-f]{7} +CS 0x0010 \(ring 0\)")
            qemu.expect(r"RAX 0x[0-9a-f]{16} RBX 0x[0-9a-f]{16} RCX")
            qemu.expect(r"CR0 0x[0-9a-f]{16} CR2 0x[0-9a-f]{16} CR3")
        if name in IST:
            handler = qemu.expect(r"report on the (.*)\r")[1]
            assert handler == IST[name], handler
        qemu.expect("The kernel has stopped")
        qemu.expect("stopped> ")
        # The screen shows the report, too.
        screen = qemu.expect_screen("^The kernel has stopped").string
        assert title[:20] in screen, screen
        assert not qemu.has_triple_faulted()


def traps_come_back():
    with machine() as qemu:
        qemu.expect("farjump> ")
        for name, (title, cause) in RESUMED.items():
            report = qemu.command(f"fault {name}")
            assert title in report and cause in report, report
        assert " ticks of " in qemu.command("ticks")


def nmi_from_outside_is_reported():
    """QEMU's monitor raises the NMI, as a button or a watchdog would."""
    with machine() as qemu:
        qemu.expect("farjump> ")
        qemu.monitor("nmi")
        qemu.expect("exception 2, NMI")
        qemu.expect("The kernel has stopped")


def machine_check_from_outside_is_decoded():
    """QEMU's monitor raises a machine check: an uncorrected error in bank 1."""
    with machine() as qemu:
        qemu.expect("farjump> ")
        qemu.monitor("mce 0 1 0xb200000000000115 0x4 0 0")
        qemu.expect("exception 18, #MC")
        qemu.expect("MCG_STATUS 0x4, bank 1: 0xb200000000000115")
        qemu.expect("The kernel has stopped")


def triple_fault_is_seen_as_one():
    with machine() as qemu:
        qemu.expect("farjump> ")
        qemu.send("fault triple\r")
        _, cause = qemu.wait_end()
        assert cause == "guest-reset" and qemu.has_triple_faulted(), cause


def accesses_are_made_only_where_they_fault():
    with machine() as qemu:
        qemu.expect("farjump> ")
        assert "the page table allows this access" in qemu.command("fault read ffff800000001000")
        assert "an address is missing" in qemu.command("fault write")
        assert "one argument too many" in qemu.command("fault page-fault 5")
        qemu.send("fault execute 123456\r")
        qemu.expect("execution of 0x0000000000123456 by the kernel: nothing is mapped there")
        qemu.expect(r"walk   P4\[  0\] 0x0000000000000000 not present")
        qemu.expect("The kernel has stopped")


def list_of_faults_is_whole():
    with machine() as qemu:
        qemu.expect("farjump> ")
        listed = re.findall(r"^  (?:\S+ )?([a-z][a-z0-9-]+)(?=$|  )", qemu.command("fault"), re.M)
        assert set(listed) >= set(RESUMED) | set(FATAL) - {"panic"}, listed
        assert "of-mine: not known here" in qemu.command("fault of-mine")


def add_to(suite):
    for name in FATAL:
        suite.add(f"faults::{name}", lambda name=name: stops_with_a_report(name))
    for test in (traps_come_back, nmi_from_outside_is_reported,
                 machine_check_from_outside_is_decoded, triple_fault_is_seen_as_one,
                 accesses_are_made_only_where_they_fault, list_of_faults_is_whole):
        suite.add(f"faults::{test.__name__}", test)
