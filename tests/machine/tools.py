"""The tools for users: the calls that they reject, and their messages."""

import gzip
import os
import pathlib
import re
import subprocess
import tempfile

from machine import ROOT, cost
from machine.images import image, kernel_path, target_directory, unpack
from machine.qemu import Ended, Qemu
from machine.suite import Suite
from machine.tools import call

MIB = 1 << 20


def every_tool_has_help():
    for tool in sorted(path for path in (ROOT / "tools").iterdir() if path.is_file()):
        done = call(tool.name, "--help")
        assert done.returncode == 0 and "usage: tools/" in done.stdout, (tool, done)


def make_help_lists_every_target():
    listed = subprocess.run(["make", "-s", "help"], cwd=ROOT, stdout=subprocess.PIPE,
                            text=True, check=True).stdout
    for target in ("setup", "build", "run", "run-uefi", "run-usb", "debug", "iso", "reproduce",
                   "usb", "disk", "test", "bench", "bench-linux", "bench-compute", "bench-check",
                   "lint", "fmt", "audit", "clean"):
        assert re.search(rf"^{target} +\S", listed, re.M), (target, listed)


def usb_refuses(device, complaint, **environment):
    with tempfile.NamedTemporaryFile() as stand_in:
        done = call("usb", stand_in.name, device, **environment)
    assert done.returncode != 0 and complaint in done.stderr, (device, done)


def usb_refuses_other_files():
    usb_refuses("", "name the stick")
    usb_refuses("/dev/no-such-disk", "there is no /dev/no-such-disk")
    usb_refuses("/dev/null", "isn't a block device")
    usb_refuses("/etc/passwd", "isn't a block device")
    assert "there is no image" in call("usb", "/nowhere.iso", "/dev/null").stderr


