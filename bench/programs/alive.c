/* Operations while many other processes sleep. All are children of the process that measures, and a
 * group of their own. */
#include "growth.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>


/* Starts a process of `group`, or of a new one, that sleeps until it is killed; returns when it is
 * about to sleep. */
static long start_sleeper(const int *ready, long group)
{
	char byte = 1;
	long pid = call0(SYS_fork);
	if (pid == 0) {
		call2(SYS_setpgid, 0, group);
		call3(SYS_write, ready[1], &byte, 1);
		for (;;)
			call0(SYS_pause);
	}
	if (pid > 0)
		call3(SYS_read, ready[0], &byte, 1);
	return pid;
}

static void measure_calls(const char *unit, long sleeper)
{
	MEASURE(row("getpid", unit), SAMPLES, 1000, call0(SYS_getpid));
	check(row("getpid", unit), call0(SYS_getpid) == getpid());
	long result = 0;
	MEASURE(row("kill", unit), SAMPLES, 100, result |= call2(SYS_kill, sleeper, 0));
	check(row("kill", unit), result);
	result = 0;
	MEASURE(row("wait_nohang", unit), SAMPLES, 100,
		result |= call4(SYS_wait4, sleeper, 0, WNOHANG, 0));
	check(row("wait_nohang", unit), result);
}

static void measure_fork(const char *unit)
{
	long good = 0;
	MEASURE(row("fork_exit_wait", unit), SAMPLES, 10, {
		long pid = call0(SYS_fork);
		if (pid == 0)
			end(0);
		good += reap(pid) == 0;
	});
	check(row("fork_exit_wait", unit), good);
	good = 0;
	MEASURE(row("fork_exit_wait_any", unit), SAMPLES, 10, {
		long pid = call0(SYS_fork);
		if (pid == 0)
			end(0);
		good += call4(SYS_wait4, -1, 0, 0, 0) == pid;
	});
	check(row("fork_exit_wait_any", unit), good);
}

static void measure_switch(const char *unit)
{
	int there[2], back[2];
	char c = 0;
	if (pipe(there) < 0 || pipe(back) < 0)
		skip(unit, -errno);
	long pid = call0(SYS_fork);
	if (pid == 0) {
		call1(SYS_close, there[1]);
		while (call3(SYS_read, there[0], &c, 1) == 1) {
			c++;
			call3(SYS_write, back[1], &c, 1);
		}
		end(0);
	}
	MEASURE(row("pipe_roundtrip", unit), SAMPLES, 100, {
		call3(SYS_write, there[1], &c, 1);
		call3(SYS_read, back[0], &c, 1);
	});
	call1(SYS_close, there[1]);
	reap(pid);
	check(row("pipe_roundtrip", unit), (unsigned char)c);

	pid = call0(SYS_fork);
	while (pid == 0)
		call0(SYS_sched_yield);
	MEASURE(row("switch", unit), SAMPLES, 100, call0(SYS_sched_yield));
	call2(SYS_kill, pid, SIGKILL);
	check(row("switch", unit), reap(pid) == SIGKILL);
}

static void measure_proc(const char *unit, long sleeper)
{
	char file[64], text[512];
	snprintf(file, sizeof(file), "/proc/%ld/stat", sleeper);
	long found = 0;
	MEASURE(row("proc_stat", unit), SAMPLES, 20, {
		long fd = call3(SYS_open, file, O_RDONLY, 0);
		call3(SYS_read, fd, text, sizeof(text) - 1);
		call1(SYS_close, fd);
		found += strtol(text, NULL, 10) == sleeper;
	});
	check(row("proc_stat", unit), found);
}

void alive_unit(const char *unit)
{
	int sleepers = parameter(unit);
	struct rlimit limit = { 2 * sleepers + 100, 2 * sleepers + 100 };
	setrlimit(RLIMIT_NPROC, &limit);
	mount("proc", "/proc", "proc", 0, NULL);
	int ready[2];
	long group = 0, sleeper = 0;
	if (pipe(ready) < 0)
		skip(unit, -errno);
	for (int i = 0; i < sleepers; i++) {
		long pid = start_sleeper(ready, group);
		if (pid < 0)
			skip(unit, pid);
		if (i == 0)
			group = pid;
		if (i == sleepers / 2)
			sleeper = pid;
	}
	measure_calls(unit, sleeper);
	measure_fork(unit);
	measure_switch(unit);
	measure_faults(unit);
	measure_proc(unit, sleeper);
	call2(SYS_kill, -group, SIGKILL);
	long ended = 0;
	for (int i = 0; i < sleepers; i++)
		ended += call4(SYS_wait4, -1, 0, 0, 0) > 0;
	check(row("sleepers", unit), ended);
}
