"""Reports of panics and faults in all places, and the prompt after them.

Most tests restore a snapshot of a machine at the prompt, so that each failure is the first
one of its kernel.
"""

import re
import subprocess

from machine import ROOT, gdb
from machine.images import image, kernel_path
from machine.qemu import Qemu
from machine.stopped import ANOTHER, PROMPT, STOPPED, ask, report_of, snapshot

FAULT_SOURCE = "src/monitor/commands/session/fault.rs"
PROVOKE_SOURCE = "src/arch/debug/provoke.rs"

# For each failure: the report's title, the failing function, and the text of its line.
CAUSES = {
    "panic": ("panic: provoked by the command fault", "fault::",
              (FAULT_SOURCE, 'panic!("provoked by')),
    "page-fault": ("exception 14, #PF", "provoke::provoke+0x", (PROVOKE_SOURCE, " asm!(")),
    "invalid-opcode": ("exception 6, #UD", "provoke::provoke+0x", (PROVOKE_SOURCE, " asm!(")),
    "divide-error": ("exception 0, #DE", "provoke::provoke+0x", (PROVOKE_SOURCE, " asm!(")),
    "general-protection": ("exception 13, #GP", "provoke::provoke+0x",
                           (PROVOKE_SOURCE, " asm!(")),
    "stack-overflow": ("exception 8, #DF", "provoke::overflow_stack+0x",
                       (PROVOKE_SOURCE, "overflow_stack() + core")),
    "double-fault": ("exception 8, #DF", "provoke::provoke+0x", (PROVOKE_SOURCE, " asm!(")),
}
# The places of the failures, each with a function in its chain of calls. (Release
# builds inline some functions.)
PLACES = {
    "": r"fault::provoke_named\+0x",
    # The dispatcher may be inlined into the entry.
    " in interrupt": r"(irq|entry)::(dispatch|handle)\+0x",
    " in screen": r"fault::provoke_(in|named)\+0x|while_locked::<",
    " in serial": r"fault::provoke_(in|named)\+0x|while_locked::<",
    " in heap": r"fault::provoke_(in|named)\+0x|while_locked::<",
}
# For each failure within a report, the second report's title, function and line.
IN_REPORT = {
    "panic-in-report": ("panic: provoked within a report",
                        "<fault::PanicsWhenShown as ",
                        (FAULT_SOURCE, 'panic!("provoked within')),
    "page-fault-in-report": ("exception 14, #PF",
                             "<fault::FaultsWhenShown as ",
                             (PROVOKE_SOURCE, " asm!(")),
}
# For QEMU's monitor: an uncorrected error in bank 1.
MACHINE_CHECK = "mce 0 1 0xb200000000000115 0x4 0 0"


def line_of(file, text):
    """Returns the number of the line of a source file that contains `text`."""
    lines = (ROOT / file).read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def place_of(source):
    """Returns the place of a text in a source file, as reports write it."""
    return f"{source[0]}:{line_of(*source)}"


def trace_in(text):
    """Returns the trace of a report, as (place, function)."""
    lines = re.search(r"^  trace  (.*\n(?: {9}.*\n)*)", text, re.M)[1].splitlines()
    return [line.strip().partition(" ")[::2] for line in lines]


def failures_are_reported(place):
    """Each failure in each place of the kernel: the report, its trace, no reset."""
    with snapshot() as machine:
        for cause, (title, function, source) in CAUSES.items():
            report = machine.fail(cause + place)
            assert re.search("^" + re.escape(title), report, re.M), report
            assert ANOTHER not in report, report
            trace = trace_in(report)
            assert any(function in name and where == place_of(source)
                       for where, name in trace), report
            # A recursion fills the trace, so its first caller isn't shown.
            if cause != "stack-overflow":
                assert any(re.search(PLACES[place], name) for _, name in trace), report
                assert any(where.startswith(FAULT_SOURCE) for where, _ in trace), report
            assert "The kernel has stopped" in report, report
            # The whole chain begins with the same call as the report's.
            chain = machine.ask("backtrace").splitlines()
            # Some instructions have no line.
            innermost = trace[0][1] or trace[0][0]
            assert chain[0].endswith(innermost.partition("::")[2]), (chain, report)
            assert "higher_half" in chain[-1], chain