def make_usb_looks_at_the_stick_first():
    """Without a stick, it builds nothing and prints the reason."""
    for device, complaint in (("", "name the stick"), ("/dev/null", "isn't a block device")):
        done = subprocess.run(["make", "usb", f"DEVICE={device}"], cwd=ROOT, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert done.returncode != 0 and done.stderr.startswith("usb: "), done
        assert complaint in done.stderr and not done.stdout, done


def usb_refuses_mounted_and_fixed_disks():
    """Names the disks of this machine, which are never written: a mounted disk is refused even
    with FORCE=1."""
    mounted = {line.split()[0] for line in pathlib.Path("/proc/mounts").read_text().splitlines()}
    for disk in pathlib.Path("/sys/block").iterdir():
        device = pathlib.Path("/dev") / disk.name
        if not device.is_block_device():
            continue
        if any(name.startswith(str(device)) for name in mounted):
            usb_refuses(device, "is mounted", FORCE="1")
        elif (disk / "removable").read_text().strip() == "0":
            usb_refuses(device, "isn't a removable disk")


def bad_calls_are_explained():
    assert "there is no kernel /nowhere" in call("iso", "/nowhere", "/tmp/x.iso").stderr
    for tool in ("iso", "usb", "setup", "run"):
        done = call(tool, "--nonsense")
        assert done.returncode != 0 and done.stderr, (tool, done)


def packed_files(folder):
    """Returns the packed kernel and the packed table of its symbols in an image, which is unpacked
    to `folder`."""
    unpack(image(bios_only=False), folder)
    return [(folder / "boot" / name).read_bytes() for name in ("farjump", "farjump.symbols")]


def kernel_is_small():
    """An image has the kernel and the table of its symbols, both packed; together they are
    smaller than 3 MiB, and unpacked smaller than 6 MiB."""
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        packed = packed_files(pathlib.Path(folder))
        stripped = pathlib.Path(folder) / "stripped"
        subprocess.run(["objcopy", "--strip-all", kernel_path(), stripped], check=True)
        expected = [stripped.read_bytes(), pathlib.Path(f"{kernel_path()}.symbols").read_bytes()]
    assert [gzip.decompress(data) for data in packed] == expected
    assert sum(map(len, packed)) < 3 * MIB, list(map(len, packed))
    assert sum(map(len, expected)) < 6 * MIB, list(map(len, expected))


def other_cpus_are_no_target():
    """Calls the build script as cargo does."""
    kernel_path()
    scripts = sorted(target_directory().glob("*/build/farjump-*/build-script-build"),
                     key=lambda path: path.stat().st_mtime)
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        def features(names):
            return subprocess.run(
                [scripts[-1]], text=True, check=True, stdout=subprocess.PIPE,
                env={**os.environ, "CARGO_MANIFEST_DIR": str(ROOT), "OUT_DIR": folder,
                     "CARGO_CFG_TARGET_FEATURE": names}).stdout

        assert "cargo::error" not in features("fxsr,x87") + features("")
        assert re.search(r"^cargo::error=.*CPU features avx2, popcnt;",
                         features("avx2,fxsr,popcnt,x87"), re.M)


def image_depends_only_on_its_files():
    made = []
    with tempfile.TemporaryDirectory() as folder:
        for zone, mask in ("UTC", 0o022), ("Asia/Tokyo", 0o077):
            path = pathlib.Path(folder) / f"{mask:o}/image.iso"
            path.parent.mkdir()
            environment = {"TZ": zone, "TMPDIR": str(path.parent), "SOURCE_DATE_EPOCH": "1700000000"}
            subprocess.run([ROOT / "tools/iso", kernel_path(), path], check=True, umask=mask,
                           env={**os.environ, **environment})
            made.append(path.read_bytes())
    assert made[0] == made[1]
    # ECMA-119, 8.4.26 and 8.4.27: when the volume was made and changed.
    assert made[0][0x8000 + 813:0x8000 + 829] == b"2023111422132000"
    assert made[0][0x8000 + 830:0x8000 + 846] == b"2023111422132000"
    done = call("iso", kernel_path(), "/nowhere/x.iso", SOURCE_DATE_EPOCH="today")
    assert done.returncode == 1 and "is no number of seconds: today" in done.stderr, done


def released_kernel_names_no_folder_of_its_build():
    if kernel_path().parent.name != "release":
        return
    folders = {str(ROOT), str(target_directory()),
               os.environ.get("CARGO_HOME", str(pathlib.Path.home() / ".cargo"))}
    with tempfile.TemporaryDirectory() as folder:
        contents = list(map(gzip.decompress, packed_files(pathlib.Path(folder))))
    found = [name for name in folders if any(name.encode() + b"/" in each for each in contents)]
    assert not found, found


def only_a_crash_of_qemu_is_tried_again():
    for end, wanted_runs in ("kill -SEGV $$", 2), ("kill -KILL $$", 1), ("exit 1", 1):
        runs = []

        def once(end=end, runs=runs):
            runs.append(end)
            if len(runs) == 1:
                cost.Process(["sh", "-c", end]).wait()
                raise AssertionError(end)

        suite = Suite()
        suite.add(f"ended by {end}", once)
        outcome, = suite.run(report=lambda _: None)
        assert len(runs) == wanted_runs and (not outcome.why) == (wanted_runs == 2), (end, outcome)


def key_for_a_machine_that_has_ended_is_no_failure():
    """Lets QEMU stay after the end of its machine, which is otherwise a matter of moments."""
    with Qemu("-no-shutdown") as qemu:
        qemu.qmp("system_reset")
        qemu.wait_for(lambda: qemu.qmp("query-status")["status"] == "shutdown",
                      lambda: "the machine doesn't end")
        try:
            qemu.press("delete")
        except Ended as reason:
            assert "VM not running" in str(reason), reason
        else:
            raise AssertionError("a machine that has ended has read a key")


def last_output_of_a_machine_is_read():
    """Nothing is read while it prints that and ends, which is otherwise a matter of moments."""
    with Qemu("-m", "128", "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")
        with qemu.reading_stopped():
            qemu.send("poweroff\r")
            qemu.wait_for(lambda: "poweroff" in qemu.output[qemu.position():],
                          lambda: qemu.output[-100:])


def add_to(suite):
    for test in (other_cpus_are_no_target, every_tool_has_help,
                 make_help_lists_every_target, usb_refuses_other_files,
                 make_usb_looks_at_the_stick_first, usb_refuses_mounted_and_fixed_disks,
                 bad_calls_are_explained, kernel_is_small,
                 only_a_crash_of_qemu_is_tried_again,
                 key_for_a_machine_that_has_ended_is_no_failure,
                 last_output_of_a_machine_is_read, image_depends_only_on_its_files,
                 released_kernel_names_no_folder_of_its_build):
        suite.add(f"tools::{test.__name__}", test)
