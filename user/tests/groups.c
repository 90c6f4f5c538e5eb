/* Process groups and sessions. */
#include "show.h"

static struct gate gate, ready;

static void sleeps(void)
{
	open_gate(&ready);
	pause();
}

static void leader(void)
{
	/* The leader of a group can't make a session. */
	CALL(setpgid(0, 0));
	FACT(getpgrp() == getpid());
	CALL(setsid());
	pid_t pid = fork();
	if (pid == 0) {
		FACT(setsid() == getpid());
		FACT(getsid(0) == getpid());
		FACT(getpgrp() == getpid());
		CALL(setsid());
		CALL(setpgid(0, 0));
		CALL(setpgid(0, getppid()));
		_exit(0);
	}
	finish("session", pid);
}

int main(int count, char **given)
{
	(void)given;
	if (count > 1) {
		char byte;
		return write(1, "x", 1) == 1 && read(0, &byte, 1) == 1 ? 0 : 1;
	}
	gate = new_gate();
	ready = new_gate();
	/* The runner has made this process the leader of a session. */
	FACT(getsid(0) == getpid());
	FACT(getpgid(0) == getpid());
	in_child("leader", leader);
	pid_t first = start(sleeps), second = start(sleeps);
	pass_gate(&ready);
	pass_gate(&ready);
	CALL(setpgid(first, first));
	CALL(setpgid(second, first));
	FACT(getpgid(second) == first);
	CALL(setpgid(second, 99999));
	CALL(setpgid(1, 0));
	CALL(setpgid(99999, 0));
	CALL(setpgid(first, -1));
	CALL(getpgid(99999));
	CALL(getsid(99999));
	CALL(kill(-first, 0));
	CALL(kill(-first, SIGTERM));
	finish("first", first);
	finish("second", second);
	CALL(kill(-first, 0));
	/* After an exec, the parent can't change the group any more. */
	pid_t pid = fork();
	if (pid == 0) {
		char *arguments[] = { "groups", "child", NULL };
		dup2(gate.fds[0], 0);
		dup2(ready.fds[1], 1);
		execv("/proc/self/exe", arguments);
		_exit(1);
	}
	pass_gate(&ready);
	CALL(setpgid(pid, pid));
	open_gate(&gate);
	finish("child", pid);
	return 0;
}
