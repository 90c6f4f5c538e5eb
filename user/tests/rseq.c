/* rseq: restartable sequences. */
#include "show.h"

#include <pthread.h>
#include <sched.h>

#ifndef SYS_rseq
#define SYS_rseq 334
#endif

#define SIGNATURE 0x53053053

struct rseq {
	uint32_t cpu_id_start, cpu_id;
	uint64_t rseq_cs;
	uint32_t flags, padding[3];
} __attribute__((aligned(32)));

struct rseq_cs {
	uint32_t version, flags;
	uint64_t start, length, abort;
} __attribute__((aligned(32)));

static struct rseq area, other;
static volatile long count;
static volatile char stop;
extern struct rseq_cs description;

static long call_rseq(void *place, unsigned length, int flags, unsigned signature)
{
	return syscall(SYS_rseq, place, length, flags, signature);
}

static void registering(void)
{
	CALL(call_rseq(&area, 31, 0, SIGNATURE));
	CALL(call_rseq((char *)&area + 8, 32, 0, SIGNATURE));
	CALL(call_rseq((void *)0xffff800000000000, 32, 0, SIGNATURE));
	CALL(call_rseq(&area, 32, 2, SIGNATURE));
	CALL(call_rseq(&area, 32, 1, SIGNATURE));
	area.cpu_id = -1;
	CALL(call_rseq(&area, 32, 0, SIGNATURE));
	FACT(area.cpu_id == area.cpu_id_start && area.cpu_id < 4);
	CALL(call_rseq(&area, 32, 0, SIGNATURE));
	CALL(call_rseq(&area, 32, 0, SIGNATURE + 1));
	CALL(call_rseq(&other, 32, 0, SIGNATURE));
	CALL(call_rseq(&area, 31, 0, SIGNATURE));
	CALL(call_rseq(&area, 32, 1, SIGNATURE + 1));
	CALL(call_rseq(&other, 32, 1, SIGNATURE));
	CALL(call_rseq(&area, 31, 1, SIGNATURE));
	CALL(call_rseq(&area, 32, 3, SIGNATURE));
	CALL(call_rseq(&area, 32, 1, SIGNATURE));
	FACT(area.cpu_id == (uint32_t)-1 && area.cpu_id_start == 0);
	CALL(call_rseq(&area, 32, 1, SIGNATURE));
	CALL(call_rseq(&other, 32, 0, 5));
	CALL(call_rseq(&other, 32, 1, 5));
}

/* Counts until it is stopped or aborted; returns whether it was aborted. */
__attribute__((noinline))
static int sequence(struct rseq *own)
{
	int aborted;
	__asm__ volatile(
		".pushsection .data\n"
		".balign 32\n"
		".globl description\n"
		"description: .long 0, 0\n"
		".quad 1f, 2f - 1f, 4f\n"
		".popsection\n"
		"leaq description(%%rip), %%rax\n"
		"movq %%rax, 8(%[own])\n"
		"1: incq %[count]\n"
		"cmpb $0, %[stop]\n"
		"je 1b\n"
		"2: movl $0, %[aborted]\n"
		"jmp 5f\n"
		".long 0x53053053\n"
		"4: movl $1, %[aborted]\n"
		"5:\n"
		: [aborted] "=&r"(aborted), [count] "+m"(count)
		: [own] "r"(own), [stop] "m"(stop)
		: "rax", "memory", "cc");
	return aborted;
}

static void one_cpu(int cpu)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void spin(void)
{
	for (;;)
		;
}

static void by_preemption(void)
{
	one_cpu(0);
	call_rseq(&area, 32, 0, SIGNATURE);
	pid_t pid = start(spin);
	/* An interrupt before the first instruction also ends it. */
	int aborted;
	do
		aborted = sequence(&area);
	while (aborted && count == 0);
	SHOW(aborted);
	FACT(area.rseq_cs == 0);
	FACT(count > 0);
	SHOW(area.cpu_id);
	kill(pid, SIGKILL);
	finish("other", pid);
}

static volatile long was_cleared = -1, was_within = -1;
static volatile unsigned long handler_ip;

static void note(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	ucontext_t *own = context;
	unsigned long ip = own->uc_mcontext.gregs[16];
	was_cleared = was_cleared != 0 && area.rseq_cs == 0;
	was_within = was_within == 1 || (ip >= description.start && ip < description.start + description.length);
	handler_ip = ip;
}

/* Sends signals until `end_alarms`: the first one may arrive before the sequence begins. */
static void arm(void)
{
	struct sigaction action = { .sa_sigaction = note, .sa_flags = SA_SIGINFO };
	sigaction(SIGALRM, &action, NULL);
	start_alarms();
}

static void by_signal(void)
{
	call_rseq(&area, 32, 0, SIGNATURE);
	arm();
	int aborted = sequence(&area);
	while (was_within < 0)
		;
	SHOW(end_alarms(aborted));
	SHOW(was_within);
	SHOW(was_cleared);
}

static void outside(void)
{
	call_rseq(&area, 32, 0, SIGNATURE);
	stop = 1;
	FACT(sequence(&area) == 0);
	arm();
	while (was_cleared < 0)
		;
	SHOW(end_alarms(was_cleared));
	FACT(area.rseq_cs == 0);
}

static void bad_signature(void)
{
	call_rseq(&area, 32, 0, SIGNATURE + 1);
	arm();
	sequence(&area);
}

static void bad_version(void)
{
	call_rseq(&area, 32, 0, SIGNATURE);
	description.version = 1;
	arm();
	sequence(&area);
}

static void bad_address(void)
{
	call_rseq(&area, 32, 0, SIGNATURE);
	area.rseq_cs = 8;
	arm();
	for (;;)
		;
}

static void no_memory(void)
{
	struct rseq *place = (void *)new_pages(1, PROT_READ | PROT_WRITE);
	call_rseq(place, 32, 0, SIGNATURE);
	munmap(place, PAGE);
	struct timespec pause = { 0, 1000000 };
	nanosleep(&pause, NULL);
	say("not reached");
}

static void migration(void)
{
	call_rseq(&area, 32, 0, SIGNATURE);
	long cpus = sysconf(_SC_NPROCESSORS_ONLN), wrong = 0;
	for (int i = 0; i < 100; i++) {
		one_cpu(i % cpus);
		wrong += area.cpu_id != (uint32_t)(i % cpus) || area.cpu_id_start != area.cpu_id;
	}
	SHOW(wrong);
}

static void child(void)
{
	CALL(call_rseq(&area, 32, 0, SIGNATURE));
}

static void *in_thread(void *unused)
{
	(void)unused;
	CALL(call_rseq(&other, 32, 0, SIGNATURE));
	return NULL;
}

static void inheritance(void)
{
	pthread_t thread;
	CALL(call_rseq(&area, 32, 0, SIGNATURE));
	in_child("child", child);
	pthread_create(&thread, NULL, in_thread, NULL);
	pthread_join(thread, NULL);
}

int main(void)
{
	in_child("registering", registering);
	in_child("by preemption", by_preemption);
	in_child("by a signal", by_signal);
	in_child("outside", outside);
	in_child("bad signature", bad_signature);
	in_child("bad version", bad_version);
	in_child("bad address", bad_address);
	in_child("no memory", no_memory);
	in_child("migration", migration);
	in_child("inheritance", inheritance);
	return 0;
}
