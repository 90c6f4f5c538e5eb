/* Memory in pages of 2 MiB: parts of it are unmapped, protected, moved, discarded and copied after
 * fork; all other parts keep their bytes. */
#include "show.h"

#define HUGE (2L << 20)
#define BLOCKS 4

/* Surrounded by pages without access, so that they are in a separate region. */
static unsigned char *new_blocks(void)
{
	char *all = mmap(NULL, (BLOCKS + 2) * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *first = (char *)(((long)all + HUGE) & ~(HUGE - 1));
	mprotect(first, BLOCKS * HUGE, PROT_READ | PROT_WRITE);
	return (unsigned char *)first;
}

static int resident(unsigned char *start, long bytes)
{
	unsigned char is_there[BLOCKS * HUGE / PAGE];
	int count = 0;
	mincore(start, bytes, is_there);
	for (long page = 0; page < bytes / PAGE; page++)
		count += is_there[page] & 1;
	return count;
}

/* Writes its number to the first bytes of each page of the blocks. */
static void fill(unsigned char *blocks)
{
	for (long page = 0; page < BLOCKS * HUGE / PAGE; page++)
		*(unsigned int *)(blocks + page * PAGE) = page + 1;
}

static int wrong(unsigned char *blocks, long first, long end, unsigned add)
{
	int count = 0;
	for (long page = first; page < end; page++)
		count += *(unsigned int *)(blocks + page * PAGE) != page + 1 + add;
	return count;
}

static void one_touch(void)
{
	unsigned char *blocks = new_blocks();
	blocks[HUGE + 5] = 1;
	SHOW(resident(blocks, HUGE));
	SHOW(blocks[HUGE] + blocks[HUGE + 5] + blocks[2 * HUGE - 1]);
	SHOW(madvise(blocks + 2 * HUGE, HUGE, MADV_NOHUGEPAGE));
	blocks[2 * HUGE] = 1;
	SHOW(resident(blocks + 2 * HUGE, HUGE));
}

static void parts(void)
{
	unsigned char *blocks = new_blocks();
	fill(blocks);
	SHOW(munmap(blocks + 100 * PAGE, 3 * PAGE));
	SHOW(wrong(blocks, 0, 100, 0) + wrong(blocks, 103, 2048, 0));
	SHOW(mprotect(blocks + HUGE + 7 * PAGE, PAGE, PROT_READ));
	SHOW(wrong(blocks, 512, 2048, 0));
	SHOW(read(open("/dev/zero", O_RDONLY), blocks + HUGE + 7 * PAGE, 1));
	SHOW(read(open("/dev/zero", O_RDONLY), blocks + HUGE + 8 * PAGE + 4, 1));
	SHOW(madvise(blocks + 2 * HUGE + 9 * PAGE, PAGE, MADV_DONTNEED));
	SHOW(*(unsigned int *)(blocks + 2 * HUGE + 9 * PAGE));
	SHOW(wrong(blocks, 1024, 1033, 0) + wrong(blocks, 1034, 2048, 0));
	SHOW(resident(blocks + 2 * HUGE, HUGE));
}

static void moved(void)
{
	unsigned char *blocks = new_blocks(), *target = new_blocks();
	fill(blocks);
	int flags = MREMAP_MAYMOVE | MREMAP_FIXED;
	SHOW(mremap(blocks, HUGE, HUGE, flags, target) == target);
	SHOW(wrong(target, 0, 512, 0));
	SHOW(mremap(blocks + HUGE, HUGE, HUGE, flags, target + HUGE + PAGE) == target + HUGE + PAGE);
	SHOW(wrong(target + HUGE + PAGE, 0, 512, 512));
	SHOW(mremap(blocks + 2 * HUGE + PAGE, 5 * PAGE, 2 * PAGE, 0) == blocks + 2 * HUGE + PAGE);
	SHOW(wrong(blocks, 1024, 1027, 0) + wrong(blocks, 1030, 2048, 0));
}

static unsigned char *shared;

static void child(void)
{
	int count = wrong(shared, 0, 2048, 0);
	*(unsigned int *)(shared + 3 * PAGE) = 99;
	munmap(shared + HUGE, PAGE);
	*(unsigned int *)(shared + 2 * HUGE) = 98;
	_exit(count + wrong(shared, 4, 512, 0) + wrong(shared, 513, 1024, 0));
}

static void copied(void)
{
	int status;
	shared = new_blocks();
	fill(shared);
	pid_t pid = start(child);
	*(unsigned int *)(shared + 600 * PAGE) = 601;
	waitpid(pid, &status, 0);
	SHOW(WEXITSTATUS(status));
	SHOW(wrong(shared, 0, 2048, 0));
	for (long page = 0; page < 2048; page++)
		*(unsigned int *)(shared + page * PAGE) += 7;
	SHOW(wrong(shared, 0, 2048, 7));
}

int main(void)
{
	one_touch();
	parts();
	moved();
	copied();
	return 0;
}
