/*
 * System calls as single instructions: what a C library does around them is not measured. Each
 * returns what the kernel returns, an error as a negative number.
 */
#ifndef CALL_H
#define CALL_H

#include <sys/syscall.h>

static inline long call6(long number, long a, long b, long c, long d, long e, long f)
{
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

#define call0(n) call6(n, 0, 0, 0, 0, 0, 0)
#define call1(n, a) call6(n, (long)(a), 0, 0, 0, 0, 0)
#define call2(n, a, b) call6(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define call3(n, a, b, c) call6(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define call4(n, a, b, c, d) call6(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)

/* Ends the process. */
static inline void __attribute__((noreturn)) end(int status)
{
	for (;;)
		call1(SYS_exit_group, status);
}

/* Waits for a child; returns its status as wait(2) has it, or -1. */
static inline long reap(long pid)
{
	int status = -1;
	return call4(SYS_wait4, pid, &status, 0, 0) == pid ? status : -1;
}

#endif
