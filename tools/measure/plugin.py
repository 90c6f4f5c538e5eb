"""Builds the plugin of QEMU that counts instructions: tools/count."""

import fcntl
import subprocess

from machine import BUILD, ROOT

SOURCES = ROOT / "tools/count"
PLUGIN = BUILD / "count.so"


def plugin():
    """Builds the plugin, if it is older than its sources; returns its path."""
    BUILD.mkdir(parents=True, exist_ok=True)
    newest = max(path.stat().st_mtime for path in SOURCES.iterdir())
    with (BUILD / "count.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not PLUGIN.exists() or PLUGIN.stat().st_mtime < newest:
            subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o",
                            PLUGIN, *sorted(SOURCES.glob("*.c"))], check=True)
    return PLUGIN


def plugin_argument(out, *arguments):
    """Returns QEMU's argument for the plugin, which writes to the file `out`."""
    return ",".join([str(plugin()), *(word.replace(",", ",,") for word in (f"out={out}",
                                                                           *arguments))])
