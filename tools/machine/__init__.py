"""Emulated machines that boot Farjump, and tests of them from outside. Uses only the
standard library."""

import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
