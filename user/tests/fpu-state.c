/* SSE and x87 state: over fork, signals and switches; initial in a new program. */
#include "show.h"

#include <emmintrin.h>

static volatile int got;

static void clobber(int number)
{
	(void)number;
	__asm__ volatile("pcmpeqb %%xmm0, %%xmm0; pcmpeqb %%xmm7, %%xmm7; pcmpeqb %%xmm15, %%xmm15;"
			 "fninit; fldpi; fldpi" : : : "xmm0", "xmm7", "xmm15");
	unsigned control = 0x7f80;
	__asm__ volatile("ldmxcsr %0" : : "m"(control));
	got++;
}

static void on_float(int number, siginfo_t *info, void *context)
{
	(void)context;
	say("%s, code %d", signal_name(number), info->si_code);
	_exit(4);
}

/* Loads a pattern, makes a call, and returns whether the pattern is still there. */
static int kept(long number, long first, long second)
{
	static const uint64_t patterns[6] __attribute__((aligned(16))) = {
		0x1111222233334444, 0x5555666677778888, 0x9999aaaabbbbcccc, 0xddddeeeeffff0000,
		0x0123456789abcdef, 0xfedcba9876543210 };
	uint64_t after[6] __attribute__((aligned(16)));
	double x87;
	unsigned control = 0x1fa0, control_after;
	long result;
	__asm__ volatile(
		"fninit; fld1; ldmxcsr %[control];"
		"movdqa (%[in]), %%xmm0; movdqa 16(%[in]), %%xmm7; movdqa 32(%[in]), %%xmm15;"
		"syscall;"
		"movdqa %%xmm0, (%[out]); movdqa %%xmm7, 16(%[out]); movdqa %%xmm15, 32(%[out]);"
		"fstpl %[x87]; stmxcsr %[after]"
		: "=a"(result), [x87] "=m"(x87), [after] "=m"(control_after)
		: "a"(number), "D"(first), "S"(second), [in] "r"(patterns), [out] "r"(after),
		  [control] "m"(control)
		: "rcx", "r11", "xmm0", "xmm7", "xmm15", "memory", "st");
	unsigned standard = 0x1f80;
	__asm__ volatile("ldmxcsr %0" : : "m"(standard));
	return memcmp(patterns, after, sizeof(after)) == 0 && x87 == 1.0 && control_after == control;
}

static void invalid(void)
{
	struct sigaction action = { .sa_sigaction = on_float, .sa_flags = SA_SIGINFO };
	sigaction(SIGFPE, &action, NULL);
	unsigned control = 0;
	__asm__ volatile("ldmxcsr %0" : : "m"(control));
	volatile double zero = 0, result;
	result = 1 / zero;
	say("%f", result);
}

static void x87_invalid(void)
{
	struct sigaction action = { .sa_sigaction = on_float, .sa_flags = SA_SIGINFO };
	sigaction(SIGFPE, &action, NULL);
	unsigned short control = 0x340;
	__asm__ volatile("fninit; fldcw %0; fld1; fldz; fdivrp; fwait" : : "m"(control));
}

int main(int count, char **given)
{
	(void)given;
	unsigned control;
	unsigned short x87;
	if (count > 1) {
		uint64_t bits[2];
		__asm__ volatile("movdqu %%xmm13, %0; stmxcsr %1; fnstcw %2" : "=m"(bits), "=m"(control), "=m"(x87));
		FACT(bits[0] == 0 && bits[1] == 0);
		say("%x %x", control, x87);
		return 0;
	}
	handle(SIGUSR1, clobber, 0);
	FACT(kept(SYS_getpid, 0, 0));
	FACT(kept(SYS_sched_yield, 0, 0));
	FACT(kept(SYS_kill, getpid(), SIGUSR1));
	SHOW(got);
	struct timespec pause = { 0, 1000000 };
	FACT(kept(SYS_nanosleep, (long)&pause, 0));
	/* A child inherits the state. Another process that computes doesn't change it. */
	pid_t busy = fork();
	if (busy == 0)
		for (;;)
			clobber(0);
	int good = 0;
	for (int i = 0; i < 200; i++)
		good += kept(SYS_sched_yield, 0, 0);
	SHOW(good);
	kill(busy, SIGKILL);
	waitpid(busy, NULL, 0);
	pid_t pid = fork();
	if (pid == 0) {
		__asm__ volatile("pcmpeqb %%xmm13, %%xmm13" : : : "xmm13");
		execl("/proc/self/exe", "x", "child", (char *)NULL);
	}
	finish("exec", pid);
	in_child("SSE exception", invalid);
	in_child("x87 exception", x87_invalid);
	return 0;
}
