"""tools/bench-linux, with machines that print what a test says: what it refuses to compare."""

import json
import pathlib
import subprocess
import sys
import tempfile
from xml.etree import ElementTree

from machine import BUILD, ROOT, images
from machine.tools import call

sys.path.insert(0, str(ROOT / "tools"))

from measure import comparison, growth, storage, systems, thresholds, verified  # noqa: E402
from measure.operations import NAMES  # noqa: E402
from measure.run import Refusal, parse  # noqa: E402

GOOD = """begin\r
batch fib30 1\r
op fib30 100 101 103 9\r
check fib30 832040\r
end\r
"""

# The tool, on machines whose output is in the standard input: {system: [its runs]}.
ON_STAND_INS = """
import json, runpy, sys
sys.path.insert(0, {tools!r})
from measure import run, systems
outputs = json.load(sys.stdin)
systems.boot = lambda key, clock, names=(), plugin=None: run.parse_whole(
    systems.SYSTEMS[key].title, outputs[key].pop().replace("\\r", ""))
systems.build_archive = lambda: None
systems.linux.kernel = lambda: systems.BUILD / "vmlinuz-1"
systems.images.kernel_path = lambda: None
sys.argv[0] = {tool!r}
runpy.run_path({tool!r}, run_name="__main__")
"""


