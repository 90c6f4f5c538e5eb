"""Kernels and the images that boot them."""

import json
import os
import pathlib
import subprocess
import tempfile
import threading

from . import BUILD, ROOT

KERNEL = ROOT / "target/x86_64-kernel/debug/farjump"

_images = {}
_lock = threading.Lock()


def build_image(kernel, image, cmdline="", timeout=0, bios_only=False, video="", grub=b""):
    """Makes the image of a kernel by tools/iso."""
    command = [ROOT / "tools/iso", "--timeout", str(timeout), "--cmdline", cmdline,
               "--video", video]
    if bios_only:
        command.append("--bios-only")
    with tempfile.NamedTemporaryFile() as commands:
        if grub:
            commands.write(grub)
            commands.flush()
            command += ["--grub", commands.name]
        subprocess.run([str(part) for part in [*command, kernel, image]], check=True)
    return image


def image(cmdline="", kernel=KERNEL, bios_only=True, video="", grub=b""):
    """Returns an image of the kernel, made once for each command line. `grub` is what GRUB
    runs before it shows its menu."""
    key = (str(kernel), cmdline, bios_only, video, grub)
    with _lock:
        made = _images.setdefault(key, threading.Lock())
        path = BUILD / "images" / f"{os.getpid()}-{list(_images).index(key)}.iso"
    with made:
        if not path.exists():
            build_image(kernel, path, cmdline, bios_only=bios_only, video=video, grub=grub)
    return path


def remove_images():
    """Removes all images that `image` has made."""
    for path in (BUILD / "images").glob(f"{os.getpid()}-*.iso"):
        path.unlink()


def cargo(*arguments):
    """Runs cargo in the project; returns what it printed."""
    return subprocess.run(["cargo", *arguments], cwd=ROOT, check=True,
                          stdout=subprocess.PIPE, text=True).stdout


def build_kernel():
    """Builds the kernel."""
    cargo("build", "--quiet")


def build_test_kernels(command="test"):
    """Builds all test kernels; returns (name, path) of each."""
    kernels = []
    for line in cargo(command, "--no-run", "--quiet", "--message-format=json").splitlines():
        message = json.loads(line)
        if message.get("reason") == "compiler-artifact" and message.get("executable") \
                and message["profile"]["test"]:
            kernels.append((message["target"]["name"], pathlib.Path(message["executable"])))
    return kernels


def build_benchmarks():
    """Builds the kernels that measure, optimized; returns {name: path}."""
    return dict(build_test_kernels("bench"))
