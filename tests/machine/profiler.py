"""The profiler in the kernel: the command `profile`, the files in /proc/farjump, and the samples of
tools/flame.

The clock of the machines counts instructions, so that they don't depend on the host.
"""

import re
import sys

from machine import ROOT
from machine.images import image
from machine.qemu import Qemu

sys.path.insert(0, str(ROOT / "tools"))

from measure import samples  # noqa: E402
from measure.systems import Clock  # noqa: E402

HEAD = r"(\w+): (\d+) Hz by the timer, (\d+) CPUs, \d+ ms\n" \
       r"(\d+) samples of threads, (\d+) of idle CPUs, (\d+) lost: no room\n"
MAX = ("-m", 128, "-icount", "shift=4,sleep=off", "-cpu", "max")


def _head(text):
    """Returns (state, rate, CPUs, samples, idle ones, lost ones) of the command's output."""
    found = re.match(HEAD, text)
    assert found, text
    return (found[1], *map(int, found.groups()[1:]))


def functions_threads_and_stacks_are_shown():
    with Qemu(*MAX, "-smp", 2, "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")
        assert "never started; profile start starts it" in qemu.command("profile")
        assert "doesn't run; profile start starts it" in qemu.command("profile stop")
        assert "from 1 to 20000" in qemu.command("profile start 0")
        assert "from 1 to 65536" in qemu.command("profile start 1 x")
        assert "x: not known here" in qemu.command("profile x")
        assert "sampled 4000 times a second" in qemu.command("profile start 4000")
        assert "runs already; profile stop stops it" in qemu.command("profile start")
        taken = 0
        while taken < 100:
            qemu.command("audit")
            state, rate, cpus, taken, idle, lost = _head(qemu.command("profile 1"))
            assert (state, rate, cpus, lost) == ("running", 4000, 2, 0)
        assert "No more samples" in qemu.command("profile stop")
        report = qemu.command("profile 5")
        assert _head(report)[0] == "stopped"
        assert _head(qemu.command("profile"))[3:] == _head(report)[3:]
        rows = re.findall(r"^ *(\d+\.\d) % +(\d+\.\d) %  (\S.*)$", report, re.M)
        assert len(rows) == 5, report
        assert all(float(own) <= float(total) for own, total, _ in rows), report
        assert [float(own) for own, _, _ in rows] \
            == sorted((float(own) for own, _, _ in rows), reverse=True), report
        # The prompt's commands are those that ran.
        folded = qemu.command("profile folded").splitlines()
        stacks = [re.fullmatch(r"([^; ]+(?:;[^; ]+)*) (\d+)", line) for line in folded]
        assert all(stacks), folded
        assert sum(int(stack[2]) for stack in stacks) == _head(report)[3], folded
        prompt = [stack for stack in stacks
                  if stack[1].startswith("main;higher_half;rust_main;monitor::run;")]
        assert sum(int(stack[2]) for stack in prompt) > 0.9 * taken, folded
        assert any("monitor::commands::memory::audit" in stack[1] for stack in prompt), folded
        threads = qemu.command("profile threads")
        program, kernel, process = re.search(
            r"^ *(\d+\.\d) % +(\d+\.\d) % +1 +(\d+) main$", threads, re.M).groups()
        assert program == "0.0" and float(kernel) > 50 and process == "0", threads


def folded_stacks_follow_programs():
    sampled = samples.take("pipe_roundtrip", 20000, 2, Clock.INSTRUCTIONS)
    kernel = sum(sampled.stacks.values())
    assert kernel > 500 and sampled.lost == 0, sampled
    assert sampled.program > 0 and sampled.others > 0, sampled
    # Nearly all of it are the two calls, and their returns to the program.
    by_call = {name: sum(count for stack, count in sampled.stacks.items() if any(
        re.search(rf"::{name}", function) for function in stack)) for name in ("read", "write")}
    assert by_call["read"] > kernel / 4 and by_call["write"] > kernel / 5, by_call
    outermost = {}
    for stack, count in sampled.stacks.items():
        outermost[stack[0]] = outermost.get(stack[0], 0) + count
    assert outermost["arch::user::system_call::enter"] > 0.9 * kernel, outermost


def samples_are_those_of_the_operation():
    text = f"""noise
{samples.BEGIN}
init;0xffffffff80000010;0xffffffff80000021 3
init;0xffffffff80000010;0xffffffff80000022 4
init;[cut];0xffffffff80000010 1
init;0x401000 5
sample;0xffffffff80000010 6
[lost] 7
{samples.END}
"""
    names = {0xffffffff80000010: ("outer", "inlined"), 0xffffffff80000021: ("inner", "deep"),
             0xffffffff80000022: ("inner",)}
    sampled = samples.parse(text, lambda addresses: {key: names[key] for key in addresses})
    assert sampled == samples.Sampled(
        {("outer", "inner", "deep"): 3, ("outer", "inner"): 4, ("[cut]", "outer", "inlined"): 1},
        program=5, others=6, lost=7), sampled
    table = samples.table(sampled, 1)
    assert "8 samples of the kernel, 5 of the program, 6 of other threads, 7 lost" in table, table
    assert table.endswith("\n   50.0 %        87.5 %  inner"), table


def add_to(suite):
    for test in (functions_threads_and_stacks_are_shown, folded_stacks_follow_programs,
                 samples_are_those_of_the_operation):
        suite.add(f"profiler::{test.__name__}", test)
