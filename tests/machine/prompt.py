"""Sessions at the prompt, and what a machine remembers of its last boot."""

import re
import tempfile
import time

from machine import gdb
from machine.images import build_image, image, kernel_path
from machine.qemu import Qemu

NEEDED = ("-m", "64")


def commands_are_listed_and_run():
    with Qemu(*NEEDED, "-cdrom", image()) as qemu:
        qemu.expect("Type help for the commands, poweroff to leave.")
        qemu.expect("farjump> ")
        commands = qemu.command("help").partition("\n\n")[0]
        listed = re.findall(r"^(\w+)", commands, re.M)
        assert listed == sorted(set(listed)), listed
        assert {"audit", "backtrace", "disasm", "help", "poweroff", "ticks"} <= set(listed), listed
        qemu.command("test clock")
        first, second = (int(qemu.command("ticks").split()[0]) for _ in range(2))
        assert second >= first > 0
        assert "nonsense: no such command" in qemu.command("nonsense 1 2")
        assert qemu.command("   ") == ""


def lines_can_be_corrected():
    with Qemu(*NEEDED, "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")
        qemu.send("tixx\x7f\x08cks\r")
        qemu.expect(r"\d+ ticks of")
        qemu.expect("farjump> ")
        qemu.send("fault panic\x15ticks\r")
        qemu.expect(r"\d+ ticks of")
        qemu.expect("farjump> ")
        qemu.send("fault panic\x03")
        qemu.expect(r"\^C\r\nfarjump> ")
        # Function keys are skipped, not taken for text.
        qemu.send("\x1b[15~tic\x1bOPks\r")
        qemu.expect(r"\d+ ticks of")


def garbage_is_survived():
    with Qemu(*NEEDED, "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")
        qemu.send_bytes(bytes(range(128, 256)) * 8 + b"\x1b[\x00\x01\x02\x1b\x1b" + b"x" * 10_000
                        + b"\r")
        qemu.expect("x{200,240}: no such command")
        assert " ticks of " in qemu.command("ticks")


def both_inputs_work_together():
    with Qemu(*NEEDED, "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")
        qemu.type_keys("ti")
        qemu.expect("ti")
        qemu.send("cks")
        qemu.expect("cks")
        qemu.type_keys("\n")
        qemu.expect(r"\d+ ticks of")
        qemu.expect_screen(r"^farjump> ticks$")


def options_are_taken_and_unknown_ones_told():
    with Qemu(*NEEDED, "-cdrom", image('safe colour=blue "two words" lonely')) as qemu:
        qemu.expect("option not known or with a value that doesn't suit: colour=blue")
        qemu.expect("option not known or without its value: two words")
        qemu.expect("option not known or without its value: lonely")
        qemu.expect("farjump> ")
        info = qemu.command("info")
        # Nothing optional is on.
        assert re.search(r"^features on +LMA NXE PG WP NE PAE OSFXSR OSXMMEXCPT$", info, re.M), info


def menu_is_shown_and_boots_by_itself():
    """The image for a person: its menu on the serial line, a short time-out."""
    with tempfile.NamedTemporaryFile(suffix=".iso") as file:
        build_image(kernel_path(), file.name, timeout=2)
        with Qemu(*NEEDED, "-cdrom", file.name) as qemu:
            for entry in ("Farjump", "graphics", "safe mode"):
                qemu.expect(entry)
            qemu.expect("farjump> ")


def poweroff_ends_the_machine():
    for machine in ("pc", "q35"):
        with Qemu(*NEEDED, "-M", machine, "-cdrom", image(), "-boot", "d") as qemu:
            qemu.expect("farjump> ")
            qemu.send("poweroff\r")
            status, cause = qemu.wait_end()
            assert (status, cause) == (0, "guest-shutdown"), (status, cause)


def last_boot_is_remembered():
    """The CMOS outlives a reset: each way to end a boot is told at the next."""
    with Qemu(*NEEDED, "-cdrom", image(), "-action", "reboot=reset") as qemu:
        def next_boot():
            return qemu.expect(r"^\[.*\] (?:warning )?boot_stage: last boot: (.*)\r")[1]
        assert next_boot() == "no trace of one"
        qemu.expect("farjump> ")
        qemu.send("reboot\r")
        assert next_boot() == "ended well, reboot"
        assert not qemu.has_triple_faulted(), "the reset lines work"
        qemu.expect("farjump> ")
        qemu.qmp("system_reset")
        assert next_boot() == "ended well, prompt"
        qemu.expect("farjump> ")
        qemu.send("fault page-fault\r")
        qemu.expect("The kernel has stopped")
        qemu.qmp("system_reset")
        assert next_boot() == "stopped with a report"


def reset_in_the_middle_is_told():
    """A machine that resets behind step 8 of the stub, or in bring-up, says so at
    the next boot, in the first line of the kernel's log."""
    for label, told in (("enable_long_mode", "got no further than step 8 of the stub"),
                        ("farjump::arch::irq::pic::start", "got no further than this step: memory")):
        with Qemu(*NEEDED, "-cdrom", image(), "-action", "reboot=reset", gdb=True,
                  paused=True) as qemu:
            language, address = ("rust", label) if "::" in label else ("c", f"(long)&{label}")
            gdb.run(qemu, f"set language {language}", f"hbreak *({address})", "set language c",
                    "continue", "delete", keep_stopped=True)
            qemu.qmp("system_reset")
            qemu.qmp("cont")
            qemu.expect(r"warning boot_stage: last boot: " + told)
            since_stub = qemu.output.rpartition("stub:")[2].splitlines()
            assert told in since_stub[1], since_stub
            qemu.expect("farjump> ")


def line_that_nobody_reads_loses_nothing_at_first():
    """The other end stops reading for a while, then takes everything: more than
    what the socket in between holds (212,992 bytes on Linux)."""
    with Qemu(*NEEDED, "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")
        with qemu.reading_stopped():
            for _ in range(900):
                qemu.send("help\r")
            time.sleep(1)
        for _ in range(900):
            qemu.expect(r"ticks +Shows the timer's interrupts")
        assert " ticks of " in qemu.command("ticks")


def add_to(suite):
    for test in (commands_are_listed_and_run, lines_can_be_corrected, garbage_is_survived,
                 both_inputs_work_together, options_are_taken_and_unknown_ones_told,
                 menu_is_shown_and_boots_by_itself, poweroff_ends_the_machine,
                 last_boot_is_remembered, reset_in_the_middle_is_told,
                 line_that_nobody_reads_loses_nothing_at_first):
        suite.add(f"prompt::{test.__name__}", test)
