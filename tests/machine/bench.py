"""The monitor's `bench`: its table, its histograms, and that it leaves nothing after it."""

import re

from machine.images import image
from machine.qemu import ROWS, Qemu
from machine.tools import ovmf

# Each instruction is one tick of the time stamp counter.
COUNTED = ("-accel", "tcg", "-icount", "shift=0,sleep=off", "-cpu", "max")
COLUMNS = 80
NAMES = ["nothing", "switch", "wake", "interrupt", "fault", "map", "unmap", "frame", "heap-small",
         "heap-large", "spin", "mutex", "copy-4k", "copy-64k", "scroll", "row", "key", "walk",
         "symbol", "backtrace"]
# Those that draw on the screen.
ON_SCREEN = ["scroll", "row", "key"]
NUMBER = r"(\d+k?)"
ROW = re.compile(rf"^([\w-]+) +{' +'.join([NUMBER] * 6)} (\S.*)$", re.M)
UNMEASURED = re.compile(r"^([\w-]+) +not measured: (.*)$", re.M)
BAR = re.compile(r"^ *(\d+) to +(\d+) +(\d+)  (#+)$", re.M)


def number(text):
    return int(text[:-1]) * 1000 if text.endswith("k") else int(text)


def rows_of(output):
    """Returns {name: [min, median, p90, p99, max]} in the order of the table, checked."""
    rows = {name: list(map(number, numbers[:5])) for name, *numbers in ROW.findall(output)}
    for name, values in rows.items():
        assert values == sorted(values), f"{name}: {values}"
    assert all(len(line) <= COLUMNS for line in output.splitlines()), output
    return rows


def state_of(qemu):
    """Returns what the benchmarks have to leave as it was: the pages and tables that the audit
    finds, the frames in use, and the threads."""
    audit = qemu.command("audit")
    assert audit.count("all as it should be") == 2, audit
    frames = re.findall(r"^  ([a-z ]+?) +(\d+) +\d+ KiB$", qemu.command("mem"), re.M)
    threads = re.findall(r"^ +(\d+) (\w+)", qemu.command("ps"), re.M)
    assert dict(frames).keys() >= {"heap", "stacks", "programs", "other"} and threads, frames
    return audit, frames, threads


def operations_have_rows_and_leave_nothing():
    with Qemu("-m", 128, *COUNTED, "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")
        # It also frees memory that other commands have left in caches.
        qemu.command("bench nothing")
        before = state_of(qemu)
        output = qemu.command("bench")
        rows = rows_of(output)
        assert list(rows) == NAMES, output
        assert all(values[0] > 0 for values in rows.values()), output
        assert state_of(qemu) == before
        # 64 KiB take longer than 4 KiB, and a wake-up longer than the switch that it contains.
        assert rows["copy-64k"][1] > 10 * rows["copy-4k"][1], output
        assert rows["wake"][1] > rows["switch"][1] > rows["nothing"][1], output
        assert "isn't invariant" not in output, output


def histograms_count_all_samples():
    with Qemu("-m", 128, *COUNTED, "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")
        for name in NAMES:
            if name in ON_SCREEN:
                continue
            output = qemu.command(f"bench {name}")
            (row, values), = rows_of(output).items()
            samples = int(re.search(r"^(\d+) samples: [a-z].*\.$", output, re.M)[1])
            bars = [(int(low), int(high), int(count), len(bar))
                    for low, high, count, bar in BAR.findall(output)]
            assert row == name and samples == 10_000, output
            assert sum(count for _, _, count, _ in bars) == samples, output
            ends = [end for low, high, *_ in bars for end in (low, high)]
            assert ends == sorted(ends), output
            assert [number(str(end)) for end in (ends[0], ends[-1])] == [values[0], values[-1]], \
                output
            _, _, most, longest = max(bars, key=lambda bar: bar[2])
            assert all(length == -(-count * longest // most) for _, _, count, length in bars), \
                output


def wrong_names_are_refused_with_a_suggestion():
    with Qemu("-m", 64, "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")
        assert qemu.command("bench swich") \
            == "bench: swich: not known here (did you mean switch?); usage: bench [NAME]\n"
        assert "one argument too many" in qemu.command("bench switch wake")


def ctrl_c_ends_it():
    with Qemu("-m", 64, "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")
        qemu.command("bench nothing")
        threads = qemu.command("ps").count("\n")
        # Typed before the first sample.
        qemu.send_at_once("bench\r\x03")
        qemu.expect(r"bench\r\n")
        begin = qemu.position()
        qemu.expect("farjump> ")
        assert not ROW.search(qemu.output[begin:]), qemu.output[begin:]
        assert qemu.command("ps").count("\n") == threads
        assert list(rows_of(qemu.command("bench spin"))) == ["spin"]


def screen_keeps_its_text():
    """The benchmarks of the screen draw on the terminal's second screen."""
    for video, firmware in (("", ()), ("1024x768x32", ()), ("", ("-bios", ovmf()))):
        with Qemu("-m", 128, "-cpu", "max", *firmware, "-cdrom",
                  image(video=video, bios_only=not firmware)) as qemu:
            qemu.expect("farjump> ")
            for name in reversed(ON_SCREEN):
                qemu.command("clear")
                qemu.command("echo this stays")
                output = qemu.command(f"bench {name}")
                assert list(rows_of(output)) == [name]
                if not video and not firmware:
                    # The histogram may have more lines than the screen.
                    lines = ["farjump> echo this stays", "this stays", f"farjump> bench {name}",
                             *output.splitlines(), "farjump>"]
                    expected = re.escape("\n".join(lines[-ROWS:]))
                    qemu.expect_screen(rf"\A{expected}\n*\Z")


def other_machines_have_all_rows():
    """Several CPUs; PICs in charge; a counter that isn't invariant."""
    for cmdline, *arguments in (
            ("", "-cpu", "max", "-smp", 4, "-accel", "tcg,thread=multi"),
            ("noapic", "-cpu", "qemu64"),
            ("safe", "-cpu", "qemu64,-hypervisor", "-smp", 2)):
        with Qemu("-m", 128, *arguments, "-cdrom", image(cmdline)) as qemu:
            qemu.expect("farjump> ")
            qemu.command("bench nothing")
            before = state_of(qemu)
            output = qemu.command("bench")
            assert list(rows_of(output)) == NAMES, output
            assert state_of(qemu) == before
            assert ("isn't invariant" in output) == ("-hypervisor" in arguments[1]), output


def without_a_screen_the_other_rows_remain():
    with Qemu("-m", 128, "-bios", ovmf(), "-vga", "none", "-cdrom",
              image(bios_only=False)) as qemu:
        qemu.expect("farjump> ")
        output = qemu.command("bench")
        assert UNMEASURED.findall(output) \
            == [(name, "there is no screen") for name in ON_SCREEN], output
        assert list(rows_of(output)) == [name for name in NAMES if name not in ON_SCREEN], output


def add_to(suite):
    for test in (operations_have_rows_and_leave_nothing, histograms_count_all_samples,
                 wrong_names_are_refused_with_a_suggestion, ctrl_c_ends_it,
                 screen_keeps_its_text, other_machines_have_all_rows,
                 without_a_screen_the_other_rows_remain):
        suite.add(f"bench::{test.__name__}", test)
