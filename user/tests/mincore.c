/* mincore: pages that are in memory, mapped or not. */
#include "show.h"

static void show_resident(const char *what, const char *pages)
{
	unsigned char resident[4];
	if (mincore((void *)pages, 4 * PAGE, resident) < 0)
		say("%s: %s", what, error_name(errno));
	else
		say("%s: %d%d%d%d", what, resident[0] & 1, resident[1] & 1, resident[2] & 1, resident[3] & 1);
}

int main(void)
{
	int both = PROT_READ | PROT_WRITE;
	int fd = open("file", O_RDWR | O_CREAT, 0644);
	ftruncate(fd, 3 * PAGE);
	pwrite(fd, "x", 1, 0);
	pwrite(fd, "x", 1, 2 * PAGE);
	char *shared = mmap(NULL, 4 * PAGE, both, MAP_SHARED, fd, 0);
	char *private = mmap(NULL, 4 * PAGE, both, MAP_PRIVATE, fd, 0);
	show_resident("shared", shared);
	show_resident("private", private);
	private[PAGE] = 1;
	show_resident("private, written", private);
	show_resident("shared", shared);
	shared[PAGE] = 1;
	show_resident("shared, written", shared);
	ftruncate(fd, PAGE);
	show_resident("shared, cut", shared);
	show_resident("private, cut", private);
	char *memory = mmap(NULL, 4 * PAGE, both, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memory[0] = 1;
	memory[3 * PAGE] = 1;
	show_resident("anonymous, shared", memory);
	madvise(memory, 4 * PAGE, MADV_DONTNEED);
	show_resident("anonymous, shared, unmapped", memory);
	munmap(memory + PAGE, PAGE);
	show_resident("with a hole", memory);
	return 0;
}
