/* AVX state over calls, signals, fork and switches. */
#include "show.h"

#include <cpuid.h>

static void clobber(int number)
{
	(void)number;
	__asm__ volatile("vpcmpeqb %%ymm0, %%ymm0, %%ymm0; vpcmpeqb %%ymm9, %%ymm9, %%ymm9; vzeroupper"
			 : : : "xmm0", "xmm9");
	__asm__ volatile("vzeroall" : : : "memory");
}

static int kept(long number, long first, long second)
{
	static unsigned char in[64] __attribute__((aligned(32))), out[64] __attribute__((aligned(32)));
	long result;
	for (int i = 0; i < 64; i++)
		in[i] = i * 3 + 1;
	__asm__ volatile("vmovdqa (%[in]), %%ymm0; vmovdqa 32(%[in]), %%ymm9; syscall;"
			 "vmovdqa %%ymm0, (%[out]); vmovdqa %%ymm9, 32(%[out]); vzeroupper"
			 : "=a"(result) : "a"(number), "D"(first), "S"(second), [in] "r"(in), [out] "r"(out)
			 : "rcx", "r11", "xmm0", "xmm9", "memory");
	return result >= 0 && memcmp(in, out, 64) == 0;
}

static int kept_over_fork(void)
{
	static unsigned char in[32] __attribute__((aligned(32))), out[32] __attribute__((aligned(32)));
	long result;
	memset(in, 0x5a, 32);
	__asm__ volatile("vmovdqa (%[in]), %%ymm4; syscall; vmovdqa %%ymm4, (%[out]); vzeroupper"
			 : "=a"(result) : "a"(SYS_fork), [in] "r"(in), [out] "r"(out)
			 : "rcx", "r11", "xmm4", "memory");
	int good = memcmp(in, out, 32) == 0;
	if (result == 0)
		_exit(good ? 0 : 1);
	finish("child", result);
	return good;
}

int main(void)
{
	unsigned a, b, c = 0, d;
	__get_cpuid(1, &a, &b, &c, &d);
	FACT(c & bit_OSXSAVE);
	FACT(c & bit_AVX);
	unsigned low, high;
	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	FACT((low & 6) == 6);
	handle(SIGUSR1, clobber, 0);
	FACT(kept(SYS_getpid, 0, 0));
	FACT(kept(SYS_kill, getpid(), SIGUSR1));
	FACT(kept_over_fork());
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
	return 0;
}
