"""Where an operation spends its time: the samples of the kernel's profiler."""

import collections
import dataclasses
import functools
import pathlib
import tempfile

from machine import cpio, images, trees

from . import systems
from .profile import names_of
from .run import Refusal

# The name of the process that runs the operation, and of the script that starts it.
PROCESS, SCRIPT = "init", "sample"
BUFFER_KIB = 32768
# Addresses from here on are those of the kernel.
KERNEL = 1 << 63
BEGIN, END, LOST = "samples:", "end of samples", "[lost]"


@dataclasses.dataclass
class Sampled:
    """The samples of an operation.

    stacks: {functions of the kernel, outermost first: samples}.
    program: the samples of the program itself.
    others: those of other threads, such as the shell that starts the program.
    lost: those for which the buffer had no room.
    """
    stacks: dict
    program: int = 0
    others: int = 0
    lost: int = 0


def script(name, hz, runs):
    """Returns the first program of the machine: it samples an operation of bench/programs."""
    return f"""#!/bin/busybox sh
echo start {hz} {BUFFER_KIB} > /proc/farjump/profile || exit
run=0
while [ $run -lt {runs} ]; do
	/init --run {name} /tmp
	run=$((run + 1))
done
echo stop > /proc/farjump/profile
echo "{BEGIN}"
/bin/busybox cat /proc/farjump/profile_addresses
echo "{END}"
"""


def take(name, hz, runs, clock=systems.Clock.TCG):
    """Samples an operation of bench/programs on Farjump; each run is a new process."""
    kernel = images.kernel_path()
    tree = trees.benchmarks()
    if b"bin/busybox" not in tree:
        raise Refusal("there is no static busybox, which starts the operation; run make setup")
    trees.add_file(tree, SCRIPT, script(name, hz, runs).encode(), trees.PROGRAM)
    trees.add_mount_points(tree)
    line = " ".join(["quiet", "transparent_hugepage=never", *systems.COMMON, f"init=/{SCRIPT}"])
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        archive, image = pathlib.Path(folder) / "initramfs", pathlib.Path(folder) / "sample.iso"
        archive.write_bytes(cpio.pack(tree, in_place=True))
        images.build_image(kernel, image, line, bios_only=True, initramfs=archive)
        text = systems.run_machine("Farjump", clock, *systems.card(image))
    return parse(text, functools.partial(names_of, kernel))


def parse(text, names_of_addresses):
    """Reads the samples in the output of the script. The function returns the names of addresses,
    as `profile.names_of` does."""
    _, begin, rest = text.partition(BEGIN)
    lines, end, _ = rest.partition(END)
    if not begin or not end:
        raise Refusal(f"Farjump has ended without samples:\n{text[-3000:]}")
    sampled, chains = Sampled({}), collections.Counter()
    for line in lines.split("\n"):
        if not line.strip():
            continue
        stack, _, count = line.strip().rpartition(" ")
        process, *frames = stack.split(";")
        if process == LOST:
            sampled.lost += int(count)
        elif process != PROCESS:
            sampled.others += int(count)
        elif int(frames[-1], 16) < KERNEL:
            sampled.program += int(count)
        else:
            # A stack whose outermost calls are missing begins with a word for them.
            chains[tuple(frame if frame.startswith("[") else int(frame, 16)
                         for frame in frames)] += int(count)
    addresses = {frame for chain in chains for frame in chain if isinstance(frame, int)}
    names = names_of_addresses(addresses)
    stacks = collections.Counter()
    for chain, count in chains.items():
        # Calls are those of whole functions, as in a count of instructions.
        outer = tuple(names[frame][0] if isinstance(frame, int) else frame for frame in chain[:-1])
        stacks[outer + names[chain[-1]]] += count
    sampled.stacks = dict(stacks)
    return sampled


def table(sampled, top):
    """Returns a table of the functions with the most samples of their own."""
    own, all_of = collections.Counter(), collections.Counter()
    for stack, count in sampled.stacks.items():
        own[stack[-1]] += count
        for function in set(stack):
            all_of[function] += count
    kernel = sum(sampled.stacks.values()) or 1
    lines = [f"{kernel} samples of the kernel, {sampled.program} of the program, "
             f"{sampled.others} of other threads, {sampled.lost} lost",
             "Code with interrupts off is seen where it turns them on again.",
             f"\n{'own':>9}{'with callees':>14}"]
    lines += [f"{100 * count / kernel:7.1f} %{100 * all_of[function] / kernel:12.1f} %  {function}"
              for function, count in own.most_common(top)]
    return "\n".join(lines)
