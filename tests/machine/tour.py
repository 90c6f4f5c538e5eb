"""docs/monitor.md and the commands in README.md, compared with the machine that they
describe.

A block ```tour``` has input after a prompt, and the output. `…` stands for any text within
a row, and alone in a row for any number of rows. `<Tab>` is a key. Input after `<Enter>` is
for the running command.
"""

import re
import tempfile

from machine import ROOT
from machine.images import image
from machine.qemu import Qemu

DOCUMENT = ROOT / "docs/monitor.md"
PROMPT = re.compile(r"(farjump|stopped)> ")
ANY = "…"
KEYS = {
    "Tab": "\t", "Up": "\x1b[A", "Down": "\x1b[B", "Home": "\x1b[H", "End": "\x1b[F",
    "Ctrl-A": "\x01", "Ctrl-C": "\x03", "Ctrl-D": "\x04", "Ctrl-E": "\x05", "Ctrl-R": "\x12",
    "Ctrl-W": "\x17", "Ctrl-Left": "\x1b[1;5D", "Ctrl-Right": "\x1b[1;5C",
}
# The input that ends an example.
MORE_KEYS = {"cat": "text\r\x04", "watch": "q", "top": "q"}
# Examples that end the machine.
LAST = {"fault": "stopped> ", "poweroff": None, "reboot": None}
# Examples that need a file, which the machine doesn't have, and what they print then.
FAILS = {"run": "/init can't be run: no such file or directory"}
# Messages of examples that fail.
COMPLAINTS = ("usage:", "no such", "not known here", "can't be read", "not written", "is missing",
              "none of them", "needs a running kernel", "FAILED")


COLUMNS = 80
# Names of functions may exceed this width.
WIDE = ("disasm", "stack")


class Step:
    """An input, if any, and the rows of output after it, with their line numbers in the
    document."""

    def __init__(self, number, prompt="", typed=""):
        self.number, self.prompt, self.typed = number, prompt, typed
        self.rows = []


def read_steps(text):
    """Returns the steps of all blocks, in order."""
    steps, is_inside = [], False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            is_inside = line == "```tour"
            if is_inside:
                steps.append(Step(number))
        elif is_inside:
            if match := PROMPT.match(line):
                steps.append(Step(number, match[0], line[match.end():]))
            else:
                steps[-1].rows.append((number, line))
    return [step for step in steps if step.typed or step.rows]


def pattern_of(row):
    """Returns the regular expression for a row of the document."""
    return re.compile(".*".join(map(re.escape, row.rstrip().split(ANY))))


def compare(rows, output):
    """Returns None if the output matches the document's rows, else a message."""
    lines = [line.rstrip() for line in output.strip("\n").splitlines()]
    # The possible numbers of lines that the rows so far match.
    reached = {0}
    for number, row in rows:
        if row.strip() == ANY:
            after = set(range(min(reached), len(lines) + 1))
        else:
            pattern = pattern_of(row)
            after = {at + 1 for at in reached
                     if at < len(lines) and pattern.fullmatch(lines[at])}
        if not after:
            came = lines[min(reached)] if min(reached) < len(lines) else "the end"
            where = "not" if len(reached) == 1 else "somewhere after"
            return f"line {number}: {row!r} should come, {where} {came!r}"
        reached = after
    if len(lines) not in reached:
        number = rows[-1][0] if rows else 0
        return f"after line {number} came {lines[max(reached)]!r}"
    return None


def plain(text):
    """Returns a terminal's text without its control sequences. The pager's question, which
    the kernel erases, stays as a row."""
    text = re.sub(r"\r\x1b\[K", "\n", text.replace("\r\n", "\n"))
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).rstrip("\n")


def keys_of(typed):
    return re.sub(r"<([A-Z][\w-]*)>", lambda match: KEYS[match[1]], typed)


def run(qemu, typed, keys=""):
    """Types a line; returns the output, and the prompt after it. The prompt is empty if the
    machine has ended instead."""
    line, _, later = typed.partition("<Enter>")
    qemu.send_keys(keys_of(line))
    if keys_of(line) != line:
        # The line is redrawn while it is edited; that isn't output.
        qemu.settle()
        if line.endswith("<Ctrl-C>"):
            qemu.expect(r"\^C\r\n")
            return "", qemu.expect(r"^(farjump> )\Z")[1]
        qemu.expect(r"(?s).*\Z")
    qemu.send("\r")
    qemu.expect(r"\r\n")
    begin = qemu.output.index("\r\n", qemu._seen - 2) + 2
    if later or keys:
        # Input for the running command, which prints something first or waits for it.
        qemu.wait_for(lambda: len(qemu.output) > begin or qemu.is_settled(),
                      lambda: f"{typed}: it prints nothing and doesn't wait")
        qemu.send(keys_of(later) + keys)
    if typed == "poweroff":
        qemu.wait_end()
        return qemu.output[begin:], ""
    end = qemu.expect(r"(?:farjump|stopped)> \Z")
    return qemu.output[begin:end.start()], end[0]


def machine(document, *arguments):
    """Returns the machine that the document names."""
    named = re.search(r"QEMU with `([^`]+)`", document)[1].split()
    return Qemu("-M", "pc", *named, "-cdrom", image(), *arguments)


