/* fork: the attributes that a child inherits, and those that it doesn't. */
#include "show.h"

static int variable = 1;
static pid_t parent;

static void child(void)
{
	FACT(getppid() == parent);
	FACT(getpid() != parent);
	variable = 2;
	CALL(lseek(3, 0, SEEK_CUR));
	lseek(3, 5, SEEK_SET);
	CALL(fcntl(4, F_GETFD));
	sigset_t set;
	sigprocmask(SIG_BLOCK, NULL, &set);
	FACT(sigismember(&set, SIGUSR2));
	sigpending(&set);
	FACT(sigismember(&set, SIGUSR2));
	struct sigaction action;
	sigaction(SIGUSR1, NULL, &action);
	FACT(action.sa_handler == ignore_call);
	CALL(alarm(0));
	CALL(umask(0));
	char text[64];
	TEXT(getcwd(text, sizeof(text)));
	chdir("/");
	close(3);
	FACT(getpgrp() == getpgid(parent));
	FACT(getsid(0) == getsid(parent));
	_exit(300);
}

int main(void)
{
	parent = getpid();
	open("file", O_RDWR | O_CREAT, 0644);
	open("file", O_RDWR | O_CLOEXEC);
	lseek(3, 2, SEEK_SET);
	handle(SIGUSR1, ignore_call, 0);
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR2);
	alarm(1000);
	umask(026);
	in_child("child", child);
	SHOW(variable);
	CALL(lseek(3, 0, SEEK_CUR));
	CALL(alarm(0) > 900);
	CALL(umask(0));
	return 0;
}
