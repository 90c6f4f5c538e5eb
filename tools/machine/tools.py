"""Runs the project's tools for tests."""

import functools
import os
import subprocess

from . import ROOT


@functools.cache
def ovmf():
    """Returns the path of the UEFI firmware."""
    return call("find-ovmf").stdout.strip()


def call(tool, *arguments, **environment):
    """Runs a tool; returns its completed process, with its output."""
    return subprocess.run([str(ROOT / "tools" / tool), *map(str, arguments)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          stdin=subprocess.DEVNULL, env={**os.environ, **environment})
