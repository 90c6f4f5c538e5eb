/* The scheduling policies of threads: sched_setscheduler, sched_setattr and related calls. */
#include "show.h"

#include <sched.h>
#include <sys/resource.h>

#ifndef SCHED_RESET_ON_FORK
#define SCHED_RESET_ON_FORK 0x40000000
#endif

struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
	uint64_t beyond;
};

static long set_attr(int pid, struct attr *attr, unsigned flags)
{
	return syscall(SYS_sched_setattr, pid, attr, flags);
}

static void show(void)
{
	struct attr attr;
	memset(&attr, 0xff, sizeof(attr));
	long got = syscall(SYS_sched_getattr, 0, &attr, 48, 0);
	say("got %ld: size %u, policy %u, flags %lu, nice %d, priority %u, scheduler 0x%lx, getpriority %ld",
	    got, attr.size, attr.policy, (unsigned long)attr.flags, attr.nice, attr.priority,
	    syscall(SYS_sched_getscheduler, 0), syscall(SYS_getpriority, PRIO_PROCESS, 0));
}

static long set_policy(int policy, int priority)
{
	struct sched_param parameter = { .sched_priority = priority };
	return syscall(SYS_sched_setscheduler, 0, policy, &parameter);
}

static long set_priority(int priority)
{
	struct sched_param parameter = { .sched_priority = priority };
	return syscall(SYS_sched_setparam, 0, &parameter);
}

static void policies(void)
{
	struct timespec slice;
	show();
	CALL(set_policy(SCHED_BATCH, 0));
	show();
	CALL(set_policy(SCHED_BATCH, 1));
	CALL(setpriority(PRIO_PROCESS, 0, 7));
	show();
	CALL(set_policy(SCHED_IDLE, 0));
	show();
	CALL(setpriority(PRIO_PROCESS, 0, 8));
	show();
	CALL(set_policy(SCHED_FIFO, 0));
	CALL(set_policy(SCHED_FIFO, 100));
	CALL(set_policy(SCHED_FIFO, 99));
	show();
	CALL(sched_rr_get_interval(0, &slice));
	SHOW(slice.tv_nsec);
	CALL(set_priority(5));
	CALL(set_priority(0));
	show();
	CALL(setpriority(PRIO_PROCESS, 0, 3));
	show();
	CALL(set_policy(SCHED_RR | SCHED_RESET_ON_FORK, 6));
	show();
	CALL(set_priority(7));
	show();
	CALL(set_policy(SCHED_OTHER, 0));
	show();
	CALL(set_policy(6, 0));
	CALL(set_policy(4, 0));
	CALL(set_policy(-1, 0));
	CALL(set_priority(1));
	CALL(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, NULL));
	CALL(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, 8));
	CALL(syscall(SYS_sched_setscheduler, -1, SCHED_OTHER, &slice));
	CALL(syscall(SYS_sched_setscheduler, 99999, SCHED_OTHER, &slice));
	CALL(syscall(SYS_sched_getscheduler, -1));
	CALL(syscall(SYS_sched_getparam, 0, NULL));
	CALL(syscall(SYS_sched_getparam, 99999, 8));
	CALL(syscall(SYS_sched_getparam, 0, 8));
	CALL(sched_get_priority_max(SCHED_BATCH));
	CALL(sched_get_priority_min(SCHED_IDLE));
	CALL(sched_get_priority_max(4));
	CALL(sched_get_priority_max(6));
}

static void attributes(void)
{
	struct attr attr = { .size = 48, .policy = SCHED_OTHER, .nice = 4 };
	CALL(set_attr(0, &attr, 0));
	show();
	attr.nice = -100;
	CALL(set_attr(0, &attr, 0));
	show();
	attr = (struct attr){ .size = 48, .policy = SCHED_RR, .priority = 12, .flags = 1 };
	CALL(set_attr(0, &attr, 0));
	show();
	/* KEEP_POLICY, KEEP_PARAMS. */
	attr = (struct attr){ .size = 56, .policy = SCHED_OTHER, .priority = 13, .flags = 8 };
	CALL(set_attr(0, &attr, 0));
	show();
	attr = (struct attr){ .size = 56, .policy = SCHED_FIFO, .flags = 0x10 };
	CALL(set_attr(0, &attr, 0));
	show();
	attr = (struct attr){ .size = 56, .flags = 0x18 };
	CALL(set_attr(0, &attr, 0));
	show();
	attr = (struct attr){ .size = 56, .policy = SCHED_OTHER, .priority = 1 };
	CALL(set_attr(0, &attr, 0));
	attr = (struct attr){ .size = 56, .policy = SCHED_OTHER, .flags = 0x20 };
	CALL(set_attr(0, &attr, 0));
	attr.flags = 0x80;
	CALL(set_attr(0, &attr, 0));
	attr.flags = 0;
	CALL(set_attr(0, &attr, 1));
	CALL(set_attr(-1, &attr, 0));
	CALL(set_attr(99999, &attr, 0));
	CALL(set_attr(0, NULL, 0));
	CALL(set_attr(0, (void *)8, 0));
	attr.size = 0;
	CALL(set_attr(0, &attr, 0));
	attr.size = 47;
	CALL(set_attr(0, &attr, 0));
	SHOW(attr.size);
	attr.size = 5000;
	CALL(set_attr(0, &attr, 0));
	SHOW(attr.size);
	attr.size = 64;
	CALL(set_attr(0, &attr, 0));
	attr.beyond = 1;
	CALL(set_attr(0, &attr, 0));
	SHOW(attr.size);
	attr = (struct attr){ .size = 48, .policy = 77 };
	CALL(set_attr(0, &attr, 0));
	attr = (struct attr){ .size = 48, .policy = -1 };
	CALL(set_attr(0, &attr, 0));
	attr = (struct attr){ .size = 48, .policy = SCHED_OTHER | SCHED_RESET_ON_FORK };
	CALL(set_attr(0, &attr, 0));
	CALL(syscall(SYS_sched_getattr, 0, &attr, 47, 0));
	CALL(syscall(SYS_sched_getattr, 0, &attr, 4097, 0));
	CALL(syscall(SYS_sched_getattr, 0, &attr, 48, 1));
	CALL(syscall(SYS_sched_getattr, 0, NULL, 48, 0));
	CALL(syscall(SYS_sched_getattr, 0, 8, 48, 0));
	CALL(syscall(SYS_sched_getattr, 99999, &attr, 48, 0));
	CALL(syscall(SYS_sched_getattr, 0, &attr, 64, 0));
	SHOW(attr.size);
}

