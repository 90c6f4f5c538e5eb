"""Sessions at the prompt, and the record of the last traced boot."""

import re
import tempfile

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
        assert "no such command: nonsense (help lists them)" in qemu.command("nonsense 1 2")
        assert qemu.command("   ") == ""
        # Commands of other systems, in upper and lower case, and the beginning of a word.
        for name in ("exit", "quit", "halt", "Shutdown"):
            assert qemu.command(name) == f"no such command: {name} (did you mean poweroff?)\n"
        assert qemu.command("?") == qemu.command("help") == qemu.command("HELP")
        assert "hlep (did you mean help?)" in qemu.command("hlep")
        assert "fault: page: not known here (did you mean page-fault?);" in qemu.command("fault page")
        assert qemu.command('echo "a | b > c" d') == "a | b > c d\n"
        assert qemu.command('echo "a | b" | count') == "1\n"
        # `kill` doesn't end the prompt's own thread.
        main = re.search(r"^ *(\d+) .*\bmain\b", qemu.command("ps"), re.M)[1]
        assert qemu.command(f"kill {main}") == "main runs this prompt; poweroff ends it.\n"
        assert "FAILED" not in qemu.command("test")


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
        # Function keys are ignored, and aren't text.
        qemu.send_keys("\x1b[15~tic\x1bOPks\r")
        qemu.expect(r"\d+ ticks of")


def garbage_is_ignored():
    with Qemu(*NEEDED, "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")
        qemu.send_bytes(bytes(range(128, 256)) * 8 + b"\x1b[\x00\x01\x02\x1b\x1b" + b"x" * 10_000
                        + b"\r")
        qemu.expect("no such command: .*x{200,240}")
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


def options_are_applied_and_unknown_ones_reported():
    with Qemu(*NEEDED, "-cdrom", image('safe colour=blue "two words" lonely')) as qemu:
        qemu.expect("unknown option, or invalid value: colour=blue")
        qemu.expect("unknown option, or missing value: two words")
        qemu.expect("unknown option, or missing value: lonely")
        qemu.expect("farjump> ")
        info = qemu.command("info")
        # No optional feature is on.
        assert re.search(r"^features on +LMA NXE PG WP NE OSFXSR OSXMMEXCPT$", info, re.M), info


def menu_is_shown_and_boots_by_itself():
    """An image with a menu on the serial line and a short time-out."""
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


def end_of_traced_boot(qemu):
    return qemu.expect(r"^\[.*\] (?:warning )?boot_stage: last traced boot: (.*)\r")[1]


def end_of_a_traced_boot_is_reported():
    """The CMOS keeps the way in which a traced boot ended, and the next boot reports it: here
    after a reboot, a reset at the prompt, and a report."""
    with Qemu(*NEEDED, "-cdrom", image("trace-boot"), "-action", "reboot=reset") as qemu:
        assert end_of_traced_boot(qemu) == "no record of one"
        qemu.expect("farjump> ")
        qemu.send("reboot\r")
        assert end_of_traced_boot(qemu) == "ended well, reboot"
        assert not qemu.has_triple_faulted(), "the reset line doesn't work"
        qemu.expect("farjump> ")
        qemu.qmp("system_reset")
        assert end_of_traced_boot(qemu) == "ended well, prompt"
        qemu.expect("farjump> ")
        qemu.send("fault page-fault\r")
        qemu.expect("The kernel has stopped")
        qemu.qmp("system_reset")
        assert end_of_traced_boot(qemu) == "stopped with a report"


def reset_in_the_middle_of_a_traced_boot_is_reported():
    """After a reset at step 8 of the stub, or while the kernel starts, the next boot reports
    the stage in the first line of the kernel's log."""
    for label, report in (("enable_long_mode", "got no further than step 8 of the stub"),
                          ("farjump::arch::irq::pic::start",
                           "got no further than this stage: PCI buses"),
                          ("farjump::drivers::acpi::cpus::apic_ids",
                           "got no further than this stage: threads")):
        with Qemu(*NEEDED, "-cdrom", image("safe trace-boot"), "-action", "reboot=reset",
                  gdb=True, paused=True) as qemu:
            language, place = ("rust", label) if "::" in label else ("c", f"*(long)&{label}")
            gdb.run(qemu, f"set language {language}", f"hbreak {place}", "set language c",
                    "continue", "delete", keep_stopped=True)
            qemu.qmp("system_reset")
            qemu.qmp("cont")
            qemu.expect(r"warning boot_stage: last traced boot: " + report)
            since_stub = qemu.output.rpartition("stub:")[2].splitlines()
            assert report in since_stub[1], since_stub
            qemu.expect("farjump> ")


