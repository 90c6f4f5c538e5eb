/* timer_create and related calls. */
#include "show.h"

static volatile int got, value, code;

static void note(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	got++;
	value = info->si_value.sival_int;
	code = info->si_code;
}

int main(void)
{
	int timer, other;
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1,
		.sigev_value.sival_int = 77 };
	struct sigaction action = { .sa_sigaction = note, .sa_flags = SA_SIGINFO };
	struct itimerspec time = { { 0, 0 }, { 0, 1000000 } }, old;
	sigaction(SIGUSR1, &action, NULL);
	CALL(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer));
	CALL(syscall(SYS_timer_gettime, timer, &old));
	FACT(old.it_value.tv_sec == 0 && old.it_value.tv_nsec == 0);
	CALL(syscall(SYS_timer_settime, timer, 0, &time, NULL));
	while (!got)
		;
	say("%d, value %d, code %d", got, value, code);
	time = (struct itimerspec){ { 5, 0 }, { 1000, 0 } };
	CALL(syscall(SYS_timer_settime, timer, 0, &time, &old));
	CALL(syscall(SYS_timer_gettime, timer, &old));
	FACT(old.it_value.tv_sec >= 900 && old.it_interval.tv_sec == 5);
	/* For a time that has passed, the timer expires at once. */
	got = 0;
	time = (struct itimerspec){ { 0, 0 }, { 0, 1 } };
	CALL(syscall(SYS_timer_settime, timer, TIMER_ABSTIME, &time, NULL));
	while (!got)
		;
	SHOW(got);
	CALL(syscall(SYS_timer_getoverrun, timer));
	time.it_value.tv_nsec = 1000000000;
	CALL(syscall(SYS_timer_settime, timer, 0, &time, NULL));
	CALL(syscall(SYS_timer_settime, timer, 0, NULL, NULL));
	CALL(syscall(SYS_timer_settime, timer, 0, 8, NULL));
	CALL(syscall(SYS_timer_delete, timer));
	CALL(syscall(SYS_timer_delete, timer));
	CALL(syscall(SYS_timer_gettime, timer, &old));
	event.sigev_signo = 99;
	CALL(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &other));
	event.sigev_notify = SIGEV_NONE;
	CALL(syscall(SYS_timer_create, CLOCK_REALTIME, &event, &other));
	CALL(syscall(SYS_timer_delete, other));
	CALL(syscall(SYS_timer_create, 999, &event, &other));
	CALL(syscall(SYS_timer_create, CLOCK_MONOTONIC, 8, &other));
	CALL(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, 8));
	/* Timers are not inherited. */
	event.sigev_notify = SIGEV_SIGNAL;
	event.sigev_signo = SIGUSR1;
	syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer);
	pid_t pid = fork();
	if (pid == 0) {
		CALL(syscall(SYS_timer_gettime, timer, &old));
		_exit(0);
	}
	finish("child", pid);
	return 0;
}
