/* sigprocmask, sigpending, and pending signals. */
#include "show.h"

static volatile int calls;

static void note(int number)
{
	calls++;
	say("got %s", signal_name(number));
}

int main(void)
{
	sigset_t set, old;
	sigemptyset(&set);
	CALL(sigprocmask(SIG_BLOCK, NULL, &old));
	FACT(!sigismember(&old, SIGUSR1));
	handle(SIGUSR1, note, 0);
	handle(SIGUSR2, note, 0);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	CALL(sigprocmask(SIG_BLOCK, &set, &old));
	raise(SIGUSR2);
	raise(SIGUSR1);
	raise(SIGUSR1);
	sigpending(&old);
	say("pending: %d %d", sigismember(&old, SIGUSR1), sigismember(&old, SIGUSR2));
	SHOW(calls);
	/* The handler of the lower number is entered last, so it runs first. */
	CALL(sigprocmask(SIG_UNBLOCK, &set, NULL));
	SHOW(calls);
	sigpending(&old);
	say("pending: %d %d", sigismember(&old, SIGUSR1), sigismember(&old, SIGUSR2));
	/* SIGKILL and SIGSTOP can't be blocked. */
	sigfillset(&set);
	CALL(sigprocmask(SIG_SETMASK, &set, NULL));
	sigprocmask(SIG_SETMASK, NULL, &old);
	say("blocked: %d %d %d", sigismember(&old, SIGKILL), sigismember(&old, SIGSTOP),
	    sigismember(&old, SIGTERM));
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	CALL(sigprocmask(99, &set, NULL));
	CALL(sigprocmask(99, NULL, &old));
	CALL(syscall(SYS_rt_sigprocmask, SIG_BLOCK, 8, NULL, 8));
	CALL(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, 8, 8));
	CALL(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, NULL, 16));
	CALL(syscall(SYS_rt_sigpending, 8, 8));
	CALL(syscall(SYS_rt_sigpending, &set, 9));
	/* A fault whose signal is blocked ends the process. */
	pid_t pid = fork();
	if (pid == 0) {
		handle(SIGSEGV, note, 0);
		sigaddset(&set, SIGSEGV);
		sigprocmask(SIG_BLOCK, &set, NULL);
		*(volatile char *)8 = 1;
	}
	finish("blocked fault", pid);
	pid = fork();
	if (pid == 0) {
		signal(SIGSEGV, SIG_IGN);
		*(volatile char *)8 = 1;
	}
	finish("ignored fault", pid);
	return 0;
}
