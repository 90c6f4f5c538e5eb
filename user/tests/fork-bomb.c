/* A fork bomb within RLIMIT_NPROC ends at the limit, and other users can still fork. */
#include "show.h"

#include <sys/resource.h>

#define LIMIT 100

static void bomb(void)
{
	struct rlimit limit = { LIMIT, LIMIT };
	CALL(setrlimit(RLIMIT_NPROC, &limit));
	CALL(setgid(1234));
	CALL(setuid(1234));
	/* All children stay alive, so that they count; they end with the group. */
	setpgid(0, 0);
	int made = 0;
	for (;;) {
		pid_t pid = fork();
		if (pid < 0)
			break;
		if (pid == 0)
			for (;;)
				if (fork() < 0)
					pause();
		made++;
	}
	say("fork = %s", error_name(errno));
	FACT(made >= 1 && made < LIMIT);
	kill(0, SIGKILL);
}

int main(void)
{
	in_child("bomb", bomb);
	int good = 0, status;
	for (int i = 0; i < 50; i++) {
		pid_t pid = fork();
		if (pid == 0)
			_exit(0);
		good += pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
	}
	SHOW(good);
	return 0;
}
