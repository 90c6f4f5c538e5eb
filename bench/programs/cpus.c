/*
 * The same operation on several CPUs at the same time, by a process on each. The marks are set on
 * each CPU; tools/count/plugin.c counts between them. A figure of the time stamp counter would have
 * the instructions of all CPUs, and the time in which they halt.
 */
#include "growth.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGES 32

/* The processes meet here: all of them have arrived as often as each. */
static struct {
	atomic_int arrived;
	atomic_ulong checks;
} *meeting;

static int cpus;
static int round_number;

/* PAUSE lets QEMU run the next CPU. */
static void meet(void)
{
	int all = ++round_number * cpus;
	atomic_fetch_add(&meeting->arrived, 1);
	while (atomic_load(&meeting->arrived) < all)
		__asm__ volatile("pause");
}

/* What a process has for its operations. */
static int ends[2], back[2];
static char directory[64], file[80];
static int failures;

static void faults(void)
{
	long address = call6(SYS_mmap, 0, PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile char *memory = (volatile char *)address;
	for (int i = 0; i < PAGES; i++) {
		failures += memory[i * PAGE_BYTES] != 0;
		memory[i * PAGE_BYTES] = 1;
	}
	failures += call2(SYS_munmap, address, PAGES * PAGE_BYTES) != 0;
}

static void fork_exit_wait(void)
{
	long pid = call0(SYS_fork);
	if (pid == 0)
		end(0);
	failures += reap(pid) != 0;
}

static void pipe_self(void)
{
	char byte = 42;
	failures += call3(SYS_write, ends[1], &byte, 1) != 1;
	failures += call3(SYS_read, ends[0], &byte, 1) != 1;
}

static void pipe_roundtrip(void)
{
	char byte = 42;
	failures += call3(SYS_write, ends[1], &byte, 1) != 1;
	failures += call3(SYS_read, back[0], &byte, 1) != 1;
}

static void create_unlink(void)
{
	long fd = call3(SYS_open, file, O_RDWR | O_CREAT | O_EXCL, 0600);
	failures += fd < 0;
	call1(SYS_close, fd);
	failures += call1(SYS_unlink, file) != 0;
}

/* The partner of `pipe_roundtrip`, on the same CPU. It ends when the first pipe is closed. */
static long start_partner(void)
{
	long pid = call0(SYS_fork);
	if (pid == 0) {
		char byte;
		call1(SYS_close, ends[1]);
		while (call3(SYS_read, ends[0], &byte, 1) == 1)
			call3(SYS_write, back[1], &byte, 1);
		end(0);
	}
	return pid;
}

static const struct {
	const char *name;
	void (*run)(void);
	/* How often it runs in a sample, and the operations of one run. */
	int runs, operations;
} measured[] = {
	{ "page_fault", faults, 8, PAGES },
	{ "fork_exit_wait", fork_exit_wait, 10, 1 },
	{ "pipe_self", pipe_self, 200, 1 },
	{ "pipe_roundtrip", pipe_roundtrip, 100, 1 },
	{ "create_unlink", create_unlink, 50, 1 },
};

/* The process of a CPU; it reports how many of its operations have failed. */
static void __attribute__((noreturn)) work(int which, int cpu)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	failures += sched_setaffinity(0, sizeof(set), &set) < 0;
	snprintf(directory, sizeof(directory), "%s/cpu-%d", base, cpu);
	snprintf(file, sizeof(file), "%s/file", directory);
	mkdir(directory, 0755);
	failures += pipe(ends) < 0 || pipe(back) < 0;
	long partner = measured[which].run == pipe_roundtrip ? start_partner() : 0;
	for (int round = -1; round < SAMPLES; round++) {
		meet();
		if (round >= 0)
			mark_begin();
		for (int i = 0; i < measured[which].runs; i++)
			measured[which].run();
		if (round >= 0)
			mark_end();
		meet();
	}
	close(ends[1]);
	if (partner)
		failures += reap(partner) != 0;
	failures += rmdir(directory) < 0;
	atomic_fetch_add(&meeting->checks, failures == 0);
	end(0);
}

static void measure(const char *unit, int which)
{
	const char *name = row(measured[which].name, unit);
	atomic_store(&meeting->arrived, 0);
	atomic_store(&meeting->checks, 0);
	long pids[64];
	for (int cpu = 0; cpu < cpus; cpu++) {
		pids[cpu] = call0(SYS_fork);
		if (pids[cpu] < 0)
			skip(name, pids[cpu]);
		if (pids[cpu] == 0)
			work(which, cpu);
	}
	for (int cpu = 0; cpu < cpus; cpu++)
		reap(pids[cpu]);
	say("batch %s %d", name, measured[which].runs * measured[which].operations);
	check(name, atomic_load(&meeting->checks));
}

void cpus_unit(const char *unit)
{
	cpus = parameter(unit);
	meeting = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (meeting == MAP_FAILED)
		skip(unit, -errno);
	if (sysconf(_SC_NPROCESSORS_ONLN) < cpus)
		skip(unit, -EINVAL);
	for (unsigned i = 0; i < sizeof(measured) / sizeof(*measured); i++)
		measure(unit, i);
}
