"""Names in reports: functions and lines."""

import re

from machine import ROOT
from machine.images import image
from machine.qemu import Qemu


def line_of(file, text):
    """Returns the number of the line of a source file that contains `text`."""
    lines = (ROOT / file).read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def trace_of(qemu, command):
    """Runs a command that stops the kernel; returns its trace as (place, function)."""
    qemu.expect("farjump> ")
    qemu.send(command + "\r")
    qemu.expect("The kernel has stopped")
    text = qemu.output.rpartition("  trace  ")[2].partition("  log    ")[0]
    return [line.strip().partition(" ")[::2] for line in text.splitlines()]


def panic_names_functions_and_lines():
    with Qemu("-m", "64", "-cdrom", image()) as qemu:
        trace = trace_of(qemu, "fault panic")
        file = "src/monitor/commands/session/fault.rs"
        place = f"{file}:{line_of(file, 'panic!(')}"
        names = dict(trace)
        assert names[place].startswith("<fault::Cause>::provoke+0x"), trace
        assert names[f"src/main.rs:{line_of('src/main.rs', 'monitor::run(')}"].startswith(
            "rust_main+0x"), trace
        # The chain of calls ends in the stub.
        place, name = trace[-1]
        assert place.startswith("asm/higher_half.asm:") and name.startswith("higher_half"), trace
        # The screen has the same text as the serial line.
        assert "<fault::Cause>::provoke" in qemu.expect_screen("^The kernel has stopped").string


def exceptions_name_the_instruction():
    for command, function in (("fault invalid-opcode", "provoke::provoke+0x"),
                              ("fault write ffffffff80130000",
                               "violation::commit+0x"),
                              ("fault stack-overflow",
                               "provoke::overflow_stack+0x")):
        with Qemu("-m", "64", "-cdrom", image()) as qemu:
            trace = trace_of(qemu, command)
            first = " ".join(trace[0])
            assert function in first, trace
            assert 3 <= len(trace) <= 8, trace
            # The screen shows the whole report.
            qemu.expect_screen("^The kernel has stopped")
            assert any(row.startswith("exception ") for row in qemu.screen()[:2]), qemu.screen()


def addresses_and_names_are_found():
    with Qemu("-m", "64", "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")
        found = qemu.command("sym monitor::run")
        address = re.search(r"^(0x\w{16}) +\d+ bytes  farjump::monitor::run$", found, re.M)[1]
        place = qemu.command(f"sym {address}")
        assert re.match(r"src/monitor/mod.rs:\d+ farjump::monitor::run\+0x0$", place), place
        assert "no function has" in qemu.command("sym nonsense::of_mine")
        assert "no address" in qemu.command("sym 0x800000000000")
        assert re.match(r"0x0{15}5$", qemu.command("sym 0x5"))
        calls = qemu.command("backtrace")
        assert "monitor::run+0x" in calls and "rust_main+0x" in calls, calls
        # No path contains the directory of the build.
        assert str(ROOT) not in qemu.output and "/root/" not in qemu.output


def add_to(suite):
    for test in (panic_names_functions_and_lines, exceptions_name_the_instruction,
                 addresses_and_names_are_found):
        suite.add(f"symbols::{test.__name__}", test)
