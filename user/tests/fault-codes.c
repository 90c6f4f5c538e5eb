/* CPU faults as signals: number, code, address. */
#include "show.h"

#include <setjmp.h>
#include <ucontext.h>

static sigjmp_buf out;
static siginfo_t got;
static long trap, error;

static void on_fault(int number, siginfo_t *info, void *context)
{
	ucontext_t *user = context;
	got = *info;
	trap = user->uc_mcontext.gregs[REG_TRAPNO];
	error = user->uc_mcontext.gregs[REG_ERR];
	siglongjmp(out, number);
}

static void show(const char *what, int number, int has_address)
{
	say("%s: %s, code %d, trap %ld, error %ld%s", what, signal_name(number), got.si_code, trap, error,
	    !has_address ? "" : got.si_addr ? ", an address" : ", no address");
}

#define TRY(what, has_address, ...) do { \
	int number = sigsetjmp(out, 1); \
	if (number) \
		show(what, number, has_address); \
	else { \
		__VA_ARGS__; \
		say("%s: nothing", what); \
	} \
} while (0)

int main(void)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	int numbers[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
	for (size_t i = 0; i < COUNT(numbers); i++)
		sigaction(numbers[i], &action, NULL);
	volatile int zero = 0, one = 1;
	(void)one;
	TRY("division", 1, __asm__ volatile("idivl %1" : : "a"(1), "m"(zero), "d"(0) : "cc"));
	TRY("overflow of a division", 1, __asm__ volatile("idivl %1" : : "a"(0), "m"(one), "d"(1 << 30) : "cc"));
	TRY("ud2", 1, __asm__ volatile("ud2"));
	TRY("int3", 1, __asm__ volatile("int3"));
	TRY("single step", 1, __asm__ volatile("pushfq; orl $0x100, (%%rsp); popfq; nop" : : : "cc", "memory"));
	TRY("hlt", 1, __asm__ volatile("hlt"));
	TRY("cli", 1, __asm__ volatile("cli"));
	TRY("in", 1, __asm__ volatile("inb $0x80, %%al" : : : "rax"));
	TRY("rdmsr", 1, __asm__ volatile("rdmsr" : : "c"(0xc0000080) : "rax", "rdx"));
	TRY("wrmsr", 1, __asm__ volatile("wrmsr" : : "c"(0xc0000080), "a"(0), "d"(0)));
	TRY("mov to cr3", 1, __asm__ volatile("mov %0, %%cr3" : : "r"(0L)));
	TRY("lgdt", 1, __asm__ volatile("lgdt (%%rsp)" : : : "memory"));
	TRY("int 0x81", 1, __asm__ volatile("int $0x81"));
	TRY("int 14", 1, __asm__ volatile("int $14"));
	TRY("load of a bad segment", 1, __asm__ volatile("mov %0, %%es" : : "r"(0x50)));
	TRY("not canonical", 1, (void)*(volatile char *)0x8000000000000000);
	TRY("write not canonical", 1, *(volatile char *)0x8000000000000000 = 1);
	TRY("null", 1, (void)*(volatile char *)NULL);
	TRY("write to null page", 1, *(volatile char *)16 = 1);
	TRY("kernel", 1, (void)*(volatile char *)0xffffffff80000000);
	TRY("jump to kernel", 1, ((void (*)(void))0xffffffff81000000)());
	TRY("jump to null", 1, ((void (*)(void))NULL)());
	return 0;
}