def tour_shows_what_it_says():
    document = DOCUMENT.read_text()
    steps = read_steps(document)
    assert len(steps) > 40, len(steps)
    wrong = []
    with machine(document, "-action", "reboot=reset") as qemu:
        prompt = qemu.expect(r"^farjump> \Z")[0]
        output = qemu.output[:-len(prompt)]
        for step in steps:
            if step.typed:
                where = f"docs/monitor.md:{step.number}"
                assert prompt == step.prompt, f"{where}: the prompt is {prompt!r}"
                output, prompt = run(qemu, step.typed)
            if error := compare(step.rows, plain(output)):
                wrong.append(f"docs/monitor.md, {step.prompt}{step.typed}, {error}")
            output = ""
    assert not wrong, "\n".join(wrong)


def table(document, row):
    """Returns the rows of the document's tables that match a regular expression."""
    return re.findall(rf"^{row}$", document, re.M)


def tables_are_whole():
    """The tables have all commands, stages and layouts that the machine lists."""
    document = DOCUMENT.read_text()
    with machine(document) as qemu:
        qemu.expect("farjump> ")
        commands, _, rest = qemu.command("help").partition("\n\n")
        listed = table(document, r"\| `(\w+)` \| ([A-Z].*\.) \| ([•]?) ?\|")
        printed = [tuple(line.split(maxsplit=1)) for line in commands.splitlines()]
        assert sorted(row[:2] for row in listed) == printed, \
            set(printed).symmetric_difference(row[:2] for row in listed)
        readme = (ROOT / "README.md").read_text().partition("| to look at | commands |")[2]
        named = re.findall(r"`(\w+)`", readme.partition("\n\n")[0])
        assert sorted(named) == sorted(name for name, _ in printed), \
            f"README.md: {set(named).symmetric_difference(name for name, _ in printed)}"
        stages = table(document, r"\| `(COMMAND .*)` \| (.*) \|")
        printed = re.findall(r"^  (COMMAND .*?)  +(.*)$", rest, re.M)
        assert [(stage.replace("\\", ""), does) for stage, does in stages] == printed, \
            (stages, printed)
        layouts = table(document, r"\| `(\w\w)` \| ([^|]*) \|")
        printed = re.findall(r"^[* ] (\w\w) +(.*)$", qemu.command("layout"), re.M)
        assert layouts == printed, (layouts, printed)
        qemu.send("fault panic\r")
        qemu.expect("stopped> ")
        answering = qemu.command("help", "stopped> ").partition("\nhelp COMMAND")[0].split()
        dotted = sorted(name for name, _, dot in listed if dot)
        assert dotted == answering, set(dotted).symmetric_difference(answering)


def keys_are_the_editors():
    """The table of keys has all rows of the table in the line editor's source."""
    document = DOCUMENT.read_text()
    source = (ROOT / "crates/console/line-editor/src/editor.rs").read_text()
    rows = [row for row in re.findall(r"^ +/// (\| .* \|)$", source, re.M)
            if "Outcome" not in row and "---" not in row]
    assert len(rows) > 10, rows
    for row in rows:
        assert row in document, f"docs/monitor.md: {row}"


def example_of(qemu, name):
    return re.search(r"^example  (.*)$", qemu.command(f"help {name}"), re.M)[1]


def is_complaint(output):
    return any(complaint in output for complaint in COMPLAINTS)


def examples_work():
    document = DOCUMENT.read_text()
    wrong = []
    disk = tempfile.NamedTemporaryFile(prefix="farjump-disk-")
    disk.truncate(1 << 20)
    with disk, machine(
            document, "-drive", f"if=none,id=d,format=raw,file={disk.name}",
            "-device", "nvme,drive=d,serial=1") as qemu:
        qemu.expect("farjump> ")
        names = re.findall(r"^(\w+)", qemu.command("help").partition("\n\n")[0], re.M)
        assert len(names) > 35, names
        last = {name: example_of(qemu, name) for name in LAST}
        for name in names:
            if name in LAST:
                continue
            example = example_of(qemu, name)
            output, _ = run(qemu, example, MORE_KEYS.get(name, ""))
            is_wrong = plain(output) != FAILS[name] if name in FAILS else is_complaint(output)
            if is_wrong:
                wrong.append(f"{example}: {output}")
            if name not in WIDE:
                wrong += [f"{example}: wider than {COLUMNS} columns: {row}"
                          for row in plain(output).splitlines() if len(row) > COLUMNS]
    assert not wrong, "\n".join(wrong)
    for name, example in last.items():
        with machine(document) as qemu:
            qemu.expect("farjump> ")
            qemu.send(example + "\r")
            qemu.expect(r"\r\n")
            if LAST[name]:
                qemu.expect(LAST[name])
                assert "in interrupt" not in example or "trap::irq" in qemu.output \
                    or "dispatch" in qemu.output, qemu.output
            else:
                _, cause = qemu.wait_end()
                assert cause in ("guest-reset", "guest-shutdown"), cause
            assert not is_complaint(qemu.output), qemu.output


def add_to(suite):
    for test in (tour_shows_what_it_says, tables_are_whole, keys_are_the_editors, examples_work):
        suite.add(f"tour::{test.__name__}", test)
