/* A call changes rax, rcx and r11, and no other register; those of a new program are zero. */
#include "show.h"

static int all_kept(long number, long first)
{
	long results[12];
	register long r10 __asm__("r10") = 0x10, r8 __asm__("r8") = 0x8, r9 __asm__("r9") = 0x9;
	register long r12 __asm__("r12") = 0x12, r13 __asm__("r13") = 0x13, r14 __asm__("r14") = 0x14;
	register long r15 __asm__("r15") = 0x15;
	long rax = number, rdi = first, rsi = 0, rdx = 0x22, rbx = 0x33;
	__asm__ volatile("syscall" : "+a"(rax), "+D"(rdi), "+S"(rsi), "+d"(rdx), "+b"(rbx), "+r"(r10), "+r"(r8),
			 "+r"(r9), "+r"(r12), "+r"(r13), "+r"(r14), "+r"(r15) : : "rcx", "r11", "memory");
	(void)results;
	return rdi == first && rsi == 0 && rdx == 0x22 && rbx == 0x33 && r10 == 0x10 && r8 == 8 && r9 == 9 &&
		r12 == 0x12 && r13 == 0x13 && r14 == 0x14 && r15 == 0x15;
}

int main(void)
{
	struct timespec pause = { 0, 1000000 };
	FACT(all_kept(SYS_getpid, 0));
	FACT(all_kept(9999, 0));
	FACT(all_kept(SYS_close, 99));
	FACT(all_kept(SYS_nanosleep, (long)&pause));
	FACT(all_kept(SYS_sched_yield, 0));
	/* rcx and r11 have the program's address and flags, not values of the kernel. */
	unsigned long rcx, r11, rax;
	__asm__ volatile("syscall; 1: lea 1b(%%rip), %%rdx; sub %%rcx, %%rdx; mov %%rdx, %%rcx"
			 : "=a"(rax), "=c"(rcx) : "a"(SYS_getpid) : "r11", "rdx", "memory");
	SHOW(rcx);
	__asm__ volatile("syscall; mov %%r11, %1" : "=a"(rax), "=r"(r11) : "a"(SYS_getpid) : "rcx", "r11", "memory");
	FACT((r11 & ~0xcd5UL) == 0x202);
	/* The direction flag and other flags of the program. */
	unsigned long flags;
	__asm__ volatile("std; syscall; pushfq; popq %1; cld" : "=a"(rax), "=r"(flags) : "a"(SYS_getpid)
			 : "rcx", "r11", "memory");
	SHOW(flags >> 10 & 1);
	__asm__ volatile("pushfq; orq $0x40000, (%%rsp); popfq; syscall; pushfq; popq %1;"
			 "pushfq; andq $~0x40000, (%%rsp); popfq" : "=a"(rax), "=r"(flags) : "a"(SYS_getpid)
			 : "rcx", "r11", "memory");
	SHOW(flags >> 18 & 1);
	__asm__ volatile("pushfq; orq $0x4000, (%%rsp); popfq; syscall; pushfq; popq %1;"
			 "pushfq; andq $~0x4000, (%%rsp); popfq" : "=a"(rax), "=r"(flags) : "a"(SYS_getpid)
			 : "rcx", "r11", "memory");
	SHOW(flags >> 14 & 1);
	/* The data segments. */
	unsigned short ds = 9, es = 9, fs = 9, gs = 9, cs = 9, ss = 9;
	__asm__ volatile("mov %%ds, %0; mov %%es, %1; mov %%fs, %2; mov %%gs, %3; mov %%cs, %4; mov %%ss, %5"
			 : "=r"(ds), "=r"(es), "=r"(fs), "=r"(gs), "=r"(cs), "=r"(ss));
	say("ds %x es %x fs %x gs %x cs %x ss %x", ds, es, fs, gs, cs, ss);
	return 0;
}
