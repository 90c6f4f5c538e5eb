/* The split of CPU time between the program and the kernel. */
#include "show.h"

#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>

/* The CPU time that a process uses, in nanoseconds. */
#define WHILE_NS 600000000LL

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

static void compute(void)
{
	static volatile long sum;
	while (clock_ns(CLOCK_PROCESS_CPUTIME_ID) < WHILE_NS)
		for (int i = 0; i < 1000000; i++)
			sum += i;
}

static void call(void)
{
	static char bytes[1 << 20];
	int fd = open("/dev/zero", O_RDONLY);
	while (clock_ns(CLOCK_PROCESS_CPUTIME_ID) < WHILE_NS)
		for (int i = 0; i < 20; i++)
			if (read(fd, bytes, sizeof(bytes)) != sizeof(bytes))
				give_up("read");
}

/* Returns the clock of a process's time in its program, or of all its time. */
static clockid_t clock_of(pid_t pid, int kind)
{
	return (~(clockid_t)pid << 3) | kind;
}

static void own_times(void)
{
	struct rusage usage;
	struct tms times_now;
	compute();
	getrusage(RUSAGE_SELF, &usage);
	FACT(ns_of(usage.ru_utime) > 4 * ns_of(usage.ru_stime));
	long long all = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	FACT(ns_of(usage.ru_utime) + ns_of(usage.ru_stime) <= all);
	FACT(ns_of(usage.ru_utime) + ns_of(usage.ru_stime) >= all - all / 5);
	getrusage(RUSAGE_THREAD, &usage);
	FACT(ns_of(usage.ru_utime) > 4 * ns_of(usage.ru_stime));
	times(&times_now);
	FACT(times_now.tms_utime >= 40);
	FACT(clock_ns(clock_of(getpid(), 1)) > clock_ns(clock_of(getpid(), 0)) / 2);
	FACT(clock_ns(clock_of(0, 1)) <= clock_ns(clock_of(0, 2)));
	/* Neither part ever decreases. */
	long backwards = 0;
	for (int i = 0; i < 2000; i++) {
		struct rusage next;
		getrusage(RUSAGE_SELF, &usage);
		getrusage(RUSAGE_SELF, &next);
		backwards += ns_of(next.ru_utime) < ns_of(usage.ru_utime);
		backwards += ns_of(next.ru_stime) < ns_of(usage.ru_stime);
	}
	SHOW(backwards);
}

static void kernel_times(void)
{
	struct rusage usage;
	call();
	getrusage(RUSAGE_SELF, &usage);
	FACT(ns_of(usage.ru_stime) > ns_of(usage.ru_utime));
	FACT(clock_ns(clock_of(getpid(), 1)) < WHILE_NS / 2);
}

static volatile sig_atomic_t alarms;

static void count(int number)
{
	(void)number;
	alarms++;
}

/* ITIMER_VIRTUAL counts the time in the program, ITIMER_PROF all time. */
static void timers(void)
{
	struct itimerval every = { { 0, 20000 }, { 0, 20000 } }, none = { { 0, 0 }, { 0, 0 } };
	handle(SIGVTALRM, count, SA_RESTART);
	handle(SIGPROF, count, SA_RESTART);
	setitimer(ITIMER_VIRTUAL, &every, NULL);
	compute();
	setitimer(ITIMER_VIRTUAL, &none, NULL);
	FACT(alarms >= 3);
	CALL(getitimer(ITIMER_VIRTUAL, &every));
	SHOW(every.it_value.tv_usec);
}

static void kernel_timers(void)
{
	struct itimerval every = { { 0, 20000 }, { 0, 20000 } }, none = { { 0, 0 }, { 0, 0 } };
	handle(SIGVTALRM, count, SA_RESTART);
	handle(SIGPROF, ignore_call, SA_RESTART);
	setitimer(ITIMER_VIRTUAL, &every, NULL);
	call();
	setitimer(ITIMER_VIRTUAL, &none, NULL);
	FACT(alarms < 15);
	handle(SIGPROF, count, SA_RESTART);
	alarms = 0;
	setitimer(ITIMER_PROF, &every, NULL);
	long long end = clock_ns(CLOCK_PROCESS_CPUTIME_ID) + WHILE_NS / 2;
	while (clock_ns(CLOCK_PROCESS_CPUTIME_ID) < end)
		getppid();
	setitimer(ITIMER_PROF, &none, NULL);
	FACT(alarms >= 2);
}

static void stat_times(pid_t pid, unsigned long *user, unsigned long *system)
{
	char path[32], text[512];
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	int fd = open(path, O_RDONLY);
	ssize_t length = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[length > 0 ? length : 0] = 0;
	sscanf(strrchr(text, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", user, system);
}

static void stop_after_work(void)
{
	compute();
	raise(SIGSTOP);
}

int main(void)
{
	struct rusage usage;
	struct timespec time = { 0, 50000000 };
	unsigned long user = 0, system = 99;
	timer_t timer;
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	in_child("program", own_times);
	getrusage(RUSAGE_CHILDREN, &usage);
	FACT(ns_of(usage.ru_utime) > ns_of(usage.ru_stime));
	in_child("kernel", kernel_times);
	in_child("timers", timers);
	in_child("kernel timers", kernel_timers);
	pid_t pid = start(stop_after_work);
	until_state(pid, 'T');
	stat_times(pid, &user, &system);
	FACT(user > 40 && system < 20);
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
	CALL(syscall(SYS_clock_nanosleep, clock_of(getpid(), 6), 0, &time, NULL));
	CALL(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC_RAW, 0, &time, NULL));
	pid = start(compute);
	CALL(syscall(SYS_clock_nanosleep, clock_of(pid, 2), 0, &time, NULL));
	FACT(clock_ns(clock_of(pid, 2)) >= 50000000);
	finish("slept by", pid);
	return 0;
}
