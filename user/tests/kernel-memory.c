/* Reads, writes and jumps everywhere in the kernel's half only cause signals, and change
 * nothing. */
#include "show.h"

#include <setjmp.h>

static sigjmp_buf out;

static void leave(int number)
{
	siglongjmp(out, number);
}

int main(void)
{
	/* Volatile, so that the jump out of the handler keeps the counts. */
	static volatile int reads, writes, jumps, others, number;
	static unsigned long address;
	handle(SIGSEGV, leave, SA_NODEFER);
	handle(SIGBUS, leave, SA_NODEFER);
	/* One address in each 512 GiB, and the ends. */
	for (address = 0xffff800000000000; address >= 0xffff800000000000; address += 1UL << 39) {
		number = sigsetjmp(out, 1);
		if (number == 0) {
			(void)*(volatile char *)address;
			others++;
		} else {
			reads += number == SIGSEGV;
		}
		number = sigsetjmp(out, 1);
		if (number == 0) {
			*(volatile char *)address = 1;
			others++;
		} else {
			writes += number == SIGSEGV;
		}
		number = sigsetjmp(out, 1);
		if (number == 0) {
			((void (*)(void))address)();
			others++;
		} else {
			jumps += number == SIGSEGV;
		}
	}
	say("%d reads, %d writes, %d jumps, %d others", reads, writes, jumps, others);
	int ends[2];
	pipe(ends);
	int faults = 0, more = 0;
	for (address = 0xffff800000000000; address >= 0xffff800000000000; address += 1UL << 39) {
		if (write(ends[1], (void *)address, 1) < 0 && errno == EFAULT)
			faults++;
		else
			more++;
	}
	say("%d EFAULT, %d others", faults, more);
	/* Wrapping lengths. */
	CALL(write(ends[1], (void *)0xfffffffffffffff0, 0x20));
	CALL(write(ends[1], (void *)0x7ffffffff000, 0x2000));
	CALL(syscall(SYS_read, ends[0], 0x1000, -1L));
	return 0;
}
