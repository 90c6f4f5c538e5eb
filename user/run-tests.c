/*
 * Runs programs in /tests, each in a directory of its own: all of them, or those in the arguments,
 * or, with the arguments `from NAME`, NAME and those after it in alphabetical order. The output of
 * each is framed:
 *
 *	@begin NAME
 *	…
 *	@end NAME exit 0
 *
 * The end is `exit N`, `signal N`, or `timeout`. The last line is `@done`. As the first program,
 * it first mounts Linux's file systems, and switches the machine off at the end. With the arguments
 * `on DEVICE KIND` before all others, the directories of the programs are on that device.
 */
#include "show.h"

#include <dirent.h>
#include <sys/mount.h>
#include <sys/reboot.h>

/* The largest time of a program, in seconds. Only a program that hangs exceeds it, on however busy a
 * host; one that computes ends earlier, by the limit of the machine's CPU time. */
#define LIMIT_S 600
#define TESTS_MAX 1000

/* Farjump has these mounts from the start, so errors are ignored. */
static void mount_all(const char *device, const char *kind)
{
	mkdir("/proc", 0755);
	mkdir("/dev", 0755);
	mkdir("/tmp", 01777);
	if (access("/proc/self", F_OK) < 0)
		mount("proc", "/proc", "proc", 0, NULL);
	if (access("/dev/null", F_OK) < 0)
		mount("dev", "/dev", "devtmpfs", 0, NULL);
	mkdir("/dev/pts", 0755);
	if (access("/dev/pts/ptmx", F_OK) < 0)
		mount("pts", "/dev/pts", "devpts", 0, NULL);
	if (mount(device, "/tmp", kind, 0, NULL) < 0)
		say("%s: %s", device, error_name(errno));
	chmod("/tmp", 01777);
	if (fcntl(STDIN_FILENO, F_GETFD) < 0) {
		open("/dev/console", O_RDWR | O_NOCTTY);
		dup(0);
		dup(0);
	}
}

static void run(const char *name)
{
	char path[300], place[300];
	snprintf(path, sizeof(path), "/tests/%s", name);
	snprintf(place, sizeof(place), "/tmp/%s", name);
	mkdir(place, 0755);
	say("@begin %s", name);
	pid_t pid = fork();
	if (pid == 0) {
		char *arguments[] = { path, NULL };
		char *environment[] = { "PATH=/bin", "HOME=/tmp", NULL };
		int null = open("/dev/null", O_RDONLY);
		setsid();
		umask(022);
		dup2(null, STDIN_FILENO);
		if (null > STDERR_FILENO)
			close(null);
		if (chdir(place) == 0)
			execve(path, arguments, environment);
		_exit(127);
	}
	struct timespec now, pause = { 0, 2000000 };
	clock_gettime(CLOCK_MONOTONIC, &now);
	time_t end = now.tv_sec + LIMIT_S;
	int status = 0;
	pid_t got = 0;
	while (pid > 0 && (got = waitpid(pid, &status, WNOHANG)) == 0 && now.tv_sec < end) {
		/* Orphans become children of the first program. */
		nanosleep(&pause, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
	}
	if (pid < 0 || got < 0)
		say("\n@end %s error %s", name, error_name(errno));
	else if (got == 0)
		say("\n@end %s timeout", name);
	else if (WIFSIGNALED(status))
		say("\n@end %s signal %d", name, WTERMSIG(status));
	else
		say("\n@end %s exit %d", name, WEXITSTATUS(status));
	if (getpid() == 1) {
		kill(-1, SIGKILL);
		while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
			;
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int main(int count, char **arguments)
{
	static char *names[TESTS_MAX];
	int found = 0;
	const char *device = "tmp", *kind = "tmpfs";
	if (count > 3 && strcmp(arguments[1], "on") == 0) {
		device = arguments[2];
		kind = arguments[3];
		count -= 3;
		arguments += 3;
	}
	if (getpid() == 1)
		mount_all(device, kind);
	const char *first = count == 3 && strcmp(arguments[1], "from") == 0 ? arguments[2] : "";
	if (count > 1 && !*first) {
		for (int i = 1; i < count; i++)
			run(arguments[i]);
	} else {
		DIR *folder = opendir("/tests");
		struct dirent *entry;
		while (folder && found < TESTS_MAX && (entry = readdir(folder)))
			if (entry->d_name[0] != '.')
				names[found++] = strdup(entry->d_name);
		qsort(names, found, sizeof(*names), by_name);
		for (int i = 0; i < found; i++)
			if (strcmp(names[i], first) >= 0)
				run(names[i]);
	}
	say("@done");
	/* On Linux the end of the first program is a panic. */
	if (getpid() == 1)
		reboot(RB_POWER_OFF);
	return 0;
}
