/* Processes: fork, execve, exit and wait. */
#include "measure.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE_BYTES 4096

/* Forks a child that ends at once; returns its status. */
static long fork_and_reap(void)
{
	long pid = call0(SYS_fork);
	if (pid == 0)
		end(0);
	return pid < 0 ? pid : reap(pid);
}

static void fork_exit_wait(const char *name)
{
	long result = fork_and_reap();
	if (result < 0)
		skip(name, result);
	uint64_t good = 0;
	MEASURE(name, SAMPLES, 10, good += fork_and_reap() == 0);
	check(name, good);
}

/* Fork, exit and wait of a process that has written 64 MiB. */
static void fork_exit_wait_64m(const char *name)
{
	enum { BYTES = 64 << 20 };
	char *memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		skip(name, -errno);
	for (int i = 0; i < BYTES; i += PAGE_BYTES)
		memory[i] = i / PAGE_BYTES % 100;
	uint64_t good = 0, sum = 0;
	MEASURE(name, SAMPLES, 1, good += fork_and_reap() == 0);
	for (int i = 0; i < BYTES; i += PAGE_BYTES)
		sum += memory[i];
	check(name, sum * 100 + good);
}

/* Forks a child that executes the file at `path`; returns its status. */
static long execute(const char *path)
{
	const char *arguments[] = { path, "--exit", NULL };
	const char *environment[] = { NULL };
	long pid = call0(SYS_fork);
	if (pid == 0) {
		long result = call3(SYS_execve, path, arguments, environment);
		end(-result);
	}
	return pid < 0 ? pid : reap(pid);
}

static void measure_execute(const char *name, const char *path)
{
	long status = execute(path);
	if (status)
		skip(name, status < 0 ? status : -(status >> 8));
	uint64_t good = 0;
	MEASURE(name, SAMPLES, 5, good += execute(path) == 0);
	check(name, good);
}

/* Fork and execve of this program, which ends at once. */
static void fork_exec_wait(const char *name)
{
	measure_execute(name, program);
}

/* Fork and execve of a program of one page, without a C library. */
static void fork_exec_tiny(const char *name)
{
	measure_execute(name, path("exit0"));
}

/* Fork and execve of a script whose interpreter is that program. */
static void fork_exec_script(const char *name)
{
	const char *script = path("script");
	int fd = open(script, O_WRONLY | O_CREAT, 0700);
	const char *interpreter = path("exit0");
	if (write(fd, "#!", 2) != 2 || write(fd, interpreter, strlen(interpreter)) < 0
	    || write(fd, "\n", 1) != 1)
		skip(name, -errno);
	close(fd);
	measure_execute(name, script);
	unlink(script);
}

const struct operation processes[] = {
	{ "fork_exit_wait", fork_exit_wait },
	{ "fork_exec_wait", fork_exec_wait },
	{ "fork_exec_tiny", fork_exec_tiny },
	{ "fork_exec_script", fork_exec_script },
	{ "fork_exit_wait_64m", fork_exit_wait_64m },
	{ 0 },
};