def failures_within_reports_are_reported():
    with snapshot() as machine:
        for cause, (title, function, source) in IN_REPORT.items():
            for place in PLACES:
                report = machine.fail(cause + place)
                # The first report has begun.
                first, found, second = report.partition(ANOTHER)
                assert found and "\npanic: " in first, report
                assert second.count(title) == 1, report
                trace = trace_in(second)
                assert any(function in name for _, name in trace), report
                assert place_of(source) in [where for where, _ in trace], report
                # `backtrace` shows the first failure.
                chain = machine.ask("backtrace")
                assert "fault::Cause>::provoke+0x" in chain, chain
                assert "panic::write_report" not in chain, chain


def prompt_answers_on_serial():
    with snapshot() as machine:
        machine.fail("panic")
        ask = machine.ask
        names = ask("help")
        assert {"backtrace", "log", "peek", "reboot"} <= set(names.split()), names
        assert "fault" not in names.split(), names
        assert re.search(r"^farjump::|rust_main", ask("sym rust_main"))
        peeked = ask("peek rust_main")
        assert re.search(r"^[0-9a-f]{16}  [0-9a-f]{4} [0-9a-f]{4} ", peeked, re.M), peeked
        assert "can't be read" in ask("peek 1000")
        assert "4 KiB page at 0x" in ask("pt rust_main")
        chain = ask("backtrace")
        assert "provoke_named+0x" in chain and "report_prompt" not in chain, chain
        assert place_of((FAULT_SOURCE, 'panic!("provoked by')) in chain, chain
        assert "irq: interrupts on" in ask("log")
        assert ask("log error") == ""
        assert re.search("rust_main:\n[0-9a-f]{16} \\+0 +[0-9a-f]+ +push", ask("disasm rust_main"))
        assert re.search("^CR0 ", ask("cr"), re.M | re.I)
        assert "of 60 KiB in use" in ask("stack")
        tss, idt = ask("tss"), ask("idt")
        # No program has run.
        assert re.search("^RSP0 0x0{16}  unused$", tss, re.M), tss
        assert "top of the double fault IST stack" in tss, tss
        assert "#PF" in idt, idt
        assert ask("nonsense").startswith("no such command: nonsense")
        assert "did you mean help" in ask("hepl")
        assert "peek: xyz: neither" in ask("peek xyz")
        assert "log: loud: not known here; usage: log" in ask("log loud")
        assert "needs a running kernel" in ask("fault panic")
        assert ask("   ") == ""
        # A line with corrections.
        machine.qemu.send("fault\x15cX\x7fr cr")
        machine.qemu.expect("X\x08 \x08r cr")
        assert re.search("^CR0 ", ask("0"), re.M | re.I)


def prompt_survives_any_input():
    with snapshot() as machine:
        machine.fail("page-fault")
        machine.qemu.send_bytes(b"x" * 10_000 + b"\r")
        machine.qemu.expect(r"x{120}\r\n")
        machine.qemu.expect("^no such command: x+")
        machine.qemu.expect("^" + STOPPED)
        machine.qemu.send_bytes(bytes(range(128, 256)) * 8 + bytes(range(0x20)) * 4
                                + b"\x1b[\x00\x1b\x1b[999;999~\xf0\x9f\x98\x80\x03")
        assert re.search("^CR2 ", machine.ask("cr cr2"), re.M | re.I)
        # Ctrl-C ends a very long output; a line that is typed after it is a command.
        machine.qemu.send("hexdump ffff800000000000 ffffffff\r")
        machine.qemu.expect("^ffff800000001000")
        machine.qemu.send("nonsense\r\x03")
        begin = machine.qemu.expect(r"\^C\r\n" + STOPPED).end()
        assert "CR2" in machine.ask("cr cr2").upper()
        # Input before Ctrl-C is dropped.
        assert "nonsense" not in machine.qemu.output[begin:], machine.qemu.output[begin:]
        # A line that is typed while a command runs is the next command.
        machine.qemu.send("log\rsym rust_main\r")
        machine.qemu.expect("bytes  rust_main")


