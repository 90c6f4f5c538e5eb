"""tools/bench-linux --growth: what it makes of counts, and that no operation of Farjump grows by more
than it may."""

import sys

from machine import ROOT, images

sys.path.insert(0, str(ROOT / "tools"))

from measure import growth, systems, table  # noqa: E402
from measure.run import Refusal, Run, parse  # noqa: E402

# A family with parameters in both of its systems.
REGIONS = """op mprotect_regions_1 100 100 100 9
op mprotect_regions_100 130 140 150 9
op mprotect_regions_10000 151 {} 152 9
op fork_exit_wait_regions_1 10 10 10 3
op fork_exit_wait_regions_10000 900 900 900 3
"""


def row_is_compared_with_its_smallest_parameter():
    within, above = parse(REGIONS.format(150)), parse(REGIONS.format(151))
    rows = growth.rows({"farjump": [above], "linux": [within]})
    mprotect, fork = rows
    assert mprotect.figures["linux"] == {1: 100, 100: 140, 10000: 150}, mprotect
    assert mprotect.ratio("farjump") == 1.51 and mprotect.ratio("linux") == 1.5, mprotect
    assert growth.breaches(rows) == ["mprotect takes 1.51 times as many instructions with more "
                                     "regions in the address space; the limit is 1.5"], rows
    # It is shown for reference, without a limit.
    assert fork.ratio("farjump") == 90 and not fork.is_above("farjump"), fork
    assert growth.breaches(growth.rows({"farjump": [within], "linux": [above]})) == []
    text = growth.text(rows, is_markdown=True)
    assert "| mprotect | 100 | 140 | 151 | 1.51 ! | 100 | 140 | 150 | 1.50 |" in text, text
    assert "| fork_exit_wait | 10 | - | 900 | 90.00 |" in text, text
    assert table.as_text(growth.cells(growth.FAMILIES[0], [])).startswith("CPUs"), text


def counts_of_all_cpus_are_one_figure():
    """Each sample has a line of each CPU: its kernel, its program, its turns spent spinning."""
    run = Run(batches={"pipe_self_cpus_2": 10, "create_unlink_cpus_2": 5})
    lines = ["cpu 0 90 10 0", "cpu 1 80 10 10", "cpu 1 290 10 0", "cpu 0 300 10 190",
             "cpu 1 100 0 0", "cpu 0 100 0 0", "cpu 0 200 0 0", "cpu 1 200 0 0"]
    growth.add_figures(run, lines, 2)
    assert str(run.figures["pipe_self_cpus_2"]) == "10 25 40", run
    assert str(run.figures["create_unlink_cpus_2"]) == "20 30 40", run
    try:
        growth.add_figures(run, lines[:-1], 2)
    except Refusal as refusal:
        assert "7 counts of 2 operations on 2 CPUs" in str(refusal)
    else:
        raise AssertionError("a count is missing")


def units_share_machines_of_the_same_cpus():
    found = growth.machines(["cpus_1", "cpus_4", "alive_10", "files_10"])
    assert [machine for machine in found if machine[0] == "farjump"] == [
        ("farjump", 1, ["cpus_1"]), ("farjump", 4, ["cpus_4"]),
        ("farjump", 1, ["alive_10", "files_10"])], found
    assert len(found) == 6, found


def count(cpus, units):
    """Runs units on Farjump; returns the run."""
    images.kernel_path()
    systems.build_archive()
    run = growth.boot("farjump", cpus, units)
    missing = [name for name in growth.names(units) if name not in run.figures]
    assert not missing and not run.failures and not run.skips, (missing, run)
    return run


def operations_stay_cheap_with_much_of_everything():
    """With processes, regions and files; the whole table has more of each."""
    units = ["alive_10", "alive_1000", "regions_1", "regions_100", "files_10", "files_10000"]
    run = count(1, units)
    breaches = growth.breaches(growth.rows({"farjump": [run]}))
    assert not breaches, breaches
    assert run.checks["fork_exit_wait_any_alive_1000"] == 100, run.checks
    assert run.checks["sleepers_alive_1000"] == 1000, run.checks
    assert run.checks["readdir_entry_files_10000"] == 10002, run.checks


def operations_stay_cheap_on_several_cpus():
    runs = [count(cpus, [f"cpus_{cpus}"]) for cpus in (1, 4)]
    breaches = growth.breaches(growth.rows({"farjump": runs}))
    assert not breaches, breaches
    # The processes of all four CPUs have done their work.
    assert all(runs[1].checks[name] == 4 for name in growth.names(["cpus_4"])), runs[1].checks
    # It shares nothing: a CPU's own instructions are those of a machine with one.
    one, four = (run.figures[f"pipe_self_cpus_{cpus}"].median for run, cpus in zip(runs, (1, 4)))
    assert abs(four - one) <= 0.01 * one, (one, four)


def add_to(suite):
    for test in (row_is_compared_with_its_smallest_parameter, counts_of_all_cpus_are_one_figure,
                 units_share_machines_of_the_same_cpus,
                 operations_stay_cheap_with_much_of_everything,
                 operations_stay_cheap_on_several_cpus):
        suite.add(f"growth::{test.__name__}", test)
