/* fork, exec and exit, three thousand times: no memory is lost. */
#include "show.h"

#include <sys/sysinfo.h>

/* A page that is lost each time is more than the 8 MiB below. */
#define ROUNDS 3000

static unsigned long free_bytes(void)
{
	struct sysinfo info;
	if (sysinfo(&info) < 0)
		give_up("sysinfo");
	return info.freeram * info.mem_unit;
}

static int run(int rounds)
{
	int good = 0, status;
	for (int i = 0; i < rounds; i++) {
		pid_t pid = fork();
		if (pid < 0)
			give_up("fork");
		if (pid == 0) {
			execl("/proc/self/exe", "x", "again", (char *)NULL);
			_exit(9);
		}
		good += waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 3;
	}
	return good;
}

int main(int count, char **given)
{
	(void)given;
	if (count > 1)
		return 3;
	/* Allocations that are made only once are not counted. */
	SHOW(run(100));
	unsigned long before = free_bytes();
	SHOW(run(ROUNDS));
	unsigned long after = free_bytes();
	/* Linux keeps some freed memory for later. */
	FACT(after + (8L << 20) > before);
	return 0;
}
