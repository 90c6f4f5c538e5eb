"""tools/bench-compute: the code is the same in all executables, and computes the same in the UEFI
application and in the kernel."""

import pathlib
import sys
import tempfile

from machine import ROOT

sys.path.insert(0, str(ROOT / "tools"))

from measure import settings, settings_table  # noqa: E402
from measure.run import Refusal, parse, refuse_other_checks  # noqa: E402
from measure.systems import Clock  # noqa: E402

GOOD = """op fib30 100 101 103 9
check fib30 832040
op gemv512_f32 500 510 520 9
check gemv512_f32 7
"""
WITH_AVX2 = GOOD + "op gemv512_f32_avx2 50 51 52 9\ncheck gemv512_f32_avx2 7\n"


def executables_have_the_same_code():
    digests = settings.digests(settings.build(), settings.code())
    assert list(digests) == ["program", "application", "kernel"], digests
    assert len(set(digests.values())) == 1, digests


def other_code_is_refused():
    wanted = bytes(range(64))
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        file = pathlib.Path(folder) / "program"
        for content, count in ((wanted[:-1] + b"\0", 0), (wanted + b"-" + wanted, 2)):
            file.write_bytes(b"head" + content)
            try:
                settings.digests({"program": file}, wanted)
            except Refusal as refusal:
                assert f"{count} times, not once" in str(refusal), refusal
            else:
                raise AssertionError(f"{count} times the code is accepted")


def settings_compute_the_same():
    """The UEFI application, with its timer's interrupts, and the kernel, with interrupts off and
    on; by AVX2 where that may be used."""
    settings.build()
    found = settings.run_uefi(Clock.TCG) | settings.run_kernel(Clock.TCG)
    assert list(found) == ["uefi", "bare", "ring_0"], found
    refuse_other_checks(found)
    for key, run in found.items():
        assert run.checks["fib30"] == 832040 and not run.failures, (key, run)
        for figure in run.figures.values():
            assert figure.samples == 9, (key, run)
            assert 0 < figure.minimum <= figure.median <= figure.maximum, (key, run)
        # OVMF doesn't turn AVX on.
        vector = run.checks.get("gemv512_f32_avx2")
        assert vector == (None if key == "uefi" else run.checks["gemv512_f32"]), (key, run)
        assert run.skips == ({"gemv512_f32_avx2": 95} if key == "uefi" else {}), (key, run)


def tables_have_the_share_above_bare():
    bare = parse(WITH_AVX2)
    found = {key: bare for key in settings.SETTINGS}
    found["uefi"] = parse(GOOD.replace("100 101 103", "101 202 303"))
    cells = settings_table.instruction_table(found)
    rows = {tuple(row[:1]): row[1:] for row in cells[:4]}
    assert rows[("fib30",)] == ["101", "202", "101", "101", "101"], cells
    assert rows[("least, above bare",)][1] == "+0.0000 %", cells
    assert rows[("median, above bare",)][1] == "+100.0000 %", cells
    assert cells[7] == ["gemv512_f32_avx2", "51", "-", "51", "51", "51"], cells
    ticks = settings_table.fastest([found, found | {"linux": parse(
        WITH_AVX2.replace("100 101 103", "50 60 70"))}])
    assert settings_table.tick_table(ticks, "ticks")[2][1:] == [
        "1.000", "1.010", "0.500", "1.000", "1.000"]
    assert settings_table.vector_table({}, ticks, ticks["bare"], "ticks")[1:] == [
        ["ticks", "10.000", "-", "10.000", "10.000", "10.000", "-"],
        ["ticks", *["-"] * 5, "10.000"]]


def add_to(suite):
    for test in (executables_have_the_same_code, other_code_is_refused, settings_compute_the_same,
                 tables_have_the_share_above_bare):
        suite.add(f"compute::{test.__name__}", test)