def at_the_stub(options, **more):
    """Returns a machine for a `with` statement, which stops at the stub's first instruction
    when it is entered."""
    qemu = Qemu(*NEEDED, "-cdrom", image(options), gdb=True, paused=True, **more)
    gdb.run(qemu, "hbreak *(long)&_start", "continue", "delete", keep_stopped=True)
    return qemu


def writes(qemu):
    """Returns (device, value) of each write to a port since QEMU's trace began."""
    found = re.findall(r"ops_write .* value 0x([0-9a-f]+) size 1 name '(.*)'",
                       qemu.log.read_text())
    return [(name, int(value, 16)) for value, name in found]


def boot_that_is_not_traced_writes_nowhere():
    """From the stub's first instruction on, the kernel writes neither to the CMOS, where a BIOS
    may keep a checksum, nor to port 0x80, which hangs some laptops. Words that only contain the
    option don't count."""
    for options in ("", "safe", "trace-boots xtrace-boot layout=trace-boot"):
        with at_the_stub(options) as qemu:
            qemu.monitor("trace-event memory_region_ops_write on")
            qemu.qmp("cont")
            qemu.expect("farjump> ")
            devices = {name for name, _ in writes(qemu)}
            assert {"serial", "rtc-index"} <= devices, devices
            assert not {"rtc", "ioport80"} & devices, devices
            assert re.search("^last traced +no record of one$", qemu.command("info"), re.M)


def stages_are_written_to_port_80_on_request():
    with at_the_stub("safe trace-boot quiet") as qemu:
        qemu.monitor("trace-event memory_region_ops_write on")
        qemu.qmp("cont")
        qemu.expect("farjump> ")
        stages = [value for name, value in writes(qemu) if name == "ioport80"]
    # The stub's steps from 4 on, then each stage of the kernel once, then the prompt.
    assert stages[:10] == list(range(0xA4, 0xAE)), stages
    assert stages[10:] == [*range(0xB1, 0xC9), 0xD1], stages


def checksum_of_the_firmware_is_kept():
    """The CMOS bytes 0x7E and 0x7F hold the sum of 0x48 to 0x7D, as on some BIOSes."""
    def cmos(qemu, number, value=None):
        qemu.monitor(f"o /b 0x70 {number}")
        if value is not None:
            qemu.monitor(f"o /b 0x71 {value}")
        return int(re.search(r"= 0x([0-9a-f]+)", qemu.monitor("i /b 0x71"))[1], 16)

    for order in ("big", "little"):
        with at_the_stub("trace-boot") as qemu:
            cmos(qemu, 0x60, 0x9A)
            total = sum(cmos(qemu, number) for number in range(0x48, 0x7E))
            sums = [*total.to_bytes(2, order)]
            for number, value in zip((0x7E, 0x7F), sums):
                cmos(qemu, number, value)
            qemu.qmp("cont")
            qemu.expect("warning boot_stage: trace-boot: the firmware keeps a checksum in the CMOS")
            qemu.expect("farjump> ")
            qemu.send("fault panic\r")
            qemu.expect("stopped> ")
            assert [cmos(qemu, number) for number in (0x7E, 0x7F)] == sums
            qemu.send("reboot\r")
            qemu.wait_end()


def line_that_is_not_read_for_a_while_loses_nothing():
    """The other end stops reading for a while, then reads more bytes than the socket's buffer
    holds (212,992 on Linux)."""
    with Qemu(*NEEDED, "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")
        with qemu.reading_stopped():
            for _ in range(900):
                qemu.send("help\r")
            # The output stops when the line is full and the kernel waits.
            counts = [0]

            def stands_still():
                counts.append(qemu.unread_bytes())
                return counts[-1] > 0 and len(set(counts[-10:])) == 1

            qemu.wait_for(stands_still, lambda: f"{counts[-10:]} bytes wait")
        for _ in range(900):
            qemu.expect(r"ticks +Shows the timer's interrupts")
        assert " ticks of " in qemu.command("ticks")


def add_to(suite):
    for test in (commands_are_listed_and_run, lines_can_be_corrected, garbage_is_ignored,
                 both_inputs_work_together, options_are_applied_and_unknown_ones_reported,
                 menu_is_shown_and_boots_by_itself, poweroff_ends_the_machine,
                 end_of_a_traced_boot_is_reported,
                 reset_in_the_middle_of_a_traced_boot_is_reported,
                 boot_that_is_not_traced_writes_nowhere, stages_are_written_to_port_80_on_request,
                 checksum_of_the_firmware_is_kept,
                 line_that_is_not_read_for_a_while_loses_nothing):
        suite.add(f"prompt::{test.__name__}", test)
