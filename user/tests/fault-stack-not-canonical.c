/* A stack pointer and a jump target that aren't canonical only cause SIGSEGV or SIGBUS. */
#include "show.h"

static void jumps(void)
{
	__asm__ volatile("jmp *%0" : : "r"(0x8000000000000000));
}

static void pushes(void)
{
	__asm__ volatile("mov %0, %%rsp; push %%rax" : : "r"(0x8000000000000000) : "memory");
}

static void calls_with_bad_stack(void)
{
	__asm__ volatile("mov %0, %%rsp; mov $39, %%eax; syscall; mov %%rax, %%rdi; "
			 "xor %%edi, %%edi; mov $231, %%eax; syscall"
			 : : "r"(0x8000000000000000) : "memory");
}

static void kernel_stack(void)
{
	__asm__ volatile("mov %0, %%rsp; push %%rax" : : "r"(0xffffffffffffff00) : "memory");
}

static void null_stack(void)
{
	__asm__ volatile("xor %%esp, %%esp; ud2" : : : "memory");
}

static void spins_without_stack(void)
{
	/* Timer interrupts arrive while the stack pointer is bad. */
	__asm__ volatile("mov %0, %%rsp; mov $50000000, %%ecx; 1: loop 1b; mov $7, %%edi; "
			 "mov $231, %%eax; syscall" : : "r"(0xffff888000000000) : "memory");
}

int main(void)
{
	in_child("jump", jumps);
	in_child("push", pushes);
	in_child("calls", calls_with_bad_stack);
	in_child("stack in the kernel", kernel_stack);
	in_child("no stack", null_stack);
	in_child("interrupts", spins_without_stack);
	return 0;
}
