"""The monitor's commands for threads and CPUs."""

import json
import re

from machine.images import image
from machine.qemu import Qemu

SMP = ("-smp", 4, "-accel", "tcg,thread=multi")


def rows(text):
    """Returns the words of each line except the first."""
    return [line.split() for line in text.splitlines()[1:]]


def threads_and_cpus_are_listed():
    with Qemu("-m", 128, *SMP, "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")
        assert "clock      ok" in qemu.command("test clock")
        threads = rows(qemu.command("ps"))
        names = [row[1] for row in threads]
        assert names[0] == "main" and names.count("idle") == 4, threads
        assert names.count("watchdog") == 2, threads
        assert sorted(int(row[3]) for row in threads if row[1] == "idle") == [0, 1, 2, 3], threads
        main, = (row for row in threads if row[1] == "main")
        # It has waited for ten sleeps and for keys.
        assert main[2] == "runs" and int(main[-5]) >= 10, main

        cpus = qemu.command("cpus")
        listed = re.findall(r"^ *(\d+) +(\d+) +(\d+) %", cpus, re.M)
        assert [row[:2] for row in listed] == [(str(n), str(n)) for n in range(4)], cpus
        assert all(int(row[2]) <= 100 for row in listed), cpus

        sched = qemu.command("sched")
        counts = [int(count) for count in re.findall(r"^from .* (\d+)  #+$", sched, re.M)]
        assert sum(counts) >= 10, sched


def idle_time_is_counted():
    """The clock counts instructions, so that the idle share doesn't depend on the host."""
    with Qemu("-m", 128, "-icount", "shift=4,sleep=off", "-smp", 2, "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")
        qemu.send("watch ticks\r")
        qemu.expect(r" [2-9]\d\.\d{6} s since the start")
        qemu.send("q")
        qemu.expect("farjump> ")
        cpus = qemu.command("cpus")
        idle_percent = [int(share) for share in re.findall(r"^ *\d+ +\d+ +(\d+) %", cpus, re.M)]
        assert len(idle_percent) == 2 and all(90 <= share < 100 for share in idle_percent), cpus


def locks_are_counted_by_debug_builds():
    """Locks are counted by rank. The release build prints that it doesn't count."""
    longest = r"^interrupts were off for \d+ \w+ at most, on CPU \d"
    for is_debug in (True, False):
        with Qemu("-m", 128, *SMP, "-cdrom", image(is_debug=is_debug)) as qemu:
            qemu.expect("farjump> ")
            locks = qemu.command("locks")
            assert bool(re.search(longest, locks, re.M)) == is_debug, locks
            for rank in ("Input", "Heap", "RunQueue", "Parking", "Console"):
                row = re.search(rf"^{rank} +\d+ +\d+ +\d+ \w+$", locks, re.M)
                assert bool(row) == is_debug, locks
            assert ("Only debug builds count" in locks) != is_debug, locks


def trace_is_a_file_for_perfetto():
    with Qemu("-m", 128, *SMP, "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")
        qemu.command("test clock")
        listed = qemu.command("trace")
        assert re.search(r" wakes 1 \(main\)$", listed, re.M), listed
        events = json.loads(qemu.command("trace json > serial"))
        named = {event["args"]["name"] for event in events if event["name"] == "thread_name"}
        assert named == {f"CPU {number}" for number in range(4)}, named
        runs = [event for event in events if event["ph"] == "X" and event["name"] == "1 main"]
        assert len(runs) >= 10, events
        assert all(event["dur"] >= 0 for event in runs), runs
        # On one CPU, events don't overlap.
        for number in range(4):
            own = [event for event in events if event["ph"] == "X" and event["tid"] == number]
            ends = [event["ts"] + event["dur"] for event in own]
            assert all(end <= event["ts"] + 0.002 for end, event in zip(ends, own[1:])), own


def threads_can_be_asked_to_end():
    with Qemu("-m", 128, *SMP, "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")
        number = next(row[0] for row in rows(qemu.command("ps")) if row[1] == "watchdog")
        assert "watchdog has to end: its wait has ended" in qemu.command(f"kill {number}")
        qemu.command("test clock")
        assert all(row[0] != number for row in rows(qemu.command("ps")))
        assert f"There is no thread {number}; ps lists them." in qemu.command(f"kill {number}")
        idle = next(row[0] for row in rows(qemu.command("ps")) if row[1] == "idle")
        assert "An idle thread can't end." in qemu.command(f"kill {idle}")
        assert "usage: kill NUMBER" in qemu.command("kill x")


def report_shows_where_other_cpus_were():
    with Qemu("-m", 128, *SMP, "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")
        qemu.send("fault page-fault\r")
        qemu.expect("stopped> ")
        others = re.findall(r"^  CPU (\d) +(.*)\r$", qemu.output, re.M)
        assert len(others) == 3, qemu.output[-3000:]
        assert all("idle_for_ever" in place or "halt" in place or ":" in place
                   for _, place in others), others


def top_shows_the_busiest_threads():
    with Qemu("-m", 128, *SMP, "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")
        qemu.send("top\r")
        qemu.expect(r"CPU 3: \d+ % idle since the start")
        qemu.expect(r" \d+ %  +1 main +\d")
        qemu.send("q")
        qemu.expect("farjump> ")


def add_to(suite):
    for test in (threads_and_cpus_are_listed, idle_time_is_counted,
                 locks_are_counted_by_debug_builds, trace_is_a_file_for_perfetto,
                 threads_can_be_asked_to_end, report_shows_where_other_cpus_were,
                 top_shows_the_busiest_threads):
        suite.add(f"threads::{test.__name__}", test)
