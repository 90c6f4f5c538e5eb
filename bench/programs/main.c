/*
 * Measures operations of a kernel: those that its arguments name, with commas between them, or all
 * except those of growth.c and storage.c. Each runs in a new process that executes this program, so
 * no operation depends on those before it.
 *
 *	batch NAME OPERATIONS            the operations of a sample
 *	op NAME MIN MEDIAN MAX SAMPLES   ticks of the time stamp counter for one operation
 *	check NAME VALUE                 what it did: the same on every kernel
 *	skip NAME ERRNO                  the kernel can't do it
 *	failed NAME STATUS               the process ended so, as wait(2) has it
 *
 * `begin` is the first line and `end` the last one. As the first program of a machine it switches
 * the machine off then. Linux gives it the words of its own command line that it doesn't know:
 * arguments that name no operation choose none. tools/bench-linux runs it on Linux and on Farjump.
 */
#include "growth.h"
#include "storage.h"

#include <fcntl.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

const char *program = "/init";
const char *base = "";

static const struct operation *const subjects[] = {
	calls, pipes, switches, processes, memory, files, trees, compute,
};
#define SUBJECTS (sizeof(subjects) / sizeof(*subjects))

/* Those that run only where they are named. */
static const struct operation *const chosen_only[] = { growth, storage };

static const struct operation *find(const char *name)
{
	for (unsigned i = 0; i < SUBJECTS; i++)
		for (const struct operation *one = subjects[i]; one->name; one++)
			if (strcmp(one->name, name) == 0)
				return one;
	for (unsigned i = 0; i < sizeof(chosen_only) / sizeof(*chosen_only); i++)
		for (const struct operation *one = chosen_only[i]; one->name; one++)
			if (strcmp(one->name, name) == 0)
				return one;
	return 0;
}

static void start(const struct operation *one)
{
	pid_t pid = fork();
	if (pid == 0) {
		char *arguments[] = { (char *)program, "--run", (char *)one->name, (char *)base, NULL };
		char *environment[] = { NULL };
		execve(program, arguments, environment);
		end(127);
	}
	long status = reap(pid);
	if (status)
		say("failed %s %ld", one->name, status);
}

int main(int count, char **arguments)
{
	if (count > 1 && strcmp(arguments[1], "--exit") == 0)
		end(0);
	if (count > 0 && strchr(arguments[0], '/'))
		program = arguments[0];
	if (count == 4 && strcmp(arguments[1], "--run") == 0) {
		base = arguments[3];
		find(arguments[2])->run(arguments[2]);
		return 0;
	}
	if (count > 1 && strcmp(arguments[1], "--list") == 0) {
		for (unsigned i = 0; i < SUBJECTS; i++)
			for (const struct operation *one = subjects[i]; one->name; one++)
				say("%s", one->name);
		for (unsigned i = 0; i < sizeof(chosen_only) / sizeof(*chosen_only); i++)
			for (const struct operation *one = chosen_only[i]; one->name; one++)
				say("%s", one->name);
		return 0;
	}

	int is_first = getpid() == 1;
	if (!is_first)
		base = "/tmp";
	else if (fcntl(STDOUT_FILENO, F_GETFD) < 0)
		for (int i = 0; i < 3; i++)
			open("/dev/console", O_RDWR);
	int status = 0, chosen = 0;
	say("begin");
	for (int i = 1; i < count; i++)
		for (char *name = strtok(arguments[i], ","); name; name = strtok(NULL, ",")) {
			const struct operation *one = find(name);
			if (one) {
				chosen = 1;
				start(one);
			} else {
				say("unknown %s", name);
				status = 2;
			}
		}
	for (unsigned i = 0; !chosen && i < SUBJECTS; i++)
		for (const struct operation *one = subjects[i]; one->name; one++)
			start(one);
	say("end");
	if (is_first) {
		reboot(RB_POWER_OFF);
		reboot(RB_AUTOBOOT);
	}
	return status;
}
