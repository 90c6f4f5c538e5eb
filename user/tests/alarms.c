/* alarm, setitimer and getitimer. */
#include "show.h"

static volatile int alarms, virtual, profile;

static void note(int number)
{
	if (number == SIGALRM)
		alarms++;
	else if (number == SIGVTALRM)
		virtual++;
	else
		profile++;
}

/* Returns what is left of an alarm after `seconds` when another one is set. Repeats that if it took
 * so long that the rest may be rounded down. */
static unsigned replaced(unsigned seconds, unsigned by)
{
	struct timespec begin, end;
	unsigned left;
	do {
		clock_gettime(CLOCK_MONOTONIC, &begin);
		alarm(seconds);
		left = alarm(by);
		clock_gettime(CLOCK_MONOTONIC, &end);
	} while ((end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000 >= 400);
	return left;
}

int main(void)
{
	struct itimerval timer = { { 0, 0 }, { 0, 1000 } }, old;
	handle(SIGALRM, note, 0);
	handle(SIGVTALRM, note, 0);
	handle(SIGPROF, note, 0);
	CALL(alarm(100));
	SHOW(replaced(100, 50));
	SHOW(replaced(50, 0));
	CALL(alarm(0));
	CALL(setitimer(ITIMER_REAL, &timer, NULL));
	while (!alarms)
		;
	SHOW(alarms);
	CALL(getitimer(ITIMER_REAL, &old));
	FACT(old.it_value.tv_sec == 0 && old.it_value.tv_usec == 0);
	timer.it_interval.tv_usec = 1000;
	alarms = 0;
	setitimer(ITIMER_REAL, &timer, NULL);
	while (alarms < 5)
		pause();
	timer = (struct itimerval){ { 0, 0 }, { 0, 0 } };
	CALL(setitimer(ITIMER_REAL, &timer, &old));
	FACT(old.it_interval.tv_usec == 1000);
	/* Timers by CPU time. */
	timer.it_value.tv_usec = 10000;
	CALL(setitimer(ITIMER_VIRTUAL, &timer, NULL));
	CALL(setitimer(ITIMER_PROF, &timer, NULL));
	while (!virtual || !profile)
		;
	SHOW(virtual);
	SHOW(profile);
	/* alarm and ITIMER_REAL are the same timer. */
	alarm(1000);
	getitimer(ITIMER_REAL, &old);
	FACT(old.it_value.tv_sec >= 900);
	timer.it_value.tv_usec = 1000000;
	CALL(setitimer(ITIMER_REAL, &timer, NULL));
	timer.it_value.tv_usec = -1;
	CALL(setitimer(ITIMER_REAL, &timer, NULL));
	CALL(setitimer(3, &timer, NULL));
	CALL(getitimer(3, &old));
	CALL(syscall(SYS_setitimer, ITIMER_REAL, 8, NULL));
	CALL(syscall(SYS_getitimer, ITIMER_REAL, 8));
	/* A null pointer instead of a value stops the timer. */
	CALL(syscall(SYS_setitimer, ITIMER_REAL, NULL, NULL));
	CALL(alarm(0));
	return 0;
}
