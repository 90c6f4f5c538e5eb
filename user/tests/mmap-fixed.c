/* MAP_FIXED and MAP_FIXED_NOREPLACE. */
#include "show.h"

int main(void)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS, both = PROT_READ | PROT_WRITE;
	char *place = new_pages(6, both);
	memset(place, 'o', 6 * PAGE);
	CALL(mmap(place + 2 * PAGE, PAGE, both, flags | MAP_FIXED, -1, 0) == place + 2 * PAGE);
	say("%d %d %d", place[2 * PAGE - 1], place[2 * PAGE], place[3 * PAGE]);
	CALL(mmap(place + 1, PAGE, both, flags | MAP_FIXED, -1, 0));
	CALL(mmap(place + PAGE, PAGE, both, flags | MAP_FIXED_NOREPLACE, -1, 0));
	CALL(mmap(place + 5 * PAGE, 4 * PAGE, both, flags | MAP_FIXED_NOREPLACE, -1, 0));
	munmap(place + 3 * PAGE, PAGE);
	CALL(mmap(place + 3 * PAGE, PAGE, both, flags | MAP_FIXED_NOREPLACE, -1, 0) == place + 3 * PAGE);
	SHOW(place[3 * PAGE]);
	CALL(mmap(place + 2 * PAGE, 2 * PAGE, both, flags | MAP_FIXED_NOREPLACE, -1, 0));
	/* Addresses that programs can't have. */
	CALL(mmap((void *)(1UL << 47), PAGE, both, flags | MAP_FIXED, -1, 0));
	CALL(mmap((void *)((1UL << 47) - PAGE), PAGE, both, flags | MAP_FIXED, -1, 0));
	CALL(mmap((void *)0xffff800000000000, PAGE, both, flags | MAP_FIXED, -1, 0));
	CALL(mmap((void *)0xfffffffffffff000, PAGE, both, flags | MAP_FIXED, -1, 0));
	/* A failed call doesn't change earlier mappings. */
	SHOW(place[0]);
	/* Without a capability, page 0 can't be mapped. */
	DONE(setuid(65534));
	CALL(mmap(NULL, PAGE, both, flags | MAP_FIXED, -1, 0));
	return 0;
}
