/* kill, tkill and tgkill: their targets, and the permissions for them. */
#include "show.h"

static struct gate gate, ready;

static void sleeps(void)
{
	open_gate(&ready);
	pause();
}

static void as_user(void)
{
	setuid(1000);
	CALL(kill(getppid(), 0));
	CALL(kill(getppid(), SIGTERM));
	CALL(kill(1, SIGKILL));
	CALL(kill(getpid(), 0));
	CALL(kill(99999, 0));
	CALL(syscall(SYS_tkill, getppid(), 0));
	/* SIGCONT may be sent to any process of the session. */
	CALL(kill(getppid(), SIGCONT));
}

static void with_saved_user(void)
{
	/* The real or saved user of the target is compared. */
	setresuid(1000, 1001, 1002);
	open_gate(&ready);
	pause();
}

int main(void)
{
	gate = new_gate();
	ready = new_gate();
	CALL(kill(getpid(), 0));
	CALL(kill(getpid(), 65));
	CALL(kill(getpid(), -1));
	CALL(kill(99999, SIGTERM));
	CALL(kill(-99999, SIGTERM));
	CALL(kill(INT32_MIN, 0));
	CALL(syscall(SYS_tkill, getpid(), 0));
	CALL(syscall(SYS_tkill, 0, 0));
	CALL(syscall(SYS_tgkill, getpid(), getpid(), 0));
	CALL(syscall(SYS_tgkill, getppid(), getpid(), 0));
	CALL(syscall(SYS_tgkill, 0, getpid(), 0));
	in_child("user", as_user);
	pid_t pid = start(with_saved_user), probe;
	pass_gate(&ready);
	int users[] = { 1000, 1001, 1002, 1003 };
	for (size_t i = 0; i < COUNT(users); i++) {
		probe = fork();
		if (probe == 0) {
			setuid(users[i]);
			say("user %d: %s", users[i], kill(pid, 0) ? error_name(errno) : "may");
			_exit(0);
		}
		waitpid(probe, NULL, 0);
	}
	kill(pid, SIGKILL);
	finish("saved user", pid);
	pid = start(sleeps);
	pass_gate(&ready);
	CALL(kill(pid, SIGTERM));
	finish("sleeps", pid);
	/* A signal to the whole group. */
	signal(SIGUSR1, SIG_IGN);
	CALL(kill(0, SIGUSR1));
	return 0;
}