def prompt_answers_on_the_keyboard():
    with snapshot() as machine:
        for how in ("panic in screen", "divide-error in interrupt"):
            machine.fail(how)
            machine.qemu.type_keys("lox\bg error\n")
            machine.qemu.expect(r"lox\x08 \x08g error\r\n" + STOPPED)
            machine.qemu.expect_screen("^stopped> log error$")
            machine.qemu.type_keys("sym rust_main\n")
            machine.qemu.expect("bytes  rust_main")
            machine.qemu.expect_screen("bytes  rust_main\nstopped>$")


def every_command_answers(place):
    """Runs each listed command without arguments and as in its example: none waits for a
    held lock, none fails."""
    with snapshot() as machine:
        machine.fail(place)
        names = machine.ask("help").partition("\nhelp COMMAND")[0].split()
        assert len(names) >= 15, names
        for name in names:
            about = machine.ask(f"help {name}")
            assert "after a report, too" in about, about
            if name == "reboot":
                continue
            for line in (name, re.search(r"^example  (.*)$", about, re.M)[1]):
                answer = machine.ask(line)
                assert not re.search(r"^panic: |^exception |another failure|has stopped",
                                     answer.replace("\x1b[1;37;41m", ""), re.M), (line, answer)
        # Debug builds show the ranks of held locks.
        assert "The kernel has stopped" not in machine.ask("log")


EVERYWHERE = ("panic", "panic in interrupt", "panic in screen", "panic in serial",
              "page-fault in heap", "panic-in-report in heap", "stack-overflow", "double-fault",
              "nmi", "machine-check")


def prompt_restarts_the_machine():
    for how in ("reboot", "control-alt-delete"):
        with Qemu("-m", "64", "-cdrom", image()) as qemu:
            qemu.expect(PROMPT)
            qemu.send("fault panic in heap\r")
            report_of(qemu)
            if how == "reboot":
                qemu.send("reboot\r")
            else:
                qemu.tap("ctrl", "alt", "delete")
            _, cause = qemu.wait_end()
            assert cause == "guest-reset" and not qemu.has_triple_faulted(), (how, cause)


def address_of(symbol):
    """Returns the address of a symbol of the kernel."""
    text = subprocess.run(["nm", "-C", kernel_path()], stdout=subprocess.PIPE, text=True,
                          check=True).stdout
    return re.search(rf"^([0-9a-f]{{16}}) \w {re.escape(symbol)}$", text, re.M)[1]


def failures_of_the_prompt_are_reported():
    """Makes the number of the keyboard's layout invalid, so that `layout` panics."""
    layout = address_of("farjump::drivers::char::keyboard::LAYOUT")
    with snapshot() as machine:
        machine.fail("panic in screen")
        machine.ask(f"poke {layout} ff")
        for _ in range(3):
            machine.qemu.send("layout\r")
            report = machine.report()
            assert "panic: index out of bounds" in report and ANOTHER not in report, report
            assert "  where  src/drivers/char/keyboard.rs:" in report, report
            chain = machine.ask("backtrace")
            assert "layout" in chain and "report_prompt::run" in chain, chain
        machine.ask(f"poke {layout} 0")
        assert "* us" in machine.ask("layout")


def failures_of_the_prompt_come_to_an_end():
    """After too many failures the kernel halts, and doesn't reset."""
    layout = address_of("farjump::drivers::char::keyboard::LAYOUT")
    for how in ("panic", "double-fault"):
        with snapshot() as machine:
            machine.fail(how)
            machine.ask(f"poke {layout} ff")
            failures = 0
            machine.qemu.send("layout\r")
            while machine.qemu.expect(f"^{STOPPED}|Reset the machine to start")[0] == STOPPED:
                failures += 1
                assert failures <= 16, "the failures don't end"
                machine.qemu.send("layout\r")
            assert failures == 15, failures
            machine.qemu.wait_for(machine.qemu.has_halted_for_good,
                                  lambda: machine.qemu.monitor("info registers"))


