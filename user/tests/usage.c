/* getrusage and times. */
#include "show.h"

#include <sys/resource.h>
#include <sys/times.h>

static void burn(void)
{
	struct tms times_now;
	do
		times(&times_now);
	while (times_now.tms_utime + times_now.tms_stime < 10);
}

static void use_memory(void)
{
	memset(new_pages(2000, PROT_READ | PROT_WRITE), 1, 2000 * PAGE);
}

int main(void)
{
	struct rusage usage;
	struct tms all;
	CALL(getrusage(RUSAGE_SELF, &usage));
	FACT(usage.ru_maxrss > 0);
	CALL(getrusage(RUSAGE_CHILDREN, &usage));
	SHOW(usage.ru_utime.tv_sec);
	CALL(getrusage(1, &usage));
	CALL(getrusage(99, &usage));
	CALL(syscall(SYS_getrusage, RUSAGE_SELF, 8));
	DONE(times(&all));
	FACT(all.tms_cutime == 0 && all.tms_cstime == 0);
	in_child("burn", burn);
	times(&all);
	FACT(all.tms_cutime + all.tms_cstime >= 8);
	getrusage(RUSAGE_CHILDREN, &usage);
	FACT(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec + usage.ru_utime.tv_sec + usage.ru_stime.tv_sec > 0);
	CALL(syscall(SYS_times, 8));
	DONE(syscall(SYS_times, NULL));
	/* Page faults are counted. */
	getrusage(RUSAGE_SELF, &usage);
	long before = usage.ru_minflt;
	char *pages = new_pages(100, PROT_READ | PROT_WRITE);
	for (int i = 0; i < 100; i++)
		pages[i * PAGE] = 1;
	getrusage(RUSAGE_SELF, &usage);
	FACT(usage.ru_minflt - before >= 100);
	/* The largest memory use of a child. */
	in_child("use memory", use_memory);
	getrusage(RUSAGE_CHILDREN, &usage);
	FACT(usage.ru_maxrss >= 8000);
	int pid = start(use_memory), status;
	CALL(wait4(pid, &status, 0, &usage) == pid);
	FACT(usage.ru_maxrss >= 8000);
	return 0;
}
