/* mremap. */
#include "show.h"

int main(void)
{
	int both = PROT_READ | PROT_WRITE;
	char *old = new_pages(4, both);
	for (int i = 0; i < 4; i++)
		old[i * PAGE] = 'a' + i;
	/* Smaller, in place. */
	FACT(mremap(old, 4 * PAGE, 3 * PAGE, 0) == old);
	/* Larger, while the next page is free. */
	FACT(mremap(old, 3 * PAGE, 4 * PAGE, 0) == old);
	SHOW(old[3 * PAGE]);
	/* Larger, with a neighbour. */
	char *block = new_pages(8, both);
	block[0] = 'b';
	munmap(block + 2 * PAGE, PAGE);
	CALL(mremap(block, 2 * PAGE, 4 * PAGE, 0));
	FACT(mremap(block, 2 * PAGE, 3 * PAGE, 0) == block);
	char *moved = mremap(block, 3 * PAGE, 6 * PAGE, MREMAP_MAYMOVE);
	FACT(moved != MAP_FAILED && moved != block);
	SHOW(moved[0]);
	SHOW(moved[5 * PAGE]);
	CALL(msync(block, PAGE, MS_ASYNC));
	/* A move to a given address. */
	char *target = new_pages(4, both);
	target[0] = 't';
	moved[PAGE] = 'm';
	FACT(mremap(moved, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target) == target);
	say("%c%c", target[0], target[PAGE]);
	CALL(mremap(target, PAGE, PAGE, MREMAP_FIXED, old));
	CALL(mremap(target, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target + PAGE));
	CALL(mremap(target, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, old + 1));
	CALL(mremap(target + 1, PAGE, PAGE, 0));
	CALL(mremap(target, PAGE, 0, 0));
	CALL(mremap(target, PAGE, PAGE, 0x100));
	munmap(target, 4 * PAGE);
	CALL(mremap(target, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
	/* A range of two mappings. */
	char *two = new_pages(2, both);
	mprotect(two + PAGE, PAGE, PROT_READ);
	CALL(mremap(two, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE));
	/* An old size of 0 duplicates a shared mapping. */
	char *shared = new_shared(PAGE);
	char *twin = mremap(shared, 0, PAGE, MREMAP_MAYMOVE);
	FACT(twin != MAP_FAILED && twin != shared);
	shared[5] = 'x';
	SHOW(twin[5]);
	CALL(mremap(old, 0, PAGE, MREMAP_MAYMOVE));
	/* The old pages stay mapped, and are empty. */
	old[0] = 'k';
	char *kept = mremap(old, PAGE, PAGE, MREMAP_MAYMOVE | 4);
	FACT(kept != MAP_FAILED && kept != old);
	SHOW(kept[0]);
	SHOW(old[0]);
	CALL(mremap(old, PAGE, 1UL << 47, MREMAP_MAYMOVE));
	return 0;
}
