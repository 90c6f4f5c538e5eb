"""The compiler of the project, for builds outside of its directory."""

import os
import shutil
import subprocess

from . import ROOT


def environment():
    """Returns the environment in which cargo uses the project's compiler in any directory: outside of
    the project rustup would use its default toolchain."""
    if not shutil.which("rustup"):
        return dict(os.environ)
    rustup = subprocess.run(["rustup", "show", "active-toolchain"], cwd=ROOT, text=True,
                            stdout=subprocess.PIPE, check=False)
    chosen = {"RUSTUP_TOOLCHAIN": rustup.stdout.split()[0]} if rustup.returncode == 0 else {}
    return {**os.environ, **chosen}
