/* mlock and related calls: limits, holes, residence, children. */
#include "show.h"

#include <sys/resource.h>

#define ONFAULT 1
#define DONTNEED_LOCKED 24

static int both = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS;

static void show_resident(const char *pages)
{
	unsigned char resident[4];
	mincore((void *)pages, 4 * PAGE, resident);
	say("%d%d%d%d", resident[0] & 1, resident[1] & 1, resident[2] & 1, resident[3] & 1);
}

static void limited(void)
{
	struct rlimit limit = { 4 * PAGE, 4 * PAGE };
	setrlimit(RLIMIT_MEMLOCK, &limit);
	setuid(4242);
	char *pages = new_pages(8, both);
	CALL(mlock(pages, 5 * PAGE));
	CALL(mlock(pages, 4 * PAGE));
	CALL(mlock(pages + PAGE, 2 * PAGE));
	CALL(mlock(pages + 4 * PAGE, PAGE));
	CALL(mmap(NULL, PAGE, both, flags | MAP_LOCKED, -1, 0));
	CALL(munlock(pages, PAGE));
	CALL(mlock(pages + 4 * PAGE + 7, 1));
	CALL(mlockall(MCL_CURRENT));
	CALL(mlockall(MCL_FUTURE));
	CALL(mmap(NULL, PAGE, both, flags, -1, 0));
	CALL(munlockall());
	DONE(mmap(NULL, PAGE, both, flags, -1, 0));
	limit = (struct rlimit) { 0, 0 };
	setrlimit(RLIMIT_MEMLOCK, &limit);
	CALL(mlock(pages, PAGE));
	CALL(mlockall(MCL_CURRENT));
	CALL(munlock(pages, PAGE));
	CALL(mmap(NULL, PAGE, both, flags | MAP_LOCKED, -1, 0));
}

static char *shared_with_child;

static void child(void)
{
	CALL(madvise(shared_with_child, PAGE, MADV_DONTNEED));
}

int main(void)
{
	char *pages = new_pages(4, both);
	CALL(mlock(pages + PAGE, 2 * PAGE));
	show_resident(pages);
	CALL(madvise(pages, 4 * PAGE, MADV_DONTNEED));
	CALL(madvise(pages + PAGE, PAGE, MADV_FREE));
	CALL(madvise(pages + PAGE, PAGE, DONTNEED_LOCKED));
	show_resident(pages);
	CALL(mlock(pages, 0));
	CALL(mlock(pages + 1, 0));
	CALL(mlock((void *)-PAGE, 2 * PAGE));
	CALL(mlock((void *)(1UL << 46), PAGE));
	CALL(syscall(SYS_mlock2, pages, PAGE, 2));
	CALL(munlock(pages, 4 * PAGE));
	CALL(madvise(pages, 4 * PAGE, MADV_DONTNEED));
	show_resident(pages);
	CALL(syscall(SYS_mlock2, pages, 4 * PAGE, ONFAULT));
	show_resident(pages);
	pages[2 * PAGE] = 1;
	show_resident(pages);
	munmap(pages + 2 * PAGE, PAGE);
	CALL(mlock(pages, 4 * PAGE));
	CALL(munlock(pages, 4 * PAGE));
	char *none = new_pages(1, PROT_NONE);
	CALL(mlock(none, PAGE));
	char *locked = mmap(NULL, 4 * PAGE, both, flags | MAP_LOCKED, -1, 0);
	show_resident(locked);
	shared_with_child = locked;
	in_child("child", child);
	CALL(mlockall(0));
	CALL(mlockall(MCL_ONFAULT));
	CALL(mlockall(8));
	CALL(mlockall(MCL_FUTURE));
	locked = mmap(NULL, 4 * PAGE, both, flags, -1, 0);
	show_resident(locked);
	CALL(mlockall(MCL_CURRENT | MCL_ONFAULT));
	locked = mmap(NULL, 4 * PAGE, both, flags, -1, 0);
	show_resident(locked);
	CALL(munlockall());
	CALL(madvise(locked, 4 * PAGE, MADV_DONTNEED));
	in_child("limited", limited);
	return 0;
}
