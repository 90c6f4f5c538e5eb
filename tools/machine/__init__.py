"""Machines to boot Farjump on, seen from outside. Only the standard library."""

import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
