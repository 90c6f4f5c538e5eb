/* The trap flag during a call: the program receives the trap, after the call. */
#include "show.h"

static volatile int traps;

static void note(int number)
{
	(void)number;
	traps++;
}

static void without_handler(void)
{
	__asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq; mov $39, %%eax; syscall; nop"
			 : : : "rax", "rcx", "r11", "memory", "cc");
}

int main(void)
{
	long result;
	handle(SIGTRAP, note, 0);
	__asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq; mov $39, %%eax; syscall; nop; nop;"
			 "pushfq; andq $~0x100, (%%rsp); popfq" : "=a"(result) : : "rcx", "r11", "memory", "cc");
	FACT(traps >= 4 && traps <= 8);
	FACT(result == getpid());
	signal(SIGTRAP, SIG_DFL);
	in_child("without handler", without_handler);
	return 0;
}