static void child(void)
{
	show();
}

static void inheritance(void)
{
	CALL(set_policy(SCHED_RR, 3));
	in_child("of SCHED_RR", child);
	CALL(set_policy(SCHED_FIFO | SCHED_RESET_ON_FORK, 3));
	in_child("of SCHED_FIFO, reset", child);
	CALL(set_policy(SCHED_BATCH | SCHED_RESET_ON_FORK, 0));
	CALL(setpriority(PRIO_PROCESS, 0, -5));
	in_child("of SCHED_BATCH, reset", child);
	CALL(setpriority(PRIO_PROCESS, 0, 5));
	in_child("of SCHED_BATCH of nice 5, reset", child);
	CALL(set_policy(SCHED_IDLE, 0));
	in_child("of SCHED_IDLE", child);
}

static void limit(int resource, rlim_t soft)
{
	struct rlimit both = { soft, soft };
	if (setrlimit(resource, &both) < 0)
		give_up("setrlimit");
}

static void not_root(void)
{
	struct attr attr = { .size = 48, .policy = SCHED_OTHER, .nice = -5 };
	limit(RLIMIT_RTPRIO, 10);
	limit(RLIMIT_NICE, 22);
	setuid(1000);
	CALL(set_policy(SCHED_RR, 11));
	CALL(set_policy(SCHED_RR, 10));
	CALL(set_policy(SCHED_FIFO, 5));
	limit(RLIMIT_RTPRIO, 0);
	CALL(set_policy(SCHED_FIFO, 4));
	CALL(set_policy(SCHED_RR, 4));
	CALL(set_policy(SCHED_FIFO, 5));
	CALL(set_policy(SCHED_OTHER, 0));
	CALL(set_attr(0, &attr, 0));
	attr.nice = -2;
	CALL(set_attr(0, &attr, 0));
	CALL(setpriority(PRIO_PROCESS, 0, -3));
	CALL(set_policy(SCHED_IDLE, 0));
	limit(RLIMIT_NICE, 0);
	CALL(set_policy(SCHED_OTHER, 0));
	CALL(set_policy(SCHED_IDLE | SCHED_RESET_ON_FORK, 0));
	CALL(set_policy(SCHED_IDLE, 0));
	CALL(syscall(SYS_sched_getscheduler, 1));
	attr.policy = SCHED_IDLE;
	CALL(set_attr(1, &attr, 0));
}

static long long cpu_ns(void)
{
	struct timespec time;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void run_for(long long ns)
{
	for (long long end = cpu_ns() + ns; cpu_ns() < end;)
		;
}

static volatile long *shared;

static void set_flag(void)
{
	shared[0] = 1;
}

static void count(void)
{
	for (;;)
		++*(volatile long *)(shared + 2);
}

static void count_idle(void)
{
	set_policy(SCHED_IDLE, 0);
	for (;;)
		++*(volatile long *)(shared + 1);
}

static void one_cpu(void)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* A thread of SCHED_FIFO waits for a running one of the same priority; one of SCHED_RR gets
 * turns. */
static void turns(void)
{
	one_cpu();
	CALL(set_policy(SCHED_FIFO, 10));
	pid_t pid = start(set_flag);
	run_for(300000000);
	FACT(shared[0] == 0);
	sched_yield();
	FACT(shared[0] == 1);
	finish("equal", pid);
	shared[0] = 0;
	CALL(set_policy(SCHED_RR, 10));
	pid = start(set_flag);
	while (shared[0] == 0)
		;
	finish("equal in turns", pid);
}

static void shares(void)
{
	struct timespec pause = { 0, 10000000 };
	one_cpu();
	pid_t idle = start(count_idle), other = start(count);
	/* Both threads have started before the first check. */
	while (shared[2] < 10000000)
		nanosleep(&pause, NULL);
	long other_before = shared[2], idle_before = shared[1];
	/* Each time for which the host stops the CPU counts as time of the thread that runs there. In
	 * the long run, that hits both. */
	while (shared[2] - other_before < 300000000 ||
	       (shared[2] - other_before <= 20 * (shared[1] - idle_before) && shared[2] - other_before < 3000000000))
		nanosleep(&pause, NULL);
	kill(idle, SIGKILL);
	kill(other, SIGKILL);
	finish("idle", idle);
	finish("other", other);
	FACT(shared[2] - other_before > 20 * (shared[1] - idle_before));
}

int main(void)
{
	shared = new_shared(PAGE);
	in_child("policies", policies);
	in_child("attributes", attributes);
	in_child("inheritance", inheritance);
	in_child("not root", not_root);
	in_child("turns", turns);
	in_child("shares", shares);
	return 0;
}
