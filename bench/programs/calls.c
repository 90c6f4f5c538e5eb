/* Single system calls, directories and signals. */
#include "measure.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The cost of the measurement itself, and of a step of its loop. */
static void tsc_pair(const char *name)
{
	MEASURE(name, SAMPLES, 1000, (void)tsc());
}

static void getpid_only(const char *name)
{
	MEASURE(name, SAMPLES, 10000, call0(SYS_getpid));
	check(name, call0(SYS_getpid) == call0(SYS_gettid));
}

/* stat(2) of a file below two directories. */
static void stat_file(const char *name)
{
	struct stat status;
	const char *one = path("stat"), *two = path("stat/two"), *file = path("stat/two/file");
	mkdir(one, 0755);
	mkdir(two, 0755);
	close(open(file, O_RDWR | O_CREAT, 0600));
	truncate(file, 1234);
	long result = call2(SYS_stat, file, &status);
	if (result < 0)
		skip(name, result);
	MEASURE(name, SAMPLES, 100, call2(SYS_stat, file, &status));
	check(name, status.st_size);
	unlink(file);
	rmdir(two);
	rmdir(one);
}

static void open_close(const char *name)
{
	const char *file = path("bench.open");
	MEASURE(name, SAMPLES, 100, {
		long fd = call3(SYS_open, file, O_RDWR | O_CREAT, 0600);
		call1(SYS_close, fd);
	});
	check(name, unlink(file) == 0);
}

/* Returns a hash of all names of a directory, which doesn't depend on their order. */
static uint64_t list(const char *directory, uint64_t *found)
{
	static char buffer[32768];
	uint64_t sum = 0;
	*found = 0;
	long fd = call3(SYS_open, directory, O_RDONLY | O_DIRECTORY, 0);
	long length;
	while ((length = call3(SYS_getdents64, fd, buffer, sizeof(buffer))) > 0)
		for (long at = 0; at < length;) {
			struct dirent *entry = (struct dirent *)(buffer + at);
			sum += entry->d_name[0] * 31u + entry->d_name[1];
			++*found;
			at += entry->d_reclen;
		}
	call1(SYS_close, fd);
	return sum;
}

/* Opens a directory of 1,000 files, reads all its entries, closes it. */
static void readdir_1000(const char *name)
{
	enum { FILES = 1000 };
	const char *directory = path("many");
	char file[64];
	mkdir(directory, 0755);
	for (int i = 0; i < FILES; i++) {
		snprintf(file, sizeof(file), "%s/%c%c-file-%d", directory, 'a' + i % 26,
			 'a' + i / 26 % 26, i);
		close(open(file, O_RDWR | O_CREAT, 0600));
	}
	uint64_t found = 0, sum = 0;
	MEASURE(name, SAMPLES, 1, sum = list(directory, &found));
	/* The directory also has entries for itself and its parent. */
	check(name, sum * 10000 + found);
	for (int i = 0; i < FILES; i++) {
		snprintf(file, sizeof(file), "%s/%c%c-file-%d", directory, 'a' + i % 26,
			 'a' + i / 26 % 26, i);
		unlink(file);
	}
	rmdir(directory);
}

/* The kernel's structure, which differs from the C library's. */
struct action {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	unsigned long mask;
};
#define SA_RESTORER 0x04000000
#define MASK_BYTES 8

void restorer(void);
__asm__(".text\n.globl restorer\nrestorer:\n\tmov $15, %eax\n\tsyscall\n");

static volatile uint64_t hits;

static void count_hit(int number)
{
	hits += number == SIGUSR1;
}

static void signal_install(const char *name)
{
	struct action action = { count_hit, SA_RESTORER, restorer, 0 };
	long result = call4(SYS_rt_sigaction, SIGUSR1, &action, 0, MASK_BYTES);
	if (result < 0)
		skip(name, result);
	MEASURE(name, SAMPLES, 1000, call4(SYS_rt_sigaction, SIGUSR1, &action, 0, MASK_BYTES));
	struct action installed = { 0 };
	call4(SYS_rt_sigaction, SIGUSR1, 0, &installed, MASK_BYTES);
	check(name, installed.handler == count_hit);
}

/* kill(2) to the process itself, the handler, and the return from it. */
static void signal_deliver(const char *name)
{
	struct action action = { count_hit, SA_RESTORER, restorer, 0 };
	call4(SYS_rt_sigaction, SIGUSR1, &action, 0, MASK_BYTES);
	long self = call0(SYS_getpid);
	long result = call2(SYS_kill, self, SIGUSR1);
	if (result < 0)
		skip(name, result);
	MEASURE(name, SAMPLES, 200, call2(SYS_kill, self, SIGUSR1));
	check("signal_hits", hits);
}

const struct operation calls[] = {
	{ "tsc_pair", tsc_pair },
	{ "syscall_getpid", getpid_only },
	{ "stat", stat_file },
	{ "open_close", open_close },
	{ "readdir_1000", readdir_1000 },
	{ "signal_install", signal_install },
	{ "signal_deliver", signal_deliver },
	{ 0 },
};
