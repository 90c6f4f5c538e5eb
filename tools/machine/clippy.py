"""Clippy as the compiler of debug builds and of the crates' tests: it compiles what it checks, so
that a run of all tests compiles the source once. Release builds, which users boot, have the ordinary
compiler."""

import os

# How `cargo clippy` calls it, with its warnings as errors.
_VARIABLES = {"RUSTC_WORKSPACE_WRAPPER": "clippy-driver",
              "CLIPPY_ARGS": "-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__"}


def use():
    """Lets clippy compile from now on."""
    os.environ.update(_VARIABLES)


def without():
    """Returns the environment of a build by the ordinary compiler."""
    return {name: value for name, value in os.environ.items() if name not in _VARIABLES}
