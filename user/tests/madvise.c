/* madvise, msync and mincore. */
#include "show.h"

int main(void)
{
	unsigned char resident[8];
	char *pages = new_pages(4, PROT_READ | PROT_WRITE);
	CALL(mincore(pages, 4 * PAGE, resident));
	say("%d%d%d%d", resident[0] & 1, resident[1] & 1, resident[2] & 1, resident[3] & 1);
	pages[PAGE] = 1;
	pages[2 * PAGE] = 2;
	mincore(pages, 4 * PAGE, resident);
	say("%d%d%d%d", resident[0] & 1, resident[1] & 1, resident[2] & 1, resident[3] & 1);
	CALL(madvise(pages + PAGE, PAGE, MADV_DONTNEED));
	mincore(pages, 4 * PAGE, resident);
	say("%d%d%d%d", resident[0] & 1, resident[1] & 1, resident[2] & 1, resident[3] & 1);
	SHOW(pages[PAGE]);
	SHOW(pages[2 * PAGE]);
	for (int advice = 0; advice < 5; advice++)
		CALL(madvise(pages, 4 * PAGE, advice));
	CALL(madvise(pages, 4 * PAGE, 99));
	CALL(madvise(pages + 1, PAGE, MADV_NORMAL));
	CALL(madvise(pages, 0, MADV_NORMAL));
	CALL(madvise(pages, -PAGE, MADV_NORMAL));
	CALL(mincore(pages + 1, PAGE, resident));
	CALL(mincore(pages, PAGE, (void *)8));
	pages[0] = 5;
	munmap(pages + PAGE, PAGE);
	CALL(madvise(pages, 3 * PAGE, MADV_DONTNEED));
	SHOW(pages[0]);
	SHOW(pages[2 * PAGE]);
	CALL(mincore(pages, 3 * PAGE, resident));
	CALL(msync(pages, PAGE, MS_SYNC));
	CALL(msync(pages, PAGE, MS_ASYNC | MS_INVALIDATE));
	CALL(msync(pages, PAGE, MS_SYNC | MS_ASYNC));
	CALL(msync(pages, PAGE, 0x80));
	CALL(msync(pages + 1, PAGE, MS_SYNC));
	CALL(msync(pages, 3 * PAGE, MS_SYNC));
	CALL(msync(pages, 0, MS_SYNC));
	/* A discarded private page of a file has the file's contents again. */
	int fd = open("file", O_RDWR | O_CREAT, 0644);
	write(fd, "file", 4);
	char *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	map[0] = 'm';
	CALL(madvise(map, PAGE, MADV_DONTNEED));
	say("%.4s", map);
	char *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	shared[0] = 's';
	CALL(madvise(shared, PAGE, MADV_DONTNEED));
	say("%.4s", shared);
	CALL(msync(shared, PAGE, MS_SYNC));
	CALL(mlock(pages, PAGE));
	CALL(madvise(pages, PAGE, MADV_DONTNEED));
	CALL(munlock(pages, PAGE));
	return 0;
}
