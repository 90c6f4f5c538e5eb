"""The monitor while programs run: opened by Ctrl-Alt-Escape or by a BREAK, left by `continue`."""

import pathlib
import re
import subprocess
import tempfile

from machine import ROOT, programs
from machine.images import image
from machine.qemu import Qemu

# Repeats lines until "end", without the terminal's echo: the answers suffice.
PROGRAM = r"""
#include <stdio.h>
#include <string.h>
#include <termios.h>

int main(void)
{
	char line[80];
	struct termios settings;
	tcgetattr(0, &settings);
	settings.c_lflag &= ~ECHO;
	tcsetattr(0, TCSANOW, &settings);
	puts("ready");
	while (fgets(line, sizeof(line), stdin) && strcmp(line, "end\n"))
		printf("got %s", line);
	return 5;
}
"""


def in_monitor(qemu):
    qemu.expect("continue returns the input to them")
    qemu.expect(r"farjump> \Z")
    assert "strace" in qemu.command("help strace")
    assert re.search(r"^  first program +\d+ .*%\r?\n  all ", qemu.command("boot"), re.M)
    # The program doesn't receive this input.
    assert "no such command" in qemu.command("nonsense")


def open_and_leave(open_monitor):
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        folder = pathlib.Path(folder)
        (folder / "p.c").write_text(PROGRAM)
        subprocess.run(["musl-gcc", "-static", "-o", folder / "repeat", folder / "p.c"], check=True)
        archive = folder / "archive"
        subprocess.run([ROOT / "tools/initramfs", "--program", folder / "repeat", archive],
                       check=True)
        with Qemu("-m", "256", "-cpu", programs.CPU, "-cdrom",
                  image("init=/repeat", initramfs=archive)) as qemu:
            qemu.expect("^ready")
            qemu.send("one\r")
            qemu.expect("^got one")
            for word in ("two", "three"):
                open_monitor(qemu)
                in_monitor(qemu)
                qemu.send("continue\r")
                qemu.expect(r"continue\r\n")
                qemu.send(f"{word}\r")
                qemu.expect(f"^got {word}")
            qemu.send("end\r")
            qemu.expect("the first program has ended: exit status 5")


def ctrl_alt_escape_opens_the_monitor():
    open_and_leave(lambda qemu: qemu.press("ctrl", "alt", "esc"))


def break_opens_the_monitor():
    open_and_leave(lambda qemu: qemu.qmp("chardev-send-break", id="com1"))


def programs_run_commands():
    """user/farjump.c as the first program: one command, and several lines of input."""
    subprocess.run([ROOT / "tools/programs", "farjump"], check=True, stdout=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        archive = pathlib.Path(folder) / "archive"
        subprocess.run([ROOT / "tools/initramfs", "--program", ROOT / "build/user/farjump", archive],
                       check=True)
        with Qemu("-m", "256", "-cpu", programs.CPU, "-cdrom",
                  image("quiet init=/farjump -- audit", initramfs=archive)) as qemu:
            qemu.expect(r"^programs: \d+ pages, \d+ tables: all as it should be")
            qemu.wait_end()
        with Qemu("-m", "256", "-cpu", programs.CPU, "-cdrom",
                  image("init=/farjump", initramfs=archive)) as qemu:
            qemu.expect(r"^farjump> ")
            assert "farjump" in qemu.command("ps")
            assert "no such command: nonsense" in qemu.command("nonsense")
            assert "reads keys" in qemu.command("top")
            qemu.send("exit\r")
            qemu.expect("the first program has ended: exit status 0")


def add_to(suite):
    for test in (ctrl_alt_escape_opens_the_monitor, break_opens_the_monitor):
        suite.add(f"attention::{test.__name__}", test)
    suite.test(programs_run_commands)
