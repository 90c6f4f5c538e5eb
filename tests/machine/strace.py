"""Programs with the option `strace`: their system calls are lines of the log, as strace writes
them."""

import pathlib
import re
import subprocess
import tempfile

from machine import ROOT, programs
from machine.images import image
from machine.qemu import Qemu

PROGRAM = r"""
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	char text[8];
	int fds[2];
	open("/none", O_RDONLY | O_CLOEXEC);
	int fd = open("/tmp/made", O_RDWR | O_CREAT | O_TRUNC, 0640);
	write(fd, "line\n\"and\\more\001\0017", 17);
	write(fd, "0123456789012345678901234567890123456789", 40);
	lseek(fd, 0, SEEK_SET);
	read(fd, text, 5);
	syscall(SYS_pipe2, fds, O_CLOEXEC | O_NONBLOCK);
	read(fds[0], text, 8);
	void *page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(page, 4096, PROT_NONE);
	write(fd, (void *)16, 3);
	access("/tmp/made", R_OK | W_OK);
	unlinkat(AT_FDCWD, "/tmp", AT_REMOVEDIR);
	syscall(511, 0);
	kill(getpid(), 0);
	if (vfork() == 0) {
		char *arguments[] = { "other", "an argument", 0 };
		execve("/bin/none", arguments, 0);
		_exit(7);
	}
	waitpid(-1, 0, 0);
	_exit(3);
}
"""

# `…` stands for anything. The number is the thread's.
LINES = r"""
[pid 1] open("/none", O_RDONLY|O_LARGEFILE|O_CLOEXEC) = -1 ENOENT (No such file or directory)
[pid 1] open("/tmp/made", O_RDWR|O_CREAT|O_TRUNC|O_LARGEFILE, 0640) = 3
[pid 1] write(3, "line\n\"and\\more\1\0017", 17) = 17
[pid 1] write(3, "01234567890123456789012345678901"..., 40) = 40
[pid 1] lseek(3, 0, SEEK_SET) = 0
[pid 1] read(3, "line\n", 5) = 5
[pid 1] pipe2(0x…, O_NONBLOCK|O_CLOEXEC) = 0
[pid 1] read(4, 0x…, 8) = -1 EAGAIN (Resource temporarily unavailable)
[pid 1] mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x…
[pid 1] mprotect(0x…, 4096, PROT_NONE) = 0
[pid 1] write(3, 0x10, 3) = -1 EFAULT (Bad address)
[pid 1] access("/tmp/made", R_OK|W_OK) = 0
[pid 1] unlinkat(AT_FDCWD, "/tmp", AT_REMOVEDIR) = -1 …
[pid 1] syscall_0x1ff() = -1 ENOSYS (Function not implemented)
[pid 1] getpid() = 1
[pid 1] kill(1, 0) = 0
[pid 2] execve("/bin/none", ["other", "an argument"], NULL) = -1 ENOENT (No such file or directory)
[pid 2] exit_group(7) = ?
[pid 1] wait4(-1, NULL, 0, NULL) = 2
[pid 1] exit_group(3) = ?
"""


def run(cmdline):
    """Runs the program; returns the traced calls, without the time."""
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        folder = pathlib.Path(folder)
        (folder / "p.c").write_text(PROGRAM)
        subprocess.run(["musl-gcc", "-static", "-O1", "-o", folder / "sample", folder / "p.c"],
                       check=True)
        archive = folder / "archive"
        subprocess.run([ROOT / "tools/initramfs", "--program", folder / "sample", archive],
                       check=True)
        built = image(f"{cmdline} init=/sample", initramfs=archive)
        with Qemu("-m", "256", "-cpu", programs.CPU, "-cdrom", built) as qemu:
            qemu.expect(r"the first program has ended: .*")
            return re.findall(r"strace: (.*?)\r?$", qemu.output, re.M)


def calls_are_logged_as_strace_writes_them():
    lines = iter(run("strace"))
    for wanted in LINES.strip().splitlines():
        pattern = ".*".join(map(re.escape, wanted.split("…")))
        passed = []
        for line in lines:
            if re.fullmatch(pattern, line):
                break
            passed.append(line)
        else:
            raise AssertionError(f"{wanted} isn't in\n" + "\n".join(passed))


def processes_are_chosen_by_name_or_number():
    assert any("exit_group(3)" in line for line in run("strace=sample"))
    assert run("strace=sampl") == []
    numbers = {line.split("]")[0] for line in run("strace=2")}
    assert numbers == {"[pid 2"}, numbers


def add_to(suite):
    suite.add("strace::calls_are_logged_as_strace_writes_them",
              calls_are_logged_as_strace_writes_them)
    suite.add("strace::processes_are_chosen_by_name_or_number",
              processes_are_chosen_by_name_or_number)
