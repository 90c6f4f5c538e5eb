/* sigtimedwait and sigwaitinfo. */
#include "show.h"

static volatile sig_atomic_t handled;

static void note(int number)
{
	handled = number;
}

static void killer(void)
{
	until_state(getppid(), 'S');
	kill(getppid(), SIGUSR2);
}

int main(void)
{
	sigset_t set;
	siginfo_t info;
	struct timespec none = { 0, 0 }, moment = { 0, 1000000 }, bad = { 0, 1000000000 };
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	CALL(sigtimedwait(&set, &info, &none));
	CALL(sigtimedwait(&set, &info, &moment));
	CALL(sigtimedwait(&set, &info, &bad));
	raise(SIGUSR2);
	raise(SIGUSR1);
	CALL(sigtimedwait(&set, &info, NULL));
	FACT(info.si_pid == getpid());
	SHOW(info.si_code);
	CALL(sigtimedwait(&set, NULL, NULL));
	pid_t pid = start(killer);
	CALL(sigwaitinfo(&set, &info));
	FACT(info.si_pid == pid);
	SHOW(info.si_code);
	finish("killer", pid);
	union sigval value = { .sival_int = 1234 };
	sigqueue(getpid(), SIGUSR1, value);
	CALL(sigwaitinfo(&set, &info));
	say("code %d, value %d", info.si_code, info.si_value.sival_int);
	/* A signal outside of the set interrupts the wait. */
	handle(SIGALRM, note, SA_RESTART);
	start_alarms();
	/* By the system call, because the libc repeats it after EINTR. */
	CALL(end_alarms(syscall(SYS_rt_sigtimedwait, &set, &info, NULL, 8)));
	FACT(handled == SIGALRM);
	CALL(syscall(SYS_rt_sigtimedwait, 8, NULL, &none, 8));
	CALL(syscall(SYS_rt_sigtimedwait, &set, 8, &none, 8));
	raise(SIGUSR1);
	CALL(syscall(SYS_rt_sigtimedwait, &set, 8, &none, 8));
	CALL(syscall(SYS_rt_sigtimedwait, &set, NULL, &none, 4));
	return 0;
}