def on_stand_ins(*arguments, tool="bench-linux", **outputs):
    """Runs the tool; each system prints GOOD in its runs, unless `outputs` has other texts.
    Returns (status, standard output, errors, the table as JSON)."""
    outputs = {key: list(outputs.get(key, [GOOD] * 5))
               for key in ("linux", "linux_unmitigated", "farjump")}
    script = ON_STAND_INS.format(tools=str(ROOT / "tools"), tool=str(ROOT / "tools" / tool))
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        table = pathlib.Path(folder) / "table.json"
        done = subprocess.run([sys.executable, "-c", script, "--only", "fib30", "--json", table,
                               *arguments], input=json.dumps(outputs), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        written = json.loads(table.read_text()) if table.exists() else None
    return done.returncode, done.stdout, done.stderr, written


def table_has_the_ratio_to_the_faster_linux():
    slow = GOOD.replace("100 101 103", "200 202 206")
    status, text, errors, written = on_stand_ins("--instructions", linux=[slow] * 2)
    assert status == 0 and "fib30" in text, errors
    row = written["operations"]["fib30"]
    assert row["instructions"] == {"linux": 202, "linux_unmitigated": 101, "farjump": 101}, row
    assert row["instruction_ratio"] == 1 and written["checks"] == {"fib30": 832040}, written
    # Of ticks the minimum of all runs counts.
    fast = GOOD.replace("100 101 103", "50 60 70")
    status, text, errors, written = on_stand_ins("--ticks", farjump=[GOOD, fast, GOOD])
    assert status == 0 and written["operations"]["fib30"]["tick_ratio"] == 0.5, (errors, written)


def chart_has_a_bar_for_each_ratio():
    """As long as the ratio, by the scale between the lines of half of Linux and of Linux."""
    slow = GOOD.replace("100 101 103", "130 131 133")
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        file = pathlib.Path(folder) / "chart.svg"
        status, _, errors, written = on_stand_ins("--chart", file, linux=[slow] * 5,
                                                  linux_unmitigated=[slow] * 5, farjump=[GOOD] * 5)
        assert status == 0, errors
        chart = ElementTree.parse(file).getroot()
    row = written["operations"]["fib30"]
    bars = [(float(bar.get("x")), float(bar.get("width")))
            for bar in chart.findall("{*}rect") if bar.get("x")]
    half, whole = (float(line.get("x1")) for line in chart.findall("{*}line"))
    for (left, width), ratio in zip(bars, (row["instruction_ratio"], row["tick_ratio"])):
        assert abs(left + width - half - (ratio - 0.5) * 2 * (whole - half)) < 0.5, (bars, row)
    assert len(bars) == 2 and row["instruction_ratio"] != row["tick_ratio"], (bars, row)


def refused(complaint, **outputs):
    status, text, errors, written = on_stand_ins("--instructions", **outputs)
    assert status == 1 and complaint in errors and not text and not written, (text, errors)


def second_run_that_differs_is_refused():
    for other in ("101 101 103", "100 102 103", "100 101 104"):
        refused("Farjump: two runs differ: fib30: ",
                farjump=[GOOD, GOOD.replace("100 101 103", other)])
    refused("Linux: two runs differ: fib30: ", linux=[GOOD.replace("100 101", "99 101"), GOOD])


def other_check_value_is_refused():
    other = GOOD.replace("832040", "832041")
    refused("check values differ: fib30: Linux 832040, Linux mitigations=off 832040, "
            "Farjump 832041", farjump=[other] * 2)
    refused("check values differ: fib30", linux=[other] * 2)
    # None at all is no agreement, either.
    refused("check values differ: fib30", farjump=[GOOD.replace("check fib30 832040\r\n", "")] * 2)


def operation_that_fails_is_refused():
    refused("Farjump: fib30 has no figure", farjump=["begin\nend\n"] * 2)
    refused("Farjump: failed fib30 11", farjump=[GOOD + "failed fib30 11\r\n"] * 2)
    refused("Farjump has ended too early", farjump=[GOOD.replace("end\r\n", "")] * 2)


def operation_that_a_kernel_lacks_is_shown():
    status, text, errors, written = on_stand_ins(
        "--instructions", farjump=["begin\r\nskip fib30 38\r\nend\r\n"] * 2)
    assert status == 0 and "ENOSYS" in text, (text, errors)
    assert written["operations"]["fib30"]["skips"] == {"farjump": 38}, written


def checked(thresholds, count, *arguments):
    """Runs the tool with these lines as thresholds, on a Farjump that counts `count` for fib30;
    returns (status, standard output, errors, the thresholds as lines, without comments)."""
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        file = pathlib.Path(folder) / "thresholds"
        if thresholds:
            file.write_text("# rustc 1.0.0\n" + thresholds)
        text = GOOD.replace("100 101 103", f"{count} {count} {count}")
        status, text, errors, _ = on_stand_ins("--check", "--thresholds", file, *arguments,
                                               farjump=[text])
        left = [line for line in file.read_text().splitlines() if not line.startswith("#")] \
            if file.exists() else []
    return status, text, errors, left


def breach_of_a_threshold_is_reported():
    status, text, errors, left = checked("fib30 10000\n", 10051)
    assert status == 1 and left == ["fib30 10000"], (errors, left)
    assert "fib30 takes 10,051 instructions, 0.5 % more than its threshold, 10,000" in errors
    assert "the thresholds are of rustc 1.0.0, this is rustc" in errors, errors
    # Nor is it by --tighten that a threshold rises.
    assert checked("fib30 10000\n", 10051, "--tighten")[0] == 1
    for count in (9950, 10000, 10050):
        status, text, errors, left = checked("fib30 10000\n", count)
        assert status == 0 and "faster" not in text and not errors, (text, errors)


def missing_threshold_and_figure_are_reported():
    for lines in ("", "syscall_getpid 172\n"):
        status, _, errors, _ = checked(lines, 10000)
        assert status == 1 and "fib30 has no threshold" in errors, errors
    status, _, errors, _ = on_stand_ins("--check", farjump=["begin\nskip fib30 38\nend\n"])
    assert status == 1 and "fib30 has no figure: error 38" in errors, errors


def improvement_tightens_the_threshold():
    status, text, errors, left = checked("fib30 10000\n", 9949)
    assert status == 0 and left == ["fib30 10000"], (errors, left)
    assert "faster: fib30 takes 9,949 instructions, 0.5 % less" in text, text
    status, text, errors, left = checked("fib30 10000\nsyscall_getpid 172\nno_longer_there 1\n",
                                         9949, "--tighten")
    assert status == 0, errors
    assert [line.split() for line in left] == [["syscall_getpid", "172"], ["fib30", "9949"]], left


def thresholds_are_those_of_all_operations():
    limits, compiler = thresholds.read()
    assert tuple(limits) == thresholds.NAMES and compiler.startswith("rustc "), (limits, compiler)


def unknown_operations_are_refused():
    done = call("bench-linux", "--only", "fib30,fib31")
    assert done.returncode == 2 and "there is no operation fib31" in done.stderr, done


def tool_and_program_have_the_same_operations():
    assert call("bench-programs").returncode == 0
    listed = subprocess.run([BUILD / "bench/bench", "--list"], stdout=subprocess.PIPE, text=True,
                            check=True).stdout.split()
    names = [*NAMES, *growth.UNITS, *storage.NAMES, *verified.NAMES]
    assert sorted(listed) == sorted(names), (listed, names)


def program_runs_what_it_is_asked_for():
    """On the host; a name that it doesn't know chooses nothing."""
    def lines(*arguments):
        done = subprocess.run([BUILD / "bench/bench", *arguments], stdout=subprocess.PIPE,
                              text=True)
        return done.returncode, done.stdout

    assert call("bench-programs").returncode == 0
    status, text = lines("page_fault_cow,syscall_getpid", "no-such-operation")
    run = parse(text)
    assert status == 2 and "unknown no-such-operation\n" in text, text
    assert list(run.figures) == ["page_fault_cow", "syscall_getpid"], text
    assert run.checks == {"cow_isolation": 1, "syscall_getpid": 1}, text
    assert run.batches["syscall_getpid"] == 10000, text
    for figure in run.figures.values():
        assert 0 < figure.minimum <= figure.median <= figure.maximum and figure.samples == 9, text


# Two operations on a disk, and what the plugin writes of their samples.
ON_DISK = """op disk_unlink 1 2 3 3
batch disk_unlink 1
op disk_stat_warm 1 2 3 3
batch disk_stat_warm 10
"""
MARKS = ["mark 100 5", "mark 900 5 locked=3", "mark 120 5", "mark 1000 5", "mark 1010 5",
         "mark 1020 5"]


def disk_figure_is_the_median_of_the_kernels_instructions():
    counts = storage.kernel_counts(parse(ON_DISK), MARKS)
    assert counts == {"disk_unlink": 120, "disk_stat_warm": 101}, counts
    # Samples in which the disk has answered before the process beside could run are left out.
    marks = ["mark 100 5", "mark 900 77", "mark 120 5", *MARKS[3:]]
    assert storage.kernel_counts(parse(ON_DISK), marks)["disk_unlink"] == 900
    try:
        storage.kernel_counts(parse(ON_DISK), MARKS[:-1])
    except Refusal as refusal:
        assert "5 counts of 2 operations" in str(refusal)
    else:
        raise AssertionError("a count is missing")


def disk_table_shows_how_much_runs_differ():
    def runs(*figures):
        return [{"disk_unlink": figure} for figure in figures]
    rows = storage.rows({"linux": runs(200, 210, 190), "linux_unmitigated": runs(240),
                         "farjump": runs(100, 100, 101)})
    assert len(rows) == 1 and rows[0].ratio() == 0.5, rows
    assert storage.cells(rows)[1] == ["disk_unlink", "200", "240", "100", "0.500", "10.0 %", "0.0 %",
                                      "1.0 %"], storage.cells(rows)
    written = json.loads(storage.as_json(rows, {}, {}))["operations"]["disk_unlink"]
    assert written["runs"]["linux"] == [200, 210, 190] and written["ratio"] == 0.5, written


def operations_on_a_disk_do_their_work():
    """Those that are quick; the plugin counts each sample."""
    images.kernel_path()
    systems.build_archive()
    names = ["disk_read_4k_direct", "disk_write_1m_fsync", "disk_create_4k_fsync", "disk_unlink"]
    run, counts = storage.count("farjump", names)
    assert list(counts) == names and not run.failures and not run.skips, run
    assert run.checks["disk_write_1m_fsync"] == 16 << 20, run.checks
    assert run.checks["disk_create_4k_fsync"] == run.checks["disk_unlink"] == 64, run.checks


def rows_without_a_figure_have_no_ratio():
    rows = comparison.rows({"farjump": parse(GOOD)}, {})
    assert len(rows) == 1 and rows[0].instruction_ratio() is None


def add_to(suite):
    for test in (table_has_the_ratio_to_the_faster_linux, chart_has_a_bar_for_each_ratio,
                 second_run_that_differs_is_refused, other_check_value_is_refused,
                 operation_that_fails_is_refused, operation_that_a_kernel_lacks_is_shown,
                 unknown_operations_are_refused, tool_and_program_have_the_same_operations,
                 disk_figure_is_the_median_of_the_kernels_instructions,
                 disk_table_shows_how_much_runs_differ, operations_on_a_disk_do_their_work,
                 program_runs_what_it_is_asked_for, rows_without_a_figure_have_no_ratio,
                 breach_of_a_threshold_is_reported, missing_threshold_and_figure_are_reported,
                 improvement_tightens_the_threshold, thresholds_are_those_of_all_operations):
        suite.add(f"benchmarks::{test.__name__}", test)