def nmi_is_reported_while_the_prompt_waits():
    with snapshot() as machine:
        for how in ("panic", "page-fault in interrupt", "double-fault", "nmi"):
            machine.fail(how)
            for _ in range(5):
                # IRET unblocks the next NMI.
                assert "can't be read" in machine.ask("peek 1000")
                machine.qemu.monitor("nmi")
                report = machine.report()
                assert "exception 2, NMI" in report and ANOTHER not in report, report
                assert "report on the NMI IST stack" in report, report
            machine.qemu.type_keys("sym rust_main\n")
            machine.qemu.expect("bytes  rust_main")


def machine_check_is_reported_while_the_prompt_waits():
    with snapshot() as machine:
        for how in ("panic", "general-protection in serial", "stack-overflow"):
            machine.fail(how)
            for _ in range(3):
                machine.qemu.monitor(MACHINE_CHECK)
                report = machine.report()
                assert "exception 18, #MC" in report and ANOTHER not in report, report
                assert "MCG_STATUS 0x4, bank 1: 0xb200000000000115" in report, report
            machine.qemu.type_keys("sym rust_main\n")
            machine.qemu.expect("bytes  rust_main")


def bring_up_fails_with_a_report():
    """At the beginning of a step, gdb makes the kernel start its log a second time, which is
    a panic, or continue at an unmapped address."""
    for step in ("boot::start", "arch::cpu::features::start", "console::start_early", "mm::start",
                 "symbols::start", "arch::irq::pic::start"):
        with Qemu("-m", "64", "-cdrom", image(), gdb=True, paused=True) as qemu:
            jump(qemu, step, address_of("farjump::klog::start"))
            report = report_of(qemu)
            assert re.search(r"^panic: the log is started once: ", report, re.M), report
            assert f"  where  {place_of(('src/klog.rs', 'set_logger(&LOGGER)'))}:" in report, report
            assert "  stack  RSP 0x" in report and "  trace  " in report, report
            assert "serial" in ask(qemu, "log")
            assert not qemu.has_triple_faulted()
    for step in ("mm::start", "symbols::start", "arch::irq::pic::start"):
        with Qemu("-m", "64", "-cdrom", image(), gdb=True, paused=True) as qemu:
            jump(qemu, step, "0000600000000000")
            report = report_of(qemu)
            assert "exception 14, #PF" in report, report
            assert "execution of 0x0000600000000000 by the kernel" in report, report
            assert "needs a running kernel" in ask(qemu, "info")
            assert not qemu.has_triple_faulted()


def jump(qemu, step, address):
    """Makes the kernel continue at an address in place of the step's function."""
    gdb.run(qemu, f"hbreak *0x{address_of(f'farjump::{step}')}", "continue", "delete",
            f"set $pc = 0x{address}")


def add_to(suite):
    for place in PLACES:
        name = place.rpartition(" ")[2] or "code"
        suite.add(f"reports::failures_are_reported_in_{name}",
                  lambda place=place: failures_are_reported(place))
    for place in EVERYWHERE:
        suite.add(f"reports::every_command_answers_after_{place.replace(' ', '_')}",
                  lambda place=place: every_command_answers(place))
    for test in (failures_within_reports_are_reported, prompt_answers_on_serial,
                 prompt_survives_any_input, prompt_answers_on_the_keyboard, prompt_restarts_the_machine,
                 failures_of_the_prompt_are_reported, failures_of_the_prompt_come_to_an_end,
                 nmi_is_reported_while_the_prompt_waits,
                 machine_check_is_reported_while_the_prompt_waits,
                 bring_up_fails_with_a_report):
        suite.add(f"reports::{test.__name__}", test)
