"""COM1 on boards that don't connect it as a PC does."""

import re
import struct

from machine import gdb
from machine.firmware import changed_tables
from machine.images import image
from machine.qemu import Qemu

NEEDED = ("-m", "64")
POLLED = r"warning serial: COM1: no interrupt arrives at IRQ 4; it is polled every 5 ms"


def works_by_polling(qemu):
    """Checks a polled UART: both directions, with more bytes than the queues of the kernel
    and of the UART hold, and Ctrl-C."""
    qemu.expect(POLLED)
    qemu.expect("farjump> ")
    assert " ticks of " in qemu.command("ticks")
    for _ in range(4):
        assert "ticks" in qemu.command("help")
    qemu.send("x" * 400 + "\x15ticks\r")
    qemu.expect(r"\d+ ticks of")
    qemu.expect("farjump> ")
    qemu.send("watch ticks\r")
    qemu.expect(r"\d+ ticks of")
    qemu.send("\x03")
    qemu.expect("farjump> ")


def uart_with_another_interrupt_is_polled():
    for options in ("", "noapic"):
        with Qemu(*NEEDED, "-cdrom", image(options), com1="isa-serial,irq=5") as qemu:
            works_by_polling(qemu)


def board_without_the_input_is_polled():
    """According to ACPI, IRQ 4 is connected to an input that no I/O APIC has."""
    def change(tables):
        address, content = tables["APIC"]
        # The override of IRQ 5: type, length, bus, IRQ, input.
        at = content.index(struct.pack("<BBBBI", 2, 10, 0, 5, 5))
        return [(address + at + 3, 4), (address + at + 4, 99),
                (address + 9, (content[9] - (4 + 99) + (5 + 5)) % 256)]
    with changed_tables(change) as qemu:
        qemu.expect("warning line_handler: Com1 is not connected: no I/O APIC has input 99")
        works_by_polling(qemu)


def byte_sent_while_the_kernel_starts_is_no_harm():
    """The byte is in the UART when the interrupt is unmasked."""
    with Qemu(*NEEDED, "-cdrom", image(), gdb=True, paused=True) as qemu:
        with gdb.spinning_at(qemu, "farjump::arch::irq::line_handler::set_handler", "($rdi & 0xff) == 4"):
            qemu.send("ti")
        qemu.expect("farjump> ti")
        qemu.send("cks\r")
        qemu.expect(r"\d+ ticks of")
        assert not re.search("no interrupt", qemu.output)


def add_to(suite):
    for test in (uart_with_another_interrupt_is_polled, board_without_the_input_is_polled,
                 byte_sent_while_the_kernel_starts_is_no_harm):
        suite.add(f"serial::{test.__name__}", test)
