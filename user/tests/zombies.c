/* Zombies, SIGCHLD, and children that don't have to be waited for. */
#include "show.h"

static volatile int signals;
static siginfo_t got;

static void on_child(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	signals++;
	got = *info;
}

static void quick(void)
{
	_exit(3);
}

static void wait_for_signal(int count)
{
	struct timespec pause = { 0, 1000000 };
	while (signals < count)
		nanosleep(&pause, NULL);
}

int main(void)
{
	char path[64];
	struct sigaction action = { .sa_sigaction = on_child, .sa_flags = SA_SIGINFO };
	sigaction(SIGCHLD, &action, NULL);
	pid_t pid = start(quick);
	wait_for_signal(1);
	say("code %d, status %d, pid %s", got.si_code, got.si_status, got.si_pid == pid ? "right" : "wrong");
	say("state %c", state_of(pid));
	CALL(kill(pid, 0));
	CALL(kill(pid, SIGKILL));
	CALL(getpgid(pid) == getpgrp());
	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	int fd = open(path, O_RDONLY);
	char text[16];
	CALL(read(fd, text, sizeof(text)));
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	CALL(readlink(path, text, sizeof(text)));
	finish("zombie", pid);
	CALL(kill(pid, 0));
	CALL(access(path, F_OK));

	/* Stops and continuations are reported, unless SA_NOCLDSTOP is set. */
	signals = 0;
	pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	kill(pid, SIGSTOP);
	wait_for_signal(1);
	say("code %d, status %d", got.si_code, got.si_status);
	kill(pid, SIGCONT);
	wait_for_signal(2);
	say("code %d, status %d", got.si_code, got.si_status);
	kill(pid, SIGKILL);
	wait_for_signal(3);
	say("code %d, status %d", got.si_code, got.si_status);
	finish("killed", pid);

	/* SIGCHLD is ignored: no zombie remains, and wait returns when all children have ended. */
	signal(SIGCHLD, SIG_IGN);
	pid = start(quick);
	CALL(waitpid(pid, NULL, 0));
	while (kill(pid, 0) == 0)
		usleep(1000);
	CALL(kill(pid, 0));
	action.sa_flags = SA_SIGINFO | SA_NOCLDWAIT;
	sigaction(SIGCHLD, &action, NULL);
	signals = 0;
	pid = start(quick);
	CALL(waitpid(pid, NULL, 0));
	wait_for_signal(1);
	SHOW(signals);
	return 0;
}
