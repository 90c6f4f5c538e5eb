"""The tools that a person calls: what they refuse, and how they say it."""

import pathlib
import re
import subprocess
import tempfile

from machine import ROOT
from machine.images import KERNEL
from machine.tools import call

MIB = 1 << 20


def every_tool_has_help():
    for tool in sorted(path for path in (ROOT / "tools").iterdir() if path.is_file()):
        done = call(tool.name, "--help")
        assert done.returncode == 0 and "usage: tools/" in done.stdout, (tool, done)


def make_help_lists_every_target():
    listed = subprocess.run(["make", "-s", "help"], cwd=ROOT, stdout=subprocess.PIPE,
                            text=True, check=True).stdout
    for target in ("setup", "build", "run", "run-uefi", "run-usb", "debug", "iso", "usb", "test",
                   "lint", "fmt", "audit", "clean"):
        assert re.search(rf"^{target} +\S", listed, re.M), (target, listed)


def usb_refuses(device, complaint, **environment):
    with tempfile.NamedTemporaryFile() as stand_in:
        done = call("usb", stand_in.name, device, **environment)
    assert done.returncode != 0 and complaint in done.stderr, (device, done)


def usb_refuses_what_is_no_stick():
    usb_refuses("", "name the stick")
    usb_refuses("/dev/no-such-disk", "there is no /dev/no-such-disk")
    usb_refuses("/dev/null", "is no block device")
    usb_refuses("/etc/passwd", "is no block device")
    assert "there is no image" in call("usb", "/nowhere.iso", "/dev/null").stderr


def usb_refuses_mounted_and_fixed_disks():
    """On the disks of this machine, of which nothing is ever written: a mounted
    one is refused even with FORCE=1."""
    mounted = {line.split()[0] for line in pathlib.Path("/proc/mounts").read_text().splitlines()}
    for disk in pathlib.Path("/sys/block").iterdir():
        device = pathlib.Path("/dev") / disk.name
        if not device.is_block_device():
            continue
        if any(name.startswith(str(device)) for name in mounted):
            usb_refuses(device, "is mounted", FORCE="1")
        elif (disk / "removable").read_text().strip() == "0":
            usb_refuses(device, "no removable disk")


def bad_calls_are_explained():
    assert "there is no kernel /nowhere" in call("iso", "/nowhere", "/tmp/x.iso").stderr
    for tool in ("iso", "usb", "setup", "run"):
        done = call(tool, "--nonsense")
        assert done.returncode != 0 and done.stderr, (tool, done)


def kernel_is_small():
    """With its symbols, but without debug information, the kernel is under 3 MiB."""
    with tempfile.NamedTemporaryFile() as stripped:
        subprocess.run(["objcopy", "--strip-debug", KERNEL, stripped.name], check=True)
        size = pathlib.Path(stripped.name).stat().st_size
    symbols = pathlib.Path(f"{KERNEL}.symbols").stat().st_size
    assert size + symbols < 3 * MIB, (size, symbols)


def add_to(suite):
    for test in (every_tool_has_help, make_help_lists_every_target, usb_refuses_what_is_no_stick,
                 usb_refuses_mounted_and_fixed_disks, bad_calls_are_explained, kernel_is_small):
        suite.add(f"tools::{test.__name__}", test)
