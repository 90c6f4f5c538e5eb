/* mmap of anonymous memory: errors, zeros, private and shared memory. */
#include "show.h"

static char *shared, *private;

static void child(void)
{
	FACT(shared[0] == 's' && private[0] == 'p');
	shared[1] = 'S';
	private[1] = 'P';
}

int main(void)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS, both = PROT_READ | PROT_WRITE;
	char *place = mmap(NULL, 3 * PAGE, both, flags, -1, 0);
	FACT(place != MAP_FAILED && (uintptr_t)place % PAGE == 0);
	long sum = 0;
	for (long i = 0; i < 3 * PAGE; i++)
		sum += place[i];
	SHOW(sum);
	CALL(munmap(place, 1));
	CALL(munmap(place, PAGE));
	CALL(munmap(place + 1, PAGE));
	CALL(munmap(place, 0));
	CALL(munmap((void *)(1UL << 47), PAGE));
	CALL(munmap(place + 2 * PAGE, PAGE));
	CALL(mmap(NULL, 0, both, flags, -1, 0));
	CALL(mmap(NULL, PAGE, both, MAP_ANONYMOUS, -1, 0));
	DONE(mmap(NULL, PAGE, both, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	/* The offset of anonymous memory is ignored, but it has to be a multiple of the page
	 * size. */
	CALL(syscall(SYS_mmap, 0, PAGE, both, flags, -1, 1));
	DONE(syscall(SYS_mmap, 0, PAGE, both, flags, -1, PAGE));
	DONE(syscall(SYS_mmap, 0, PAGE, both, flags, 99, 0));
	CALL(mmap(NULL, 1UL << 47, both, flags | MAP_NORESERVE, -1, 0));
	CALL(syscall(SYS_mmap, 0, -1L, both, flags, -1, 0));
	DONE(syscall(SYS_mmap, 0, PAGE, 0xf0000000 | PROT_READ, flags, -1, 0));
	/* A hint is rounded, and may be ignored. */
	char *hint = mmap((void *)0x10000123, PAGE, both, flags, -1, 0);
	FACT(hint == (void *)0x10000000);
	char *again = mmap(hint, PAGE, both, flags, -1, 0);
	FACT(again != hint && again != MAP_FAILED);
	CALL(mmap((void *)0x1000, PAGE, both, flags, -1, 0) != (void *)0x1000);
	FACT(place + PAGE != MAP_FAILED);

	shared = mmap(NULL, PAGE, both, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	private = mmap(NULL, PAGE, both, flags, -1, 0);
	shared[0] = 's';
	private[0] = 'p';
	in_child("child", child);
	FACT(shared[1] == 'S');
	FACT(private[1] == 0);
	return 0;
}
