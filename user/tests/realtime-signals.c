/* Real-time signals are all kept; the lowest number is delivered first, equal ones in their
 * order. */
#include "show.h"

#include <sys/resource.h>

static void note(int number, siginfo_t *info, void *context)
{
	(void)context;
	say("signal %d, code %d, value %d", number, info->si_code, info->si_value.sival_int);
}

int main(void)
{
	sigset_t set, everything;
	struct sigaction action = { .sa_sigaction = note, .sa_flags = SA_SIGINFO };
	/* No handler interrupts another one, so the order is visible. */
	sigfillset(&action.sa_mask);
	sigemptyset(&set);
	int numbers[] = { 40, 41, 42, SIGUSR1 };
	for (size_t i = 0; i < COUNT(numbers); i++) {
		sigaction(numbers[i], &action, NULL);
		sigaddset(&set, numbers[i]);
	}
	sigprocmask(SIG_BLOCK, &set, NULL);
	int order[] = { 42, 40, SIGUSR1, 41, 40, SIGUSR1, 42, 40 };
	for (size_t i = 0; i < COUNT(order); i++) {
		union sigval value = { .sival_int = 100 + i };
		sigqueue(getpid(), order[i], value);
	}
	kill(getpid(), 41);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	sigfillset(&everything);

	union sigval value = { .sival_int = 0 };
	CALL(sigqueue(getpid(), 0, value));
	CALL(sigqueue(getpid(), 65, value));
	CALL(sigqueue(99999, 40, value));
	/* The limit of pending signals. */
	struct rlimit limit = { 4, 4 };
	setrlimit(RLIMIT_SIGPENDING, &limit);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int i = 0; i < 6; i++)
		CALL(sigqueue(getpid(), 41, value));
	/* kill is never refused for ordinary signals. */
	CALL(kill(getpid(), SIGUSR1));
	siginfo_t info = { .si_code = SI_USER };
	CALL(syscall(SYS_rt_sigqueueinfo, getppid(), 40, &info));
	CALL(syscall(SYS_rt_sigqueueinfo, getpid(), 40, 8));
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	return 0;
}
