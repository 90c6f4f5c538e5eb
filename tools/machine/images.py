"""Builds kernels, and the images that boot them."""

import atexit
import functools
import json
import os
import pathlib
import subprocess
import tempfile
import threading

from . import BUILD, ROOT, clippy

_images = {}
_lock = threading.Lock()


def build_image(kernel, image, cmdline="", timeout=0, bios_only=False, video="", grub=b"",
                initramfs=None, seal=None, disk=None, packs=True):
    """Makes the image of a kernel by tools/iso.

    seal: the file of the private key that seals it.
    disk: the image of the root disk, which is sealed, too.
    packs: packs the kernel, as for users. Otherwise it boots in five sixths of the CPU time.
    """
    command = [ROOT / "tools/iso", "--timeout", str(timeout), "--cmdline", cmdline,
               "--video", video]
    if bios_only:
        command.append("--bios-only")
    if not packs:
        command.append("--unpacked")
    if initramfs:
        command += ["--initramfs", initramfs]
    if seal:
        command += ["--seal", seal]
    if disk:
        command += ["--disk", disk]
    with tempfile.NamedTemporaryFile() as commands:
        if grub:
            commands.write(grub)
            commands.flush()
            command += ["--grub", commands.name]
        subprocess.run([str(part) for part in [*command, kernel, image]], check=True)
    return image


def image(cmdline="", bios_only=True, video="", is_debug=False, grub=b"", initramfs=None):
    """Returns the path of an image of the kernel, made once for each combination of arguments, and
    removed when this program ends.

    is_debug: boots the debug build.
    grub: commands that GRUB runs before it shows its menu.
    initramfs: the path of an archive of the first files, which doesn't change.
    """
    key = (cmdline, bios_only, video, is_debug, grub, initramfs)
    with _lock:
        made = _images.setdefault(key, threading.Lock())
        path = BUILD / "images" / f"{os.getpid()}-{list(_images).index(key)}.iso"
    with made:
        if not path.exists():
            build_image(kernel_path(is_debug), path, cmdline, bios_only=bios_only, video=video,
                        grub=grub, initramfs=initramfs, packs=not bios_only)
    return path


@atexit.register
def _remove_images():
    # Not before: threads with the same arguments share an image.
    for path in (BUILD / "images").glob(f"{os.getpid()}-*.iso"):
        path.unlink()


def cargo(*arguments):
    """Runs cargo in the project; returns the messages that it printed as JSON."""
    is_release = "--release" in arguments or arguments[0] == "bench"
    text = subprocess.run(["cargo", *arguments, "--message-format=json-render-diagnostics"],
                          cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
                          env=clippy.without() if is_release else None).stdout
    # Other programs may have printed lines in between.
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def executables(messages):
    """Returns [(name, path, whether it is a test)] of the executables in cargo's messages."""
    return [(message["target"]["name"], pathlib.Path(message["executable"]),
             message["profile"]["test"])
            for message in messages
            if message.get("reason") == "compiler-artifact" and message.get("executable")]


@functools.cache
def kernel_path(is_debug=False):
    """Builds the release build of the kernel, or the debug build with `is_debug` or DEBUG=1
    in the environment; returns its path."""
    is_debug = is_debug or os.environ.get("DEBUG", "") not in ("", "0")
    messages = cargo("build", "--bin", "farjump", *([] if is_debug else ["--release"]))
    return next(path for name, path, _ in executables(messages) if name == "farjump")


def build_test_kernels(command="test", *arguments):
    """Builds all test kernels, or those that `arguments` for cargo select; returns a
    list of (name, path)."""
    messages = cargo(command, "--no-run", "--quiet", *arguments)
    return [(name, path) for name, path, is_test in executables(messages) if is_test]


def build_benchmarks():
    """Builds the kernels of benchmarks, optimized; returns {name: path}."""
    return dict(build_test_kernels("bench"))


def unpack(image, folder):
    """Copies all files of an image to a folder."""
    subprocess.run(["xorriso", "-osirrox", "on", "-indev", image, "-extract", "/", folder],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def target_directory():
    """Returns cargo's target directory."""
    text = subprocess.run(["cargo", "metadata", "--no-deps", "--format-version", "1"], cwd=ROOT,
                          check=True, stdout=subprocess.PIPE, text=True).stdout
    return pathlib.Path(json.loads(text)["target_directory"])
