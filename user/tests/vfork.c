/* vfork: the parent waits until its child executes or ends; they share memory. */
#include "show.h"

static volatile int value;

int main(int count, char **given)
{
	if (count > 1) {
		TEXT(given[1]);
		return 3;
	}
	value = 1;
	pid_t pid = vfork();
	if (pid == 0) {
		value = 2;
		_exit(4);
	}
	SHOW(value);
	finish("ends", pid);
	pid = vfork();
	if (pid == 0) {
		char *arguments[] = { "none", NULL };
		execv("none", arguments);
		value = errno;
		_exit(6);
	}
	FACT(value == ENOENT);
	finish("no program", pid);
	pid = vfork();
	if (pid == 0) {
		char *arguments[] = { "vfork", "again", NULL };
		execv("/proc/self/exe", arguments);
		_exit(7);
	}
	finish("program", pid);
	return 0;
}
