/* New pages contain no data of other processes. */
#include "show.h"

static void fill(void)
{
	char *pages = new_pages(2000, PROT_READ | PROT_WRITE);
	memset(pages, 0xa5, 2000 * PAGE);
	char stack[100000];
	memset(stack, 0xa5, sizeof(stack));
	__asm__ volatile("" : : "r"(stack) : "memory");
}

static long dirty(const char *place, long bytes)
{
	long count = 0;
	for (long i = 0; i < bytes; i++)
		count += place[i] != 0;
	return count;
}

static void check(void)
{
	char *pages = new_pages(2000, PROT_READ | PROT_WRITE);
	SHOW(dirty(pages, 2000 * PAGE));
	char *begin = sbrk(400000);
	SHOW(dirty(begin, 400000));
	volatile char here;
	SHOW(dirty((char *)(((uintptr_t)&here & -PAGE) - 400000), 300000));
	int fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0644);
	ftruncate(fd, 100 * PAGE);
	char *map = mmap(NULL, 100 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	SHOW(dirty(map, 100 * PAGE));
	pwrite(fd, "x", 1, 50 * PAGE + 7);
	SHOW(dirty(map, 100 * PAGE));
	munmap(map, 100 * PAGE);
	unlink("file");
}

int main(void)
{
	for (int i = 0; i < 3; i++) {
		in_child("fill", fill);
		in_child("check", check);
	}
	return 0;
}
