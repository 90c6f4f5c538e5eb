"""The early output of a kernel that doesn't reach the prompt, on the screen and on the
serial line."""

import re
import subprocess

from machine import gdb
from machine.glyphs import screen_text
from machine.images import image, kernel_path
from machine.qemu import Qemu
from machine.tools import ovmf

NEEDED = ("-m", "128")


def last_line(lines):
    return next(line.strip() for line in reversed(lines) if line.strip())


def stop_at(qemu, function):
    """Runs a paused machine until `function` is called, as if it hung there."""
    text = gdb.run(qemu, "set language rust", f"hbreak {function}", "set language c", "continue",
                   "delete", keep_stopped=True)
    assert "Breakpoint 1, " in text, text


def stage_that_hangs_is_on_the_screen():
    """Stops the kernel at several stages, without a serial port, in text mode and on a
    framebuffer: the last row names the stage."""
    for video in ("", "1024x768x32"):
        with Qemu(*NEEDED, "-cdrom", image(video=video), has_serial=False, gdb=True,
                  paused=True) as qemu:
            for function, stage in (("farjump::mm::start", "IDT"),
                                    ("farjump::mm::kernel::firmware_memory::copy", "ACPI tables"),
                                    ("farjump::arch::irq::io_apic::connect", "keyboard"),
                                    ("farjump::task::smp::start_others", "other CPUs")):
                stop_at(qemu, function)
                lines = screen_text(qemu)[0] if video else qemu.screen()
                assert any("boot: memory" in line for line in lines), "\n".join(lines)
                # The IDT's stage has ended with a line of the log.
                expected = r"\[.*\] idt: .*" if stage == "IDT" else stage
                assert re.fullmatch(expected, last_line(lines)), (function, "\n".join(lines))


def stage_is_gone_at_the_prompt():
    with Qemu(*NEEDED, "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")
        qemu.expect_screen("^farjump>$")
        screen = "\n".join(qemu.screen())
        assert not re.search("^(other CPUs|threads|prompt)", screen, re.M), screen


def report_before_memory_is_on_the_screen():
    """An exception before the kernel has memory, on a machine without a serial port: in text
    mode, on a framebuffer of a BIOS, and on a framebuffer of UEFI, which is far above the
    first GiB."""
    for video, arguments in (("", ()), ("800x600x32", ()), ("", ("-bios", ovmf(), "-m", "256"))):
        with Qemu(*NEEDED, *arguments, "-cdrom", image(video=video, bios_only=False),
                  has_serial=False, gdb=True, paused=True) as qemu:
            text = gdb.run(qemu, "set language rust", "hbreak farjump::mm::start",
                           "set language c", "continue",
                           # ud2
                           "set {unsigned short}$pc = 0x0b0f")
            assert "Breakpoint 1, " in text, text
            is_text = not video and not arguments
            for pattern in (r"^exception 6, #UD", r"^The kernel has stopped"):
                if is_text:
                    qemu.expect_screen(pattern)
                else:
                    expect_text(qemu, pattern)


def expect_text(qemu, pattern):
    """Waits until the regular expression matches a framebuffer's text."""
    def text():
        return "\n".join(screen_text(qemu)[0])
    qemu.wait_for(lambda: re.search(pattern, text(), re.M), text)


def panic_before_the_serial_port_is_found_is_on_it():
    """gdb marks all places for outputs of the log as used, so the first added output panics.
    At that time, the serial port hasn't been searched for."""
    symbols = subprocess.run(["nm", "-C", kernel_path()], check=True, stdout=subprocess.PIPE,
                             text=True).stdout
    sinks = int(re.search(r"^([0-9a-f]+) \w farjump::klog::SINKS$", symbols, re.M)[1], 16)
    places = [sinks + offset for offset in range(64)]
    with Qemu(*NEEDED, "-cdrom", image(), gdb=True, paused=True) as qemu:
        gdb.run(qemu, "hbreak *(long)&rust_main", "continue",
                *(f"set {{unsigned char}}{place:#x} = 2" for place in places))
        qemu.expect(r"panic: SINKS_MAX is at least the number")
        qemu.expect(r"The kernel has stopped")
        assert "serial: COM1" not in qemu.output


def add_to(suite):
    for test in (stage_that_hangs_is_on_the_screen, stage_is_gone_at_the_prompt,
                 report_before_memory_is_on_the_screen,
                 panic_before_the_serial_port_is_found_is_on_it):
        suite.add(f"start_up::{test.__name__}", test)
