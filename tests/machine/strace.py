"""The option `strace`: the log has the system calls of programs, in the notation of strace."""

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
[pid 1] pipe2([4, 5], O_NONBLOCK|O_CLOEXEC) = 0
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
[pid 2] +++ exited with 7 +++
[pid 1] wait4(-1, NULL, 0, NULL) = 2
[pid 1] exit_group(3) = ?
[pid 1] +++ exited with 3 +++
"""

# Structures, signals and ends.
STRUCTURES = r"""
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void handler(int signal)
{
}

int main(void)
{
	struct stat status;
	struct timespec time = { 0, 1000 };
	struct rlimit limit = { 1024, 2048 };
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };
	struct winsize size;
	int fds[2], how;
	pid_t child, asleep;
	open("/tmp/file", O_RDWR | O_CREAT, 0640);
	ftruncate(3, 71);
	fstat(3, &status);
	stat("/dev/null", &status);
	stat("/none", &status);
	nanosleep(&time, &time);
	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &time);
	setrlimit(RLIMIT_CORE, &limit);
	sigaddset(&action.sa_mask, SIGINT);
	sigaction(SIGCHLD, &action, 0);
	ioctl(0, TIOCGWINSZ, &size);
	pipe(fds);
	struct pollfd files[] = { { fds[0], POLLIN }, { fds[1], POLLOUT } };
	poll(files, 2, -1);
	poll(files, 1, 0);
	poll((void *)16, 1, 0);
	struct iovec pieces[] = { { "one", 3 }, { "two\n", 4 } };
	writev(fds[1], pieces, 2);
	struct itimerval timer = { .it_value = { 100, 5 } };
	setitimer(ITIMER_REAL, &timer, 0);
	char *environment[] = { "A=1", "B=2", 0 }, *arguments[] = { "none", 0 };
	execve("/none", arguments, environment);
	child = fork();
	if (child == 0)
		_exit(7);
	while (waitpid(child, &how, 0) != child)
		;
	asleep = fork();
	if (asleep == 0) {
		raise(SIGSTOP);
		*(volatile int *)16 = 1;
	}
	waitpid(asleep, &how, WUNTRACED);
	kill(asleep, SIGCONT);
	waitpid(asleep, &how, 0);
	raise(SIGTERM);
	_exit(0);
}
"""

# SIGCHLD may be delivered before or after the waiting call.
STRUCTURE_LINES = r"""
[pid 1] fstat(3, {st_mode=S_IFREG|0640, st_size=71, ...}) = 0
[pid 1] stat("/dev/null", {st_mode=S_IFCHR|0666, st_rdev=makedev(0x1, 0x3), ...}) = 0
[pid 1] stat("/none", 0x…) = -1 ENOENT (No such file or directory)
[pid 1] nanosleep({tv_sec=0, tv_nsec=1000}, 0x…) = 0
[pid 1] clock_gettime(CLOCK_MONOTONIC, {tv_sec=…, tv_nsec=…}) = 0
[pid 1] prlimit64(0, RLIMIT_CORE, {rlim_cur=1024, rlim_max=2*1024}, NULL) = 0
[pid 1] rt_sigaction(SIGCHLD, {sa_handler=0x…, sa_mask=[INT], sa_flags=SA_RESTORER|SA_RESTART, sa_restorer=0x…}, NULL, 8) = 0
[pid 1] ioctl(0, TIOCGWINSZ, {ws_row=25, ws_col=80, ws_xpixel=0, ws_ypixel=0}) = 0
[pid 1] pipe([4, 5]) = 0
[pid 1] poll([{fd=4, events=POLLIN}, {fd=5, events=POLLOUT}], 2, -1) = 1 ([{fd=5, revents=POLLOUT}])
[pid 1] poll([{fd=4, events=POLLIN}], 1, 0) = 0 (Timeout)
[pid 1] poll(0x10, 1, 0) = -1 EFAULT (Bad address)
[pid 1] writev(5, [{iov_base="one", iov_len=3}, {iov_base="two\n", iov_len=4}], 2) = 7
[pid 1] setitimer(ITIMER_REAL, {it_interval={tv_sec=0, tv_usec=0}, it_value={tv_sec=100, tv_usec=5}}, NULL) = 0
[pid 1] execve("/none", ["none"], 0x… /* 2 vars */) = -1 ENOENT (No such file or directory)
[pid 2] +++ exited with 7 +++
[pid 1] wait4(2, [{WIFEXITED(s) && WEXITSTATUS(s) == 7}], 0, NULL) = 2
[pid 3] --- stopped by SIGSTOP ---
[pid 1] wait4(3, [{WIFSTOPPED(s) && WSTOPSIG(s) == SIGSTOP}], WSTOPPED, NULL) = 3
[pid 3] --- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x10} ---
[pid 3] +++ killed by SIGSEGV +++
[pid 1] wait4(3, [{WIFSIGNALED(s) && WTERMSIG(s) == SIGSEGV}], 0, NULL) = 3
"""


def run(cmdline, program=PROGRAM):
    """Runs a program; returns the traced calls, without the time."""
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        folder = pathlib.Path(folder)
        (folder / "p.c").write_text(program)
        subprocess.run(["musl-gcc", "-static", "-O1", "-o", folder / "sample", folder / "p.c"],
                       check=True)
        archive = folder / "archive"
        subprocess.run([ROOT / "tools/initramfs", "--program", folder / "sample", archive],
                       check=True)
        built = image(f"{cmdline} init=/sample", initramfs=archive)
        with Qemu("-m", "256", "-cpu", programs.CPU, "-cdrom", built) as qemu:
            qemu.expect(r"the first program has ended: .*")
            return re.findall(r"strace: (.*?)\r?$", qemu.output, re.M)


def check(lines, wanted_lines):
    """Checks that `lines` has the wanted lines in this order, among others."""
    lines = iter(lines)
    for wanted in wanted_lines.strip().splitlines():
        pattern = ".*".join(map(re.escape, wanted.split("…")))
        passed = []
        for line in lines:
            if re.fullmatch(pattern, line):
                break
            passed.append(line)
        else:
            raise AssertionError(f"{wanted} isn't in\n" + "\n".join(passed))


def calls_are_logged_as_strace_writes_them():
    check(run("strace"), LINES)


def structures_signals_and_ends_are_shown():
    lines = run("strace", STRUCTURES)
    check(lines, STRUCTURE_LINES)
    child = "--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=2, si_uid=0, si_status=7, "
    assert any(child in line for line in lines), lines


def processes_are_chosen_by_name_or_number():
    assert any("exit_group(3)" in line for line in run("strace=sample"))
    assert run("strace=sampl") == []
    numbers = {line.split("]")[0] for line in run("strace=2")}
    assert numbers == {"[pid 2"}, numbers


def add_to(suite):
    suite.add("strace::structures_signals_and_ends_are_shown",
              structures_signals_and_ends_are_shown)
    suite.add("strace::calls_are_logged_as_strace_writes_them",
              calls_are_logged_as_strace_writes_them)
    suite.add("strace::processes_are_chosen_by_name_or_number",
              processes_are_chosen_by_name_or_number)
