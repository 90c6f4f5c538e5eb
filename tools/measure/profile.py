"""Where the instructions of an operation go: the plugin of tools/count, and the names of what it
has counted."""

import collections
import dataclasses
import functools
import re
import subprocess
import tempfile

from machine import images

from . import boot, storage, systems
from .plugin import plugin_argument
from .run import Run


@dataclasses.dataclass
class Counted:
    """The instructions of one operation.

    run: what the program has printed.
    marks: of each sample: the instructions of the kernel, of the program, and {kind: number} of the
    costly ones of the kernel.
    operations: how many operations a sample has.
    stacks: {functions, outermost first: instructions of the kernel for one operation}.
    """
    run: Run
    marks: list
    operations: int
    stacks: dict


def count(name):
    """Counts an operation of bench/programs on Farjump."""
    kernel = images.kernel_path()
    systems.build_archive()

    def measure(out, *arguments):
        if name in storage.NAMES:
            run = storage.boot("farjump", [name], out, *arguments)
        else:
            run = systems.boot("farjump", systems.Clock.INSTRUCTIONS, [name],
                               plugin_argument(out, *arguments))
        return run, run.batches.get(name, 1)

    return _counted(kernel, measure)


def count_boot():
    """Counts Farjump's boot, from its entry to the first program."""
    def measure(out, *arguments):
        boot.boot("farjump", boot.PROGRAM, boot.USUAL_MIB, out, arguments)
        return Run(), 1

    return _counted(images.kernel_path(), measure)


def _counted(kernel, measure):
    """Returns what `measure` counts with the plugin's arguments; it returns (run, operations)."""
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        functions, out = f"{folder}/functions", f"{folder}/counts"
        with open(functions, "w", encoding="ascii") as file:
            file.writelines(f"{address:x}\n" for address in sorted(symbols(kernel)))
        run, operations = measure(out, f"functions={functions}", "stacks=on")
        with open(out, encoding="ascii") as file:
            return parse(file, run, operations, functools.partial(names_of, kernel))


def parse(lines, run, operations, names_of_addresses):
    """Reads what the plugin has written. The function returns the names of addresses, as
    `names_of` does."""
    marks, stacks, blocks = [], [], {}
    for line in lines:
        kind, *words = line.split()
        if kind == "mark":
            costly = dict(word.split("=") for word in words[2:])
            marks.append((int(words[0]), int(words[1]),
                          {kind: int(number) for kind, number in costly.items()}))
        elif kind == "stack":
            stacks.append((int(words[0]), words[1], tuple(int(word, 16) for word in words[2:])))
        elif kind == "block":
            blocks[words[0]] = [int(word, 16) for word in words[1:]]
    names = names_of_addresses({address for block in blocks.values() for address in block}
                               | {function for _, _, chain in stacks for function in chain})
    folded = collections.Counter()
    total = operations * max(len(marks), 1)
    for counted, block, chain in stacks:
        outer = tuple(names[function][0] for function in chain[:-1])
        addresses = blocks[block]
        for address in addresses:
            folded[outer + names[address]] += counted / len(addresses) / total
    return Counted(run, marks, operations, dict(folded))


def symbols(kernel):
    """Returns the addresses of the kernel's functions."""
    listing = subprocess.run(["nm", kernel], check=True, stdout=subprocess.PIPE, text=True).stdout
    return {int(line.split()[0], 16) for line in listing.splitlines()
            if len(line.split()) == 3 and line.split()[1] in "tTwW"}


def names_of(kernel, addresses):
    """Returns {address: its functions, outermost first: more than one where some are inlined}."""
    listing = subprocess.run(
        ["addr2line", "-e", kernel, "-f", "-i", "-C", "-a"], check=True, text=True,
        stdout=subprocess.PIPE, input="".join(f"{address:x}\n" for address in addresses)).stdout
    names = {}
    for part in re.split(r"^0x", listing, flags=re.M)[1:]:
        # The address, then for each function its name and its place.
        address, *lines = part.splitlines()
        names[int(address, 16)] = tuple(short(name) for name in reversed(lines[0::2]))
    return names


@functools.cache
def short(name):
    """Returns the name of a function without the kernel's own name, parameters, and what the
    compiler has added."""
    name = re.sub(r"\bfarjump::|::h[0-9a-f]{16}$| \(\.llvm\.\d+\)| \[clone [^]]*\]", "", name)
    return name.replace(";", ",").replace(" ", "_") or "?"


def table(counted, top):
    """Returns a table of the functions with the most instructions of their own, for one
    operation."""
    own, all_of = collections.Counter(), collections.Counter()
    for stack, instructions in counted.stacks.items():
        own[stack[-1]] += instructions
        for function in set(stack):
            all_of[function] += instructions
    kernel = sum(mark[0] for mark in counted.marks)
    program = sum(mark[1] for mark in counted.marks)
    operations = counted.operations * max(len(counted.marks), 1)
    lines = [f"{kernel / operations:12.1f} instructions of the kernel for each operation, "
             f"{program / operations:.1f} of the program"]
    costly = collections.Counter()
    for mark in counted.marks:
        costly.update(mark[2])
    lines.append(" " * 13 + "of these " + ", ".join(f"{kind} {number / operations:.2f}"
                                                  for kind, number in costly.most_common()))
    lines.append(f"\n{'own':>12}{'with callees':>14}")
    lines += [f"{instructions:12.1f}{all_of[function]:14.1f}  {function}"
              for function, instructions in own.most_common(top)]
    return "\n".join(lines)
