/* A tree of 2,000 nested directories: made, walked up, removed. */
#include "show.h"

#define DEPTH 2000

int main(void)
{
	int made = 0, removed = 0;
	while (made < DEPTH && mkdir("d", 0755) == 0 && chdir("d") == 0)
		made++;
	SHOW(made);
	static char path[65536];
	errno = 0;
	long length = syscall(SYS_getcwd, path, sizeof(path));
	say("getcwd: %s", length < 0 ? error_name(errno) : "ok");
	CALL(syscall(SYS_getcwd, path, 4000));
	while (chdir("..") == 0 && rmdir("d") == 0)
		removed++;
	SHOW(removed);
	CALL(access("d", F_OK));
	return 0;
}
