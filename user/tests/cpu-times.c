/*
 * The split of CPU time between the program and the kernel.
 *
 * A kernel samples it by timer interrupts. On a busy host these are late, and one sample may stand
 * for a large part of a process's time. Therefore a process here works until the samples show its
 * work, and exact numbers are compared only with other readings of the same clock.
 */
#include "show.h"

#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>

/* The CPU time that a process uses at least, and at most if the samples never show its work, in
 * nanoseconds. */
#define WHILE_NS 600000000LL
#define LIMIT_NS 20000000000LL

/* The interval of the timers, and a tick of times and /proc, in nanoseconds. */
#define INTERVAL_NS 20000000LL
#define TICK_NS 10000000LL

/* The time of a process in its program and in the kernel, in nanoseconds. */
struct split { long long user, system; };

static volatile sig_atomic_t alarms;

/* What a child saw as its own times. */
static struct split *seen;

static long long clock_ns(clockid_t clock)
{
	struct timespec time;
	if (clock_gettime(clock, &time) < 0)
		give_up("clock_gettime");
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static long long ns_of(struct timeval time)
{
	return time.tv_sec * 1000000000LL + time.tv_usec * 1000LL;
}

static struct split usage_of(int whose)
{
	struct rusage usage;
	if (getrusage(whose, &usage) < 0)
		give_up("getrusage");
	return (struct split){ ns_of(usage.ru_utime), ns_of(usage.ru_stime) };
}

/* Returns a clock of a process's CPU time: 0 for the sampled time, 1 for that in the program, 2 for
 * the exact time. */
static clockid_t clock_of(pid_t pid, int kind)
{
	return (~(clockid_t)pid << 3) | kind;
}

static void compute(void)
{
	static volatile long sum;
	for (int i = 0; i < 1000000; i++)
		sum += i;
}

static void read_zeros(void)
{
	static char bytes[1 << 20];
	static int fd = -1;
	if (fd < 0)
		fd = open("/dev/zero", O_RDONLY);
	for (int i = 0; i < 20; i++)
		if (read(fd, bytes, sizeof(bytes)) != sizeof(bytes))
			give_up("read");
}

static void ask_for_parent(void)
{
	for (int i = 0; i < 1000; i++)
		getppid();
}

/* Works for a while, and then until the work is shown; returns whether it was shown. */
static bool works_until(void (*work)(void), bool (*is_shown)(void))
{
	long long now = clock_ns(CLOCK_PROCESS_CPUTIME_ID), enough = now + WHILE_NS, limit = now + LIMIT_NS;
	while ((now = clock_ns(CLOCK_PROCESS_CPUTIME_ID)) < enough || !is_shown()) {
		if (now >= limit)
			return false;
		work();
	}
	return true;
}

static bool usage_is_of_program(void)
{
	struct split own = usage_of(RUSAGE_SELF);
	return own.user > 4 * own.system;
}

static bool thread_usage_is_of_program(void)
{
	struct split own = usage_of(RUSAGE_THREAD);
	return own.user > 4 * own.system;
}

static bool times_are_of_program(void)
{
	struct tms own;
	times(&own);
	return own.tms_utime >= 40 && own.tms_utime > 4 * own.tms_stime;
}

static bool clock_is_of_program(void)
{
	return clock_ns(clock_of(getpid(), 1)) > clock_ns(clock_of(getpid(), 0)) / 2;
}

static bool usage_is_of_kernel(void)
{
	struct split own = usage_of(RUSAGE_SELF);
	return own.system > own.user;
}

static bool clock_is_of_kernel(void)
{
	return clock_ns(clock_of(getpid(), 1)) < clock_ns(clock_of(getpid(), 0)) / 2;
}

static bool has_three_alarms(void)
{
	return alarms >= 3;
}

static void own_times(void)
{
	FACT(works_until(compute, usage_is_of_program));
	FACT(works_until(compute, thread_usage_is_of_program));
	FACT(works_until(compute, times_are_of_program));
	FACT(works_until(compute, clock_is_of_program));
	long long before = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	struct split own = usage_of(RUSAGE_SELF);
	long long after = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	/* Both parts are rounded down to microseconds. */
	FACT(own.user + own.system > before - 2000);
	FACT(own.user + own.system <= after);
	FACT(clock_ns(clock_of(0, 1)) <= clock_ns(clock_of(0, 2)));
	/* Neither part ever decreases. */
	long backwards = 0;
	for (int i = 0; i < 4000; i++) {
		struct split next = usage_of(RUSAGE_SELF);
		backwards += next.user < own.user;
		backwards += next.system < own.system;
		own = next;
	}
	SHOW(backwards);
	*seen = own;
}

static void kernel_times(void)
{
	FACT(works_until(read_zeros, usage_is_of_kernel));
	FACT(works_until(read_zeros, clock_is_of_kernel));
}

static void count(int number)
{
	(void)number;
	alarms++;
}

static const struct itimerval every = { { 0, INTERVAL_NS / 1000 }, { 0, INTERVAL_NS / 1000 } };
static const struct itimerval none = { { 0, 0 }, { 0, 0 } };

/* ITIMER_VIRTUAL counts the time in the program, ITIMER_PROF all time. */
static void timers(void)
{
	struct itimerval left;
	handle(SIGVTALRM, count, SA_RESTART);
	long long begin = clock_ns(clock_of(0, 1));
	setitimer(ITIMER_VIRTUAL, &every, NULL);
	FACT(works_until(compute, has_three_alarms));
	setitimer(ITIMER_VIRTUAL, &none, NULL);
	FACT(alarms * INTERVAL_NS <= clock_ns(clock_of(0, 1)) - begin);
	CALL(getitimer(ITIMER_VIRTUAL, &left));
	SHOW(left.it_value.tv_usec);
}

static void kernel_timers(void)
{
	handle(SIGVTALRM, count, SA_RESTART);
	handle(SIGPROF, count, SA_RESTART);
	/* Time in the kernel, which is the larger part, doesn't count for ITIMER_VIRTUAL. */
	long long begin = clock_ns(clock_of(0, 1));
	setitimer(ITIMER_VIRTUAL, &every, NULL);
	FACT(works_until(read_zeros, clock_is_of_kernel));
	setitimer(ITIMER_VIRTUAL, &none, NULL);
	FACT(alarms * INTERVAL_NS <= clock_ns(clock_of(0, 1)) - begin);
	alarms = 0;
	begin = clock_ns(clock_of(0, 0));
	setitimer(ITIMER_PROF, &every, NULL);
	FACT(works_until(ask_for_parent, has_three_alarms));
	setitimer(ITIMER_PROF, &none, NULL);
	FACT(alarms * INTERVAL_NS <= clock_ns(clock_of(0, 0)) - begin);
}

/* Reads the times of a process from /proc, in ticks. */
static void stat_times(pid_t pid, long *user, long *system)
{
	char path[32], text[512];
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	int fd = open(path, O_RDONLY);
	ssize_t length = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[length > 0 ? length : 0] = 0;
	sscanf(strrchr(text, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", user, system);
}

static void stop_after_work(void)
{
	works_until(compute, times_are_of_program);
	works_until(compute, clock_is_of_program);
	*seen = usage_of(RUSAGE_SELF);
	raise(SIGSTOP);
}

static void compute_for_ever(void)
{
	for (;;)
		compute();
}

int main(void)
{
	struct timespec time, pause = { 0, 50000000 };
	long user = 0, system = 0;
	timer_t timer;
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	seen = new_shared(PAGE);
	in_child("program", own_times);
	struct split ended = usage_of(RUSAGE_CHILDREN);
	FACT(ended.user >= seen->user && ended.system >= seen->system);
	in_child("kernel", kernel_times);
	in_child("timers", timers);
	in_child("kernel timers", kernel_timers);
	pid_t pid = start(stop_after_work);
	until_state(pid, 'T');
	stat_times(pid, &user, &system);
	FACT(user >= 40 && user >= seen->user / TICK_NS && system >= seen->system / TICK_NS);
	FACT(user + system <= clock_ns(clock_of(pid, 2)) / TICK_NS);
	FACT(clock_ns(clock_of(pid, 2)) >= WHILE_NS);
	FACT(clock_ns(clock_of(pid, 1)) >= WHILE_NS / 2);
	clockid_t named;
	SHOW(clock_getcpuclockid(pid, &named));
	FACT(named == clock_of(pid, 2));
	CALL(syscall(SYS_timer_create, clock_of(pid, 2), &event, &timer));
	CALL(syscall(SYS_timer_create, clock_of(pid, 3), &event, &timer));
	CALL(syscall(SYS_timer_create, CLOCK_MONOTONIC_RAW, &event, &timer));
	kill(pid, SIGKILL);
	finish("stopped", pid);
	CALL(syscall(SYS_clock_gettime, clock_of(pid, 2), &time));
	CALL(syscall(SYS_clock_gettime, clock_of(getpid(), 3), &time));
	CALL(syscall(SYS_clock_gettime, clock_of(getpid(), 6), &time));
	CALL(syscall(SYS_clock_gettime, clock_of(getppid(), 6), &time));
	CALL(syscall(SYS_clock_nanosleep, clock_of(getpid(), 6), 0, &pause, NULL));
	CALL(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC_RAW, 0, &pause, NULL));
	/* The clock of a process that has ended would stand still. */
	pid = start(compute_for_ever);
	CALL(syscall(SYS_clock_nanosleep, clock_of(pid, 2), 0, &pause, NULL));
	FACT(clock_ns(clock_of(pid, 2)) >= 50000000);
	kill(pid, SIGKILL);
	finish("slept by", pid);
	return 0;
}
