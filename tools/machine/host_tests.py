"""Runs the tests of the crates, on the host."""

import json
import os
import pathlib
import re
import subprocess

from . import ROOT
from .cost import Cost
from .suite import Outcome, Suite

HOST_CARGO = ROOT / "tools/host-cargo"
# A line of a Rust test program that prints times.
TEST = re.compile(r"^test (.+?)(?: - should panic)? \.\.\. (ok|FAILED|ignored.*?)"
                  r"(?: <([0-9.]+)s>)?$", re.M)


def build():
    """Builds all test programs; returns [(crate, program, the crate's folder)]."""
    done = subprocess.run([HOST_CARGO, "test", "--no-run", "--all-targets", "--quiet",
                           "--message-format=json-render-diagnostics"],
                          stdout=subprocess.PIPE, text=True, check=True)
    messages = map(json.loads, done.stdout.splitlines())
    return [(message["target"]["name"], message["executable"],
             pathlib.Path(message["manifest_path"]).parent)
            for message in messages
            if message.get("reason") == "compiler-artifact" and message.get("executable")
            and message["profile"]["test"]]


def run_program(crate, program, folder, filter_text):
    """Runs a test program; returns the outcomes of its tests."""
    # Stable test programs print times only with this variable.
    done = subprocess.run([program, filter_text, "-Zunstable-options", "--report-time"],
                          cwd=folder, env={**os.environ, "RUSTC_BOOTSTRAP": "1"},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return outcomes_in(crate, done)


def outcomes_in(crate, done):
    """Returns the outcomes that a test program has printed."""
    outcomes = [Outcome(f"{crate}::{name}", done.stdout[-8000:] * (result == "FAILED"),
                        Cost(seconds=float(seconds or 0)))
                for name, result, seconds in TEST.findall(done.stdout)
                if not result.startswith("ignored")]
    if done.returncode and not any(outcome.why for outcome in outcomes):
        outcomes.append(Outcome(crate, f"it ended with an error:\n{done.stdout[-8000:]}", Cost()))
    return outcomes


def run_examples(filter_text):
    """Runs the examples in the crates' documentation; returns their outcomes."""
    done = subprocess.run([HOST_CARGO, "test", "--doc", "--quiet", "--", filter_text,
                           "--format=pretty"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return outcomes_in("doc", done)


def run(filter_text):
    """Builds and runs all tests; returns their outcomes."""
    programs = Suite()
    outcomes = []

    def add(name, function, *arguments):
        def run_all():
            found = function(*arguments)
            for outcome in found:
                outcome.report_failure()
            print(f"tests of {name}: {len(found)}", flush=True)
            outcomes.extend(found)
        programs.add(name, run_all)

    for crate, program, folder in build():
        add(crate, run_program, crate, program, folder, filter_text)
    add("docs", run_examples, filter_text)
    return outcomes + programs.run(report=Outcome.report_failure, wants_passed=False)
