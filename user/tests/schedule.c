/* sched_*, nice, getpriority and getcpu. */
#include "show.h"

#include <sched.h>
#include <sys/resource.h>

static void not_root(void)
{
	struct sched_param parameter = { .sched_priority = 5 };
	setuid(1000);
	CALL(nice(1));
	CALL(nice(-1));
	CALL(setpriority(PRIO_PROCESS, 0, 0));
	CALL(syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &parameter));
	CALL(setpriority(PRIO_PROCESS, getppid(), 5));
}

int main(void)
{
	struct sched_param parameter = { .sched_priority = 0 };
	struct timespec slice;
	cpu_set_t set;
	CALL(sched_yield());
	CALL(syscall(SYS_sched_getscheduler, 0));
	CALL(syscall(SYS_sched_getparam, 0, &parameter));
	SHOW(parameter.sched_priority);
	CALL(syscall(SYS_sched_getscheduler, 99999));
	CALL(sched_get_priority_max(SCHED_FIFO));
	CALL(sched_get_priority_min(SCHED_FIFO));
	CALL(sched_get_priority_max(SCHED_OTHER));
	CALL(sched_get_priority_max(99));
	CALL(sched_rr_get_interval(0, &slice));
	CALL(sched_getaffinity(0, sizeof(set), &set));
	FACT(CPU_COUNT(&set) >= 1);
	FACT(CPU_ISSET(0, &set));
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	CALL(sched_setaffinity(0, sizeof(set), &set));
	unsigned cpu = 99, node = 99;
	CALL(syscall(SYS_getcpu, &cpu, &node, NULL));
	SHOW(cpu);
	SHOW(node);
	CPU_ZERO(&set);
	CALL(sched_setaffinity(0, sizeof(set), &set));
	CALL(syscall(SYS_sched_getaffinity, 0, 4, &set));
	CALL(syscall(SYS_sched_getaffinity, 0, sizeof(set), 8));
	CALL(syscall(SYS_sched_getaffinity, 99999, sizeof(set), &set));
	CALL(getpriority(PRIO_PROCESS, 0));
	CALL(setpriority(PRIO_PROCESS, 0, 5));
	CALL(getpriority(PRIO_PROCESS, 0));
	CALL(setpriority(PRIO_PROCESS, 0, 100));
	CALL(getpriority(PRIO_PROCESS, 0));
	CALL(setpriority(PRIO_PROCESS, 0, -100));
	CALL(getpriority(PRIO_PROCESS, 0));
	CALL(setpriority(PRIO_PROCESS, 0, 0));
	CALL(getpriority(99, 0));
	CALL(getpriority(PRIO_PROCESS, 99999));
	in_child("not root", not_root);
	parameter.sched_priority = 10;
	CALL(syscall(SYS_sched_setscheduler, 0, SCHED_RR, &parameter));
	CALL(syscall(SYS_sched_getscheduler, 0));
	parameter.sched_priority = 0;
	CALL(syscall(SYS_sched_setscheduler, 0, SCHED_RR, &parameter));
	CALL(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &parameter));
	CALL(syscall(SYS_sched_setscheduler, 0, 99, &parameter));
	return 0;
}
