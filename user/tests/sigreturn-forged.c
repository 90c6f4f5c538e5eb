/* Signal frames that the handler has changed: selectors, flags, addresses. */
#include "show.h"

#include <ucontext.h>

enum change { SELECTOR_KERNEL, SELECTOR_NULL, SELECTOR_DATA, SELECTOR_STACK, RIP_KERNEL,
	RIP_NOT_CANONICAL, RSP_NOT_CANONICAL, FLAGS_ALL, FLAGS_IOPL, FLAGS_INTERRUPTS_OFF, FPU_BAD_POINTER,
	FPU_NULL, FPU_BAD_SIZE, FPU_KERNEL, CHANGES };

static const char *const names[] = { "code selector of the kernel", "null code selector",
	"code selector of data", "stack selector of the kernel", "rip in the kernel",
	"rip not canonical", "rsp not canonical", "all flags", "IOPL 3", "interrupts off",
	"bad FPU pointer", "no FPU state", "bad FPU size", "FPU state in the kernel" };

static enum change change;

static void forge(int number, siginfo_t *info, void *context)
{
	ucontext_t *user = context;
	greg_t *registers = user->uc_mcontext.gregs;
	uint8_t *fpu = (uint8_t *)user->uc_mcontext.fpregs;
	(void)number;
	(void)info;
	switch (change) {
	case SELECTOR_KERNEL: registers[REG_CSGSFS] = (registers[REG_CSGSFS] & ~0xffffL) | 0x10; break;
	case SELECTOR_NULL: registers[REG_CSGSFS] &= ~0xffffL; break;
	case SELECTOR_DATA: registers[REG_CSGSFS] = (registers[REG_CSGSFS] & ~0xffffL) | 0x2b; break;
	case SELECTOR_STACK: registers[REG_CSGSFS] = (registers[REG_CSGSFS] & 0xffffffffffffL) | 0x18L << 48; break;
	case RIP_KERNEL: registers[REG_RIP] = 0xffffffff81000000; break;
	case RIP_NOT_CANONICAL: registers[REG_RIP] = 0x800000000000; break;
	case RSP_NOT_CANONICAL: registers[REG_RSP] = 0x800000000000; break;
	case FLAGS_ALL: registers[REG_EFL] = 0xffffffffL & ~0x100L; break;
	case FLAGS_IOPL: registers[REG_EFL] |= 0x3000; break;
	case FLAGS_INTERRUPTS_OFF: registers[REG_EFL] &= ~0x200L; break;
	case FPU_BAD_POINTER: user->uc_mcontext.fpregs = (void *)12345; break;
	case FPU_NULL: user->uc_mcontext.fpregs = NULL; break;
	case FPU_BAD_SIZE: *(uint32_t *)(fpu + 464 + 4) = 0xffffffff; break;
	case FPU_KERNEL: user->uc_mcontext.fpregs = (void *)0xffffffff81000000; break;
	case CHANGES: break;
	}
}

static long flags(void)
{
	long value;
	__asm__ volatile("pushfq; popq %0" : "=r"(value));
	return value;
}

static void run(void)
{
	struct sigaction action = { .sa_sigaction = forge, .sa_flags = SA_SIGINFO };
	sigaction(SIGUSR1, &action, NULL);
	/* By the plain system call, so that no code of the libc runs in between. */
	long result, after;
	__asm__ volatile("syscall; pushfq; popq %1; pushq $0x202; popfq; cld"
			 : "=a"(result), "=r"(after) : "a"(SYS_kill), "D"(getpid()), "S"(SIGUSR1)
			 : "rcx", "r11", "memory", "cc");
	say("goes on: IOPL %ld, interrupts %ld, NT %ld, VM %ld", after >> 12 & 3, after >> 9 & 1,
	    after >> 14 & 1, after >> 17 & 1);
	flags();
}

static void returns_from_nowhere(void)
{
	/* rt_sigreturn without a signal uses the contents of the stack as the frame. */
	static char zeroes[4096];
	__asm__ volatile("mov %0, %%rsp; mov $15, %%eax; syscall" : : "r"(zeroes + 1024) : "memory");
}

static void returns_from_bad_stack(void)
{
	__asm__ volatile("mov $4096, %%esp; mov $15, %%eax; syscall" : : : "memory");
}

int main(void)
{
	for (change = 0; change < CHANGES; change++)
		in_child(names[change], run);
	in_child("sigreturn of zeroes", returns_from_nowhere);
	in_child("sigreturn from a bad stack", returns_from_bad_stack);
	return 0;
}
