/* nanosleep and the clocks. */
#include "show.h"

static long long now(clockid_t clock)
{
	struct timespec time;
	if (clock_gettime(clock, &time) < 0)
		give_up("clock_gettime");
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(void)
{
	struct timespec time;
	long long before = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	time = (struct timespec){ 0, 20000000 };
	CALL(nanosleep(&time, NULL));
	FACT(now(CLOCK_MONOTONIC) - before >= 20000000);
	FACT(now(CLOCK_PROCESS_CPUTIME_ID) >= cpu);
	/* The clocks never go back. */
	long backwards = 0;
	long long last = now(CLOCK_MONOTONIC), next;
	for (int i = 0; i < 100000; i++) {
		next = now(CLOCK_MONOTONIC);
		backwards += next < last;
		last = next;
	}
	SHOW(backwards);
	clockid_t clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID,
		CLOCK_THREAD_CPUTIME_ID, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE,
		CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME, CLOCK_TAI, 99, -1 };
	for (size_t i = 0; i < COUNT(clocks); i++)
		say("clock %d: %ld %ld", clocks[i], syscall(SYS_clock_gettime, clocks[i], &time),
		    syscall(SYS_clock_getres, clocks[i], NULL));
	CALL(clock_getres(CLOCK_MONOTONIC, &time));
	SHOW(time.tv_nsec);
	FACT(now(CLOCK_REALTIME) > 1700000000LL * 1000000000);
	struct timeval day;
	long long earlier = now(CLOCK_REALTIME);
	gettimeofday(&day, NULL);
	long long later = now(CLOCK_REALTIME), middle = day.tv_sec * 1000000000LL + day.tv_usec * 1000LL;
	FACT(earlier < middle + 1000 && middle <= later);
	time_t seconds = 5;
	FACT(syscall(SYS_time, &seconds) >= day.tv_sec && seconds >= day.tv_sec);
	time = (struct timespec){ 0, 1000000000 };
	CALL(nanosleep(&time, NULL));
	time = (struct timespec){ -1, 0 };
	CALL(nanosleep(&time, NULL));
	CALL(syscall(SYS_nanosleep, 8, NULL));
	/* The remaining time after a signal. */
	struct timespec left = { 0, 0 };
	handle(SIGALRM, ignore_call, 0);
	start_alarms();
	time = (struct timespec){ 1000, 0 };
	CALL(end_alarms(nanosleep(&time, &left)));
	FACT(left.tv_sec > 900 && left.tv_sec < 1000);
	/* A sleep until a time that has passed doesn't wait. */
	time = (struct timespec){ 1, 0 };
	CALL(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL));
	CALL(syscall(SYS_clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &time, NULL));
	CALL(syscall(SYS_clock_nanosleep, 99, 0, &time, NULL));
	CALL(syscall(SYS_clock_gettime, CLOCK_REALTIME, 8));
	setuid(1000);
	CALL(clock_settime(CLOCK_REALTIME, &time));
	CALL(syscall(SYS_clock_settime, CLOCK_MONOTONIC, &time));
	return 0;
}
