/* The arguments of a handler: number, information, context, and the mask to restore. */
#include "show.h"

#include <ucontext.h>

static volatile long result;

static void note(int number, siginfo_t *info, void *context)
{
	ucontext_t *user = context;
	char here;
	say("%s: code %d, pid %s, uid %d", signal_name(number), info->si_code,
	    info->si_pid == getpid() ? "own" : "another", info->si_uid);
	FACT(info->si_signo == number);
	FACT((uintptr_t)&here < (uintptr_t)user->uc_mcontext.gregs[REG_RSP]);
	FACT(user->uc_mcontext.gregs[REG_RIP] > 4096);
	FACT((user->uc_mcontext.gregs[REG_CSGSFS] & 0xffff) == 0x33);
	FACT(sigismember(&user->uc_sigmask, SIGTERM));
	FACT(user->uc_link == NULL);
	FACT(user->uc_mcontext.fpregs != NULL);
	/* This mask is restored after the handler. */
	sigdelset(&user->uc_sigmask, SIGTERM);
}

static void change(int number, siginfo_t *info, void *context)
{
	ucontext_t *user = context;
	(void)info;
	(void)number;
	/* Continues after the instruction, with another result. */
	user->uc_mcontext.gregs[REG_RIP] += 2;
	user->uc_mcontext.gregs[REG_RAX] = 4711;
}

static void aligned(int number)
{
	uintptr_t place;
	(void)number;
	__asm__ volatile("mov %%rbp, %0" : "=r"(place));
	place = (uintptr_t)__builtin_frame_address(0);
	/* At the entry of a function, the stack pointer plus 8 is a multiple of 16. */
	FACT(place % 16 == 0);
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = note, .sa_flags = SA_SIGINFO };
	sigset_t set;
	sigaction(SIGUSR1, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	sigprocmask(SIG_BLOCK, NULL, &set);
	FACT(!sigismember(&set, SIGTERM));
	action.sa_sigaction = change;
	sigaction(SIGILL, &action, NULL);
	long value;
	__asm__ volatile("xor %%eax, %%eax; ud2" : "=a"(value));
	SHOW(value);
	handle(SIGUSR2, aligned, 0);
	raise(SIGUSR2);
	/* The red zone below the stack pointer isn't changed. */
	long kept;
	__asm__ volatile("movq $77, -8(%%rsp); movq $78, -128(%%rsp);"
			 "ud2; movq -8(%%rsp), %0; addq -128(%%rsp), %0" : "=r"(kept) : : "rax", "memory");
	SHOW(kept);
	return 0;
}
